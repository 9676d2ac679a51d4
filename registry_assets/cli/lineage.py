"""What something was made from, drawn as a tree, and what was built on it, as tables.

A version is made of a few things, and on one month of data there may stand a thousand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from registry_assets.catalog.snapshots import SnapshotRecord
from registry_assets.cli.answers import VersionAnswer
from registry_assets.cli.styles import joined, plain_table, stage_text
from registry_assets.cli.text import day, held_out_by_key, plural, short, visible
from registry_assets.lifecycle.tracing import Ancestors, Descendants, Node
from registry_assets.manifest import Parent
from registry_assets.registry import Registry

VERSION = "version"
HOLDOUT = "holdout"
_PASSED = {"yes": ("every gate passed", "green"), "no": ("not passed", "red")}


@dataclass(frozen=True, slots=True)
class Lineage:
    """A version, its newest evaluation and all their ancestors, each manifest once."""

    answer: VersionAnswer
    ancestors: Ancestors

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Every manifest, by digest."""
        return self.ancestors.nodes

    @property
    def version(self) -> Node:
        """The version's manifest."""
        return self.ancestors.of[0]

    @property
    def evaluation(self) -> Node | None:
        """The manifest of its newest evaluation."""
        return self.ancestors.of[1] if len(self.ancestors.of) > 1 else None


def read_lineage(registry: Registry, answer: VersionAnswer) -> Lineage:
    """Read the manifests of a committed version and of everything behind it.

    Raises:
        BlobMissing, BlobCorrupt: an ancestor cannot be read.
    """
    return Lineage(answer, registry.ancestors(answer.version.reference))


def lineage_tree(lineage: Lineage) -> Tree:
    """Draw where a version comes from, and what it was judged on."""
    answer, version, nodes = lineage.answer, lineage.version, lineage.nodes
    tree = Tree(joined(_label(version, bold=True), stage_text(answer.stage)), guide_style="dim")
    trained = tree.add(Text("trained on", "bold"))
    part = held_out_by_key(answer.version.recipe)
    for parent in version.parents:
        _grow(trained, parent, nodes, part=part)
    code = tree.add(Text("by the code of", "bold"))
    code.add(_code(answer))
    evaluation = lineage.evaluation
    if evaluation is None:
        tree.add(Text("not evaluated yet", "yellow"))
        return tree
    judged = tree.add(joined(Text("judged by", "bold"), _label(evaluation)))
    for parent in evaluation.parents:
        if parent.role == HOLDOUT:
            _grow(judged, parent, nodes, prefix="held out", part=part)
        elif parent.role != VERSION:
            judged.add(joined(Text(visible(parent.role), "dim"), _label(nodes[parent.digest])))
    return tree


def ancestors_tree(ancestors: Ancestors) -> Tree:
    """Draw what a snapshot, or any one manifest, was made from."""
    (top,) = ancestors.of
    tree = Tree(_label(top, bold=True), guide_style="dim")
    for parent in top.parents:
        _grow(tree, parent, ancestors.nodes, prefix=parent.role)
    return tree


def _grow(
    tree: Tree,
    parent: Parent,
    nodes: Mapping[str, Node],
    *,
    prefix: str = "",
    part: bool = False,
) -> None:
    """Add a snapshot, of which all rows or a part were taken, and what it was made from."""
    node = nodes[parent.digest]
    branch = tree.add(joined(Text(visible(prefix), "dim"), _label(node, part=part)))
    for above in node.parents:
        _grow(branch, above, nodes)


def _label(node: Node, *, bold: bool = False, part: bool = False) -> Text:
    rows = "" if node.rows is None else f"{'part of ' if part else ''}{plural(node.rows, 'row')}"
    return joined(
        Text(visible(node.name), "bold" if bold else ""),
        Text(short(node.digest), "cyan"),
        rows,
        Text("recalled", "bold red") if node.recalled else "",
    )


def _code(answer: VersionAnswer) -> Text:
    facts = answer.version.metadata
    dirty = " with uncommitted changes" if facts.get("code_dirty") else ""
    commit = f"commit {str(facts.get('code_commit'))[:12]}{dirty}"
    return joined(commit, Text(short(answer.version.recipe.code), "cyan"))


def descendants_page(found: Descendants) -> Group:
    """Show everything that was built on something, pointers first."""
    parts: list[RenderableType] = [Text(f"Built on {visible(found.subject)}", "bold")]
    parts += [Padding(_snapshot_line(snapshot), (0, 0, 0, 2)) for snapshot in found.origins]
    parts += _rest(found, "origins")
    parts += [Padding(Text(said, "bold red"), (0, 0, 0, 2)) for said in _recalled(found)]
    sections = (
        ("pointers", _pointers(found)),
        ("versions", _versions(found)),
        ("evaluations", _evaluations(found)),
        ("observations", _observations(found)),
        ("snapshots", _snapshots(found)),
    )
    for kind, table in sections:
        if found.totals[kind]:
            title = f"{found.totals[kind]:,} {_noun(kind, found.totals[kind])}"
            parts += [Text(), Text(title, "bold"), Padding(table, (0, 0, 0, 2))]
            parts += _rest(found, kind)
    if not any(found.totals[kind] for kind, _ in sections):
        parts += [Text(), Text("Nothing was built on it.", "dim")]
    if not found.complete:
        parts += [Text(), Text("There is more than was looked at: these are counts of at least.")]
    return Group(*parts)


def _noun(kind: str, count: int) -> str:
    if kind == "pointers":
        return "time in a pointer" if count == 1 else "times in a pointer"
    return kind.removesuffix("s") if count == 1 else kind


def _rest(found: Descendants, kind: str) -> list[RenderableType]:
    more = found.more(kind)
    if not more:
        return []
    said = f"and {more:,} more; --limit {found.totals[kind]} lists them"
    return [Padding(Text(said, "dim"), (0, 0, 0, 2))]


def _snapshot_line(snapshot: SnapshotRecord) -> Text:
    return joined(
        Text(visible(str(snapshot.ref))),
        Text(short(snapshot.digest), "cyan"),
        plural(snapshot.rows, "row"),
        f"since {day(snapshot.created_at)}",
    )


def _recalled(found: Descendants) -> list[str]:
    """Say which of what was asked about was recalled, by whom and why, each recall once."""
    asked = {snapshot.digest for snapshot in found.origins}
    said = (visible(each.sentence) for each in found.recalls if each.digest in asked)
    return list(dict.fromkeys(said))


def _pointers(found: Descendants) -> Table:
    table = plain_table("pointer", "version", "since", "until")
    for held in found.pointers:
        until = day(held.until) if held.until else Text("now", "bold green")
        table.add_row(
            Text(f"{held.model}@{held.pointer}"), str(held.version), day(held.since), until
        )
    return table


def _versions(found: Descendants) -> Table:
    table = plain_table("version", "stage", "commit", "reserved", "digest")
    for version in found.versions:
        table.add_row(
            Text(version.reference),
            stage_text(version.stage),
            Text(visible((version.code_commit or "")[:12])),
            day(version.created_at),
            Text(short(version.digest), "cyan"),
        )
    return table


def _evaluations(found: Descendants) -> Table:
    table = plain_table("of version", "gates", "made", "digest")
    for evaluation in found.evaluations:
        said, style = _PASSED.get(evaluation.passed, ("not known", "yellow"))
        table.add_row(
            Text(evaluation.reference),
            Text(said, style),
            day(evaluation.created_at),
            Text(short(evaluation.digest), "cyan"),
        )
    return table


def _observations(found: Descendants) -> Table:
    table = plain_table("observation", "versions", "made", "digest")
    for observation in found.observations:
        table.add_row(
            Text(visible(observation.name)),
            ", ".join(map(str, observation.versions)),
            day(observation.created_at),
            Text(short(observation.digest), "cyan"),
        )
    return table


def _snapshots(found: Descendants) -> Table:
    table = plain_table("snapshot", "rows", "since", "digest")
    table.columns[1].justify = "right"
    wrong = {recall.digest for recall in found.recalls}
    for snapshot in found.snapshots:
        mark = Text(" recalled", "bold red") if snapshot.digest in wrong else Text()
        table.add_row(
            Text(visible(str(snapshot.ref))) + mark,
            f"{snapshot.rows:,}",
            day(snapshot.created_at),
            Text(short(snapshot.digest), "cyan"),
        )
    return table


def ancestors_document(ancestors: Ancestors) -> dict[str, Any]:
    """Give what a manifest was made from: each manifest once, parents by digest."""
    (top,) = ancestors.of
    return {
        "digest": top.digest,
        "name": top.name,
        "manifests": [node_document(node) for node in ancestors.nodes.values()],
    }


def node_document(node: Node) -> dict[str, Any]:
    """Give one manifest."""
    return {
        "digest": node.digest,
        "kind": node.kind,
        "name": node.name,
        "rows": node.rows,
        "recalled": node.recalled,
        "parents": [{"role": p.role, "digest": p.digest} for p in node.parents],
    }


def descendants_document(found: Descendants) -> dict[str, Any]:
    """Give everything that was built on something, each kind newest first."""
    wrong = {recall.digest for recall in found.recalls}
    return {
        "subject": found.subject,
        "origins": [_snapshot(each, recalled=each.digest in wrong) for each in found.origins],
        "snapshots": [_snapshot(each, recalled=each.digest in wrong) for each in found.snapshots],
        "versions": [
            {
                "reference": version.reference,
                "model": version.model,
                "version": version.number,
                "digest": version.digest,
                "stage": version.stage,
                "commit": version.code_commit,
                "reserved_at": version.created_at,
            }
            for version in found.versions
        ],
        "evaluations": [
            {
                "reference": evaluation.reference,
                "model": evaluation.model,
                "version": evaluation.version,
                "evaluation": evaluation.digest,
                "passed": {"yes": True, "no": False}.get(evaluation.passed),
                "created_at": evaluation.created_at,
            }
            for evaluation in found.evaluations
        ],
        "observations": [
            {
                "model": observation.model,
                "kind": observation.kind,
                "partition": observation.partition,
                "versions": list(observation.versions),
                "digest": observation.digest,
                "created_at": observation.created_at,
            }
            for observation in found.observations
        ],
        "pointers": [
            {
                "model": held.model,
                "pointer": held.pointer,
                "generation": held.generation,
                "version": held.version,
                "since": held.since,
                "until": held.until,
            }
            for held in found.pointers
        ],
        "totals": dict(found.totals),
        "complete": found.complete,
    }


def _snapshot(snapshot: SnapshotRecord, *, recalled: bool) -> dict[str, Any]:
    return {
        **snapshot.ref.to_json(),
        "kind": snapshot.kind,
        "rows": snapshot.rows,
        "since": snapshot.created_at,
        "recalled": recalled,
    }
