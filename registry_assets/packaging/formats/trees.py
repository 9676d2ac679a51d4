"""What makes the nodes of a stored tree a tree."""

import numpy as np

from registry_assets.packaging.formats.protocol import damaged


def check_children(
    left: np.ndarray,
    right: np.ndarray,
    parents: np.ndarray,
    nodes: int,
    *,
    what: str,
    where: str,
) -> None:
    """Refuse links out of a tree, into its root, or to one node twice.

    Whoever follows links that pass comes to no node twice: each has one parent, the root none.

    Args:
        left: the left children of the nodes `parents`, by number; `right` likewise.
        nodes: how many there are; the root is number 0.
        what: the format, as an error names it; `where` the tree.

    Raises:
        PackagingRefused: naming the tree.
    """
    children = np.concatenate([left, right]).astype(np.int64)
    if ((children <= 0) | (children >= nodes)).any():
        raise damaged(what, f"{where} has a link to a node that is not there, or to its root")
    if len(np.unique(children)) != len(children):
        raise damaged(what, f"{where} has two links to one node")
