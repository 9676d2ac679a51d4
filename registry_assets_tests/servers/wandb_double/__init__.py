"""A double of Weights & Biases: it answers the client of W&B as its server was seen and read to.

    python -m registry_assets_tests.servers.wandb_double FOLDER --port PORT

Its server cannot be installed, and nobody here has asked the real one. So whatever is shown
against this one is shown of our code and of the real client, and not of their service. What it
keeps is in one folder, so that it can be killed and started again. `state` is what it keeps,
`answers` what it says, `__main__` the HTTP around both.
"""
