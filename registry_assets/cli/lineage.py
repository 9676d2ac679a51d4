"""What a version was made from, back to the data: read from manifests, drawn as a tree."""

from dataclasses import dataclass

from rich.text import Text
from rich.tree import Tree

from registry_assets.cli.answers import VersionAnswer
from registry_assets.cli.styles import joined, stage_text
from registry_assets.cli.text import plural, short, visible
from registry_assets.manifest import Manifest, Parent
from registry_assets.registry import Registry

BASELINE = "baseline"
VERSION = "version"
HOLDOUT = "holdout"


@dataclass(frozen=True, slots=True)
class Node:
    """One manifest: what it is called, how much it holds, what it was made from."""

    digest: str
    kind: str
    name: str
    rows: int | None
    parents: tuple[Parent, ...]


@dataclass(frozen=True, slots=True)
class Lineage:
    """A version, its newest evaluation and all their ancestors, each manifest once.

    A baseline is named but not followed: it has a lineage of its own.
    """

    answer: VersionAnswer
    nodes: dict[str, Node]

    @property
    def version(self) -> Node:
        """The version's manifest."""
        return self.nodes[str(self.answer.version.digest)]

    @property
    def evaluation(self) -> Node | None:
        """The manifest of its newest evaluation."""
        found = self.answer.summary.evaluation
        return None if found is None else self.nodes[found.digest]


def read_lineage(registry: Registry, answer: VersionAnswer) -> Lineage:
    """Read the manifests of a committed version and of everything behind it.

    Raises:
        BlobMissing, BlobCorrupt: an ancestor cannot be read.
    """
    evaluation = answer.summary.evaluation
    pending = [str(answer.version.digest)]
    pending += [evaluation.digest] if evaluation else []
    nodes: dict[str, Node] = {}
    while pending:
        digest = pending.pop(0)
        if digest in nodes:
            continue
        node = _node(digest, registry.manifest(digest))
        nodes[digest] = node
        pending += [parent.digest for parent in node.parents if parent.role != BASELINE]
        for parent in node.parents:
            if parent.role == BASELINE and parent.digest not in nodes:
                baseline = _node(parent.digest, registry.manifest(parent.digest))
                nodes[parent.digest] = Node(baseline.digest, baseline.kind, baseline.name, None, ())
    return Lineage(answer, nodes)


def _node(digest: str, manifest: Manifest) -> Node:
    facts = manifest.facts
    rows = facts.get("rows")
    if "asset" in facts:
        partition = facts.get("partition")
        name = f"{facts['asset']}[{partition}]" if partition else str(facts["asset"])
    else:
        reference = f"{facts.get('model')}:{facts.get('version')}"
        name = reference if manifest.kind == "model" else f"{manifest.kind} of {reference}"
    return Node(
        digest, manifest.kind, name, rows if isinstance(rows, int) else None, manifest.parents
    )


def lineage_tree(lineage: Lineage) -> Tree:
    """Draw where a version comes from, and what it was judged on."""
    answer, version = lineage.answer, lineage.version
    tree = Tree(joined(_label(version, bold=True), stage_text(answer.stage)), guide_style="dim")
    trained = tree.add(Text("trained on", "bold"))
    for parent in version.parents:
        _grow(trained, parent, lineage)
    code = tree.add(Text("by the code of", "bold"))
    code.add(_code(answer))
    evaluation = lineage.evaluation
    if evaluation is None:
        tree.add(Text("not evaluated yet", "yellow"))
        return tree
    judged = tree.add(joined(Text("judged by", "bold"), _label(evaluation)))
    for parent in evaluation.parents:
        if parent.role == HOLDOUT:
            _grow(judged, parent, lineage, prefix="held out")
        elif parent.role != VERSION:
            judged.add(
                joined(Text(visible(parent.role), "dim"), _label(lineage.nodes[parent.digest]))
            )
    return tree


def _grow(tree: Tree, parent: Parent, lineage: Lineage, *, prefix: str = "") -> None:
    """Add a snapshot and, below it, what it was made from."""
    node = lineage.nodes[parent.digest]
    branch = tree.add(joined(Text(prefix, "dim"), _label(node)))
    for above in node.parents:
        _grow(branch, above, lineage)


def _label(node: Node, *, bold: bool = False) -> Text:
    rows = "" if node.rows is None else plural(node.rows, "row")
    return joined(
        Text(visible(node.name), "bold" if bold else ""), Text(short(node.digest), "cyan"), rows
    )


def _code(answer: VersionAnswer) -> Text:
    facts = answer.version.metadata
    dirty = " with uncommitted changes" if facts.get("code_dirty") else ""
    commit = f"commit {str(facts.get('code_commit'))[:12]}{dirty}"
    return joined(commit, Text(short(answer.version.recipe.code), "cyan"))
