"""The card of one model: what it is for, what it must pass, and where its versions are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rich.console import Group, RenderableType
from rich.text import Text

from registry_assets.catalog.indexing import Stage
from registry_assets.catalog.models import ModelRecord
from registry_assets.catalog.pointers import PointerRecord, PromotionRecord
from registry_assets.catalog.words import Words
from registry_assets.cli.described import saying, section, tags
from registry_assets.cli.mirrors import MirrorView, mirrors_page, read_mirrors
from registry_assets.cli.styles import facts_grid, joined, plain_grid, stage_text
from registry_assets.cli.text import moment, plural, visible
from registry_assets.lifecycle.way_back import rollback_of
from registry_assets.registry import Registry


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model with its pointers, each beside the promotion that moved it last.

    Args:
        stages: how many versions there are of each stage.
        imported: how many came as history.
        mirrors: where it is published to; None where that was not asked.
    """

    model: ModelRecord
    words: Words
    pointers: tuple[tuple[PointerRecord, PromotionRecord | None], ...]
    stages: Mapping[Stage, int]
    imported: int = 0
    mirrors: tuple[MirrorView, ...] | None = None

    @property
    def versions(self) -> int:
        """How many versions there are."""
        return sum(self.stages.values())


def read_card(registry: Registry, name: str) -> ModelCard:
    """Read everything about a model that is not about one version."""
    (card,) = read_cards(registry, [registry.model(name)])
    return replace(card, mirrors=tuple(read_mirrors(registry, name, None)))


def read_cards(registry: Registry, models: Sequence[ModelRecord]) -> list[ModelCard]:
    """Read the cards of a page of models."""
    stages, held = registry.stages(models), registry.holdings(models)
    imported = registry.imported_counts(models)
    return [
        ModelCard(
            model=model,
            words=registry.words(model.name),
            pointers=tuple(held[model.name]),
            stages=stages[model.name],
            imported=imported.get(model.name, 0),
        )
        for model in models
    ]


def model_card(card: ModelCard) -> Group:
    """Show what a model is for, what it must pass, and where its versions are."""
    model = card.model
    grid = facts_grid()
    grid.add_row("owners", Text(visible(", ".join(model.owners) or "none")))
    grid.add_row("tags", tags(card.words))
    grid.add_row("task", Text(visible(model.task)))
    grid.add_row("risk", Text(visible(_risk(model))))
    grid.add_row("declared", moment(model.created_at))
    grid.add_row("metrics", Text(visible(", ".join(model.suite["evaluation"]["metrics"]))))
    gates = plain_grid(2)
    for gate in model.suite["gates"]:
        gates.add_row("-", Text(visible(gate["sentence"])))
    parts: list[RenderableType] = [
        Text(model.name, "bold"),
        saying(card.words.description, lines=True),
        Text(),
        grid,
    ]
    return Group(
        *parts,
        *section("Pointers", Group(*(_pointer(*pair) for pair in card.pointers))),
        *section("Versions", _stages(card)),
        *(section("Mirrors", mirrors_page(card.mirrors)) if card.mirrors else ()),
        *(section("Gates", gates) if gates.row_count else ()),
    )


def _risk(model: ModelRecord) -> str:
    approvals, roles = model.policy["approvals"], model.policy["roles"]
    if not approvals:
        return f"{model.policy['risk']}: no approval needed"
    whose = f" by {' or '.join(roles)}" if roles else ""
    return f"{model.policy['risk']}: {plural(approvals, 'approval')}{whose} needed"


def _pointer(pointer: PointerRecord, held: PromotionRecord | None) -> Text:
    name = Text(pointer.name, "bold")
    if held is None:
        return joined(name, Text("holds nothing yet", "dim"))
    what = f"version {held.version} since {moment(held.created_at)}"
    how = "rolled back to" if rollback_of(held) else "promoted"
    return joined(name, Text(what, "green"), f"{how} by {held.actor}")


def _stages(card: ModelCard) -> Text:
    came = Text(f"{card.imported:,} imported") if card.imported else Text("none yet", "dim")
    if not card.versions:
        return came
    counts = [Text(f"{n:,} ") + stage_text(stage) for stage, n in _ordered(card.stages)]
    counts += [came] if card.imported else []
    return Text(f"{card.versions + card.imported:,}: ") + Text(", ").join(counts)


def _ordered(stages: Mapping[Stage, int]) -> list[tuple[Stage, int]]:
    order: tuple[Stage, ...] = (
        "production", "staging", "development", "rejected", "failed", "archived"
    )  # fmt: skip
    return [(stage, stages[stage]) for stage in order if stages.get(stage)]
