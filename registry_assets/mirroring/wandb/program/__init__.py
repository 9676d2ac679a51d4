"""The process that the client of Weights & Biases runs in: one question a line, one answer a line.

    python -m registry_assets.mirroring.wandb.program QUESTIONS ANSWERS FOLDER

The first two are file descriptors; the folder is thrown away at the end. It ends where nobody can
ask any more. Only here is `wandb` imported; what is known of the catalog, and of what a version
is, stays outside.
"""
