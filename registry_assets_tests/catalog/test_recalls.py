"""What stands on what, from the edges of the index: whatever its shape, and only upwards."""

from collections.abc import Iterable, Set
from pathlib import Path

from registry_assets.canonical import sha256_digest
from registry_assets.catalog.indexing import add_edges
from registry_assets.catalog.recalls import ancestry, built_on
from registry_assets.manifest import Parent
from registry_assets_tests.catalog.history import History, new_history
from registry_assets_tests.catalog.statements import statements


def digest(name: str) -> str:
    """A digest that stands for a name."""
    return sha256_digest(name.encode())


def digests(names: Iterable[str]) -> Set[str]:
    """Those of several."""
    return {digest(name) for name in names}


def related(folder: Path, pairs: dict[str, list[str]]) -> History:
    """A registry whose index has these edges, from each manifest to what it was made from."""
    history = new_history(folder)
    with history.catalog.write(chain="-registry") as connection:
        for child, parents in pairs.items():
            add_edges(connection, digest(child), [Parent("input", digest(p)) for p in parents])
    return history


def test_everything_behind_a_manifest_is_found_and_nothing_beside_it(tmp_path: Path) -> None:
    made = {"v": ["f1", "f2"], "f1": ["d1"], "f2": ["d1", "d2"], "w": ["f3"]}
    with related(tmp_path / "project", made).catalog.read() as connection:
        found = ancestry(connection, [digest("v")])
    behind = {"v": ["f1", "f2"], "f1": ["d1"], "f2": ["d1", "d2"], "d1": [], "d2": []}
    assert found == {digest(name): digests(parents) for name, parents in behind.items()}
    assert built_on(found, digest("d2")) == digests(["d2", "f2", "v"])
    assert built_on(found, digest("d1")) == digests(["d1", "f1", "f2", "v"])
    assert built_on(found, digest("v")) == digests(["v"])


def test_edges_that_somebody_led_in_a_circle_end(tmp_path: Path) -> None:
    made = {"a": ["b"], "b": ["c"], "c": ["a"]}
    with related(tmp_path / "project", made).catalog.read() as connection:
        found = ancestry(connection, [digest("a")])
    assert built_on(found, digest("b")) == digests("abc")


def test_it_costs_a_query_for_each_step_however_many_there_are(tmp_path: Path) -> None:
    features = [f"f{number}" for number in range(200)]
    made = {"v": features, **{each: [f"d{each}"] for each in features}}
    history = related(tmp_path / "project", made)
    with history.catalog.read() as connection, statements() as asked:
        assert len(ancestry(connection, [digest("v")])) == 401
    assert len(asked) == 3
