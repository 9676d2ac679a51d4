"""What is recorded of mirrors: each change one event, and nothing where there is no news."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from registry_assets.catalog import mirrors
from registry_assets.catalog.alone import alone
from registry_assets.catalog.engine import Catalog
from registry_assets.errors import Conflict
from registry_assets_tests.catalog.history import MODEL, History, mirror, new_history

SAID: dict[str, Any] = {"model": MODEL, "mirror": "mlflow", "actor": "ann"}


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A model with a version in production, that is published nowhere."""
    history = new_history(tmp_path)
    history.declare()
    history.promote(history.version(1))
    return history


def kinds(history: History) -> list[str]:
    return [event.kind for event in history.registry.log(MODEL) if event.kind.startswith("mirror")]


def observed(history: History, state: str, *kinds: str, verified: bool = False) -> None:
    differences = [{"kind": kind, "subject": "production", "sentence": kind} for kind in kinds]
    mirrors.record_observation(
        history.catalog,
        **SAID,
        state=state,  # type: ignore[arg-type]
        differences=differences,
        said=state,
        verified=verified,
        clock=history.clock,
    )


def test_each_change_is_one_event_and_everything_verifies(history: History) -> None:
    mirror(history, 1)
    assert kinds(history) == [
        mirrors.DECLARED,
        mirrors.FAILED,
        mirrors.PUBLISHED,
        mirrors.POINTED,
        mirrors.OBSERVED,
    ]
    assert history.registry.verify().problems == ()
    state = history.registry.mirror_state(MODEL, "mlflow")
    assert (state.state, state.failures, state.error) == ("out_of_step", 0, None)
    assert history.registry.mirror_receipts(MODEL, "mlflow")[1].foreign_number == "7"
    (declared,) = history.registry.mirrors()
    assert (declared.model, declared.mirror) == (MODEL, "mlflow")


def test_what_is_no_news_is_no_event(history: History) -> None:
    mirror(history, 1)
    before = kinds(history)
    # But for the failure, of which every one counts, and a comparison of every byte.
    observed(history, "in_step")
    observed(history, "in_step")
    assert kinds(history) == [*before, mirrors.OBSERVED]
    since = history.registry.mirror_state(MODEL, "mlflow").since
    history.clock.now = history.clock.now.replace(month=5)
    observed(history, "in_step", verified=True)
    state = history.registry.mirror_state(MODEL, "mlflow")
    assert (state.since, str(state.verified_at)[:7]) == (since, "2013-05")
    observed(history, "out_of_step", "pointer_moved")
    assert str(history.registry.mirror_state(MODEL, "mlflow").since)[:7] == "2013-05"


def test_a_mirror_that_is_declared_no_more_is_listed_no_more(history: History) -> None:
    mirror(history, 1)
    mirrors.declare_mirrors(
        history.catalog, model=MODEL, definitions={}, actor="ann", clock=history.clock
    )
    assert history.registry.mirrors() == ()
    assert history.registry.mirror_receipts(MODEL, "mlflow").keys() == {1}
    mirrors.declare_mirrors(
        history.catalog, model=MODEL, definitions={}, actor="ann", clock=history.clock
    )
    assert kinds(history).count(mirrors.DECLARED) == 2


def test_an_error_that_is_no_text_is_kept_as_one(history: History) -> None:
    mirror(history, 1)
    mirrors.record_failure(
        history.catalog, **SAID, error="\x1b[31m" + "x" * 9000, next_at="2014", clock=history.clock
    )
    error = str(history.registry.mirror_state(MODEL, "mlflow").error)
    assert (error[0], len(error)) == ("�", mirrors.LONGEST_ERROR)


@pytest.fixture(params=["sqlite", "postgresql"])
def catalogs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Catalog, Catalog]]:
    """The same catalog, opened twice."""
    if request.param == "sqlite":
        place: Any = tmp_path / "catalog.sqlite"
        Catalog.create(place)
    else:
        place = request.getfixturevalue("postgresql_catalog")
    first, second = Catalog.open(place), Catalog.open(place)
    yield first, second
    for each in (first, second):
        each.driver.pool.close()


def test_one_at_a_time_holds_a_name(catalogs: tuple[Catalog, Catalog]) -> None:
    first, second = catalogs
    with alone(first, "publishing", wait=0):
        with alone(second, "publishing of another", wait=0):
            pass
        with (
            pytest.raises(Conflict, match="another process"),
            alone(second, "publishing", wait=0.3),
        ):
            pass
    with alone(second, "publishing", wait=0):
        pass
    with pytest.raises(ZeroDivisionError), alone(first, "publishing", wait=0):
        raise ZeroDivisionError
    with alone(second, "publishing", wait=0), first.read() as connection:
        assert connection.in_transaction()


def test_whoever_waits_gets_it_when_the_other_has_ended(catalogs: tuple[Catalog, Catalog]) -> None:
    first, second = catalogs
    inside: list[int] = []

    def hold(number: int) -> None:
        with alone((first, second)[number % 2], "publishing", wait=30):
            inside.append(number)
            assert len(inside) == 1
            inside.clear()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(hold, range(20)))
