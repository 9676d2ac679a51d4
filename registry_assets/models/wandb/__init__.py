"""A team at Weights & Biases brings its history here, and goes on working there: `make wandb`.

Their server cannot be installed: the story takes place at a double, and says so.
"""
