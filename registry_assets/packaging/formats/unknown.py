"""What is said of a file that no format recognises: what it is, and how to save it instead."""

from registry_assets.errors import PackagingRefused

_HOW = {
    "xgboost": 'XGBoost: model.save_model("estimator.ubj")',
    "lightgbm": 'LightGBM: model.booster_.save_model("estimator.lightgbm.txt")',
    "catboost": 'CatBoost: model.save_model("estimator.cbm")',
    "torch": 'PyTorch: safetensors.torch.save_file(module.state_dict(), "estimator.safetensors")',
    "sklearn": 'scikit-learn: skops.io.dump(model, "estimator.skops")',
}
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
# What joblib and others compress a pickle with.
_COMPRESSED = (
    b"x\x01",
    b"x\x9c",
    b"x\xda",
    b"x^",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x04\x22M\x18",
)
_LOOKED_AT = 1 << 20


def why_unknown(data: bytes) -> PackagingRefused:
    """Say what a file seems to be, and how its framework saves one that can be taken."""
    begin = data[:_LOOKED_AT]
    if begin.startswith(_PICKLES):
        what = "is a pickle, which runs whatever code it names as it is read"
    elif begin.startswith(b"PK\x03\x04") and b"data.pkl" in begin:
        what = "is written by torch.save, which pickles"
    elif begin.startswith(_COMPRESSED):
        what = "is compressed, as joblib compresses pickles"
    elif begin.lstrip()[:1] == b"{" and b'"learner"' in begin:
        what = "is a model of XGBoost as JSON"
    elif not data:
        what = "is empty"
    else:
        what = "is of no format that is known here"
    named = [how for word, how in _HOW.items() if _mentions(begin, what, word)]
    return PackagingRefused(
        f"The estimator file {what}.",
        hint="Save it by its framework's own function. " + "; ".join(named or _HOW.values()) + ".",
    )


def _mentions(begin: bytes, what: str, word: str) -> bool:
    return word in what.lower() or word.encode() in begin.lower()
