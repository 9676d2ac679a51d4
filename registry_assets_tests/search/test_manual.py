"""The manual says what the code knows."""

import pytest

from registry_assets.search.fields import SEARCHED, Entity
from registry_assets_tests.project.files import ROOT

MANUAL = (ROOT / "docs" / "search.md").read_text()


@pytest.mark.parametrize("entity", SEARCHED)
def test_the_manual_names_every_field_and_order(entity: Entity) -> None:
    fields = SEARCHED[entity].fields
    rows = [f"| `{known.said}` | {known.kind} | {known.sentence} |" for known in fields]
    assert "\n".join(rows) in MANUAL
    groups = [known.said for known in fields if known.names and known.kind != "text"]
    orders = ", ".join(f"`{name}`" for name in (*SEARCHED[entity].orders, *groups))
    assert f"Ordered by {orders}." in MANUAL
