"""Small modules of PyTorch as a team writes them, as the source of a project's modules."""

NET = '''
import torch


class Net(torch.nn.Module):
    def __init__(self, width, outputs=1, classes=None):
        super().__init__()
        self.arguments_ = {"width": width, "outputs": outputs, "classes": classes}
        if classes is not None:
            self.classes_ = classes
        self.scale = torch.nn.BatchNorm1d(5)
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(5, width), torch.nn.ReLU(), torch.nn.Linear(width, outputs)
        )

    def forward(self, features):
        return self.layers(self.scale(torch.nan_to_num(features)))


def fitted(features, target, *, classes=None, outputs=1):
    """Learn in a few steps; everywhere the same."""
    torch.manual_seed(0)
    net = Net(8, outputs=outputs, classes=classes)
    x = torch.tensor(features.to_numpy(dtype="float32"))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    if classes is None:
        y, loss = torch.tensor(target.to_numpy(dtype="float32")), torch.nn.functional.mse_loss
    elif outputs == 1:
        y = torch.tensor((target == classes[1]).to_numpy(dtype="float32"))
        loss = torch.nn.functional.binary_cross_entropy_with_logits
    else:
        y = torch.tensor([classes.index(each) for each in target])
        loss = torch.nn.functional.cross_entropy
    for _ in range(60):
        optimizer.zero_grad()
        said = net(x)
        loss(said.squeeze(-1) if outputs == 1 else said, y).backward()
        optimizer.step()
    return net
'''
FEATURES = """
import pandas as pd


def make_features(birds: pd.DataFrame) -> pd.DataFrame:
    islands = {
        name: (birds["island"] == name).astype("float64")
        for name in ("Biscoe", "Dream", "Torgersen")
    }
    length, depth = birds["bill_length"] / 10.0 - 4.4, birds["bill_depth"] - 17.0
    return pd.DataFrame({"length": length, "depth": depth, **islands})
"""
TRAINING = {
    "heavy": """
from nest.net import fitted

def train(features, target, params):
    return fitted(features, target, classes=[False, True])
""",
    "size": """
from nest.net import fitted

def train(features, target, params):
    classes = sorted(target.unique())
    return fitted(features, target, classes=classes, outputs=len(classes))
""",
    "mass": """
from nest.net import fitted

def train(features, target, params):
    return fitted(features, target)
""",
}
