"""The database or the store's service is lost in the middle of a commit and of a promotion.

What the catalog says of a lost connection is `catalog/test_lost_servers.py`; here a whole step
is cut short, repeated, and must have been done once.
"""

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from registry_assets.errors import (
    CatalogUnreachable,
    OutcomeUnknown,
    StoreUnreachable,
)
from registry_assets.home import CATALOG
from registry_assets_tests.catalog.history import MODEL, History, new_history, reopened
from registry_assets_tests.catalog.projects import PostgresDatabases
from registry_assets_tests.faults.calls import at, watched
from registry_assets_tests.faults.lives import (
    Life,
    refusal,
    wrong_after_a_crash,
    wrong_after_repeating,
)
from registry_assets_tests.faults.steps import STEPS
from registry_assets_tests.laws.combinations import REMOTE, Combination
from registry_assets_tests.laws.publishing import publish
from registry_assets_tests.servers.postgresql import PostgresServer, changed, running_postgresql
from registry_assets_tests.servers.proxy import proxy_to
from registry_assets_tests.servers.seaweedfs import SeaweedFS
from registry_assets_tests.worlds import opened_world

COMMIT = b"COMMIT\0"
STEP = pytest.mark.parametrize("step", ["commit", "promote"])


@pytest.fixture(scope="session", params=[REMOTE])
def choice(request: pytest.FixtureRequest) -> object:
    """PostgreSQL and S3."""
    from registry_assets_tests.faults.conftest import Choice

    return Choice(request.param)


@STEP
@pytest.mark.parametrize("done", [False, True])
def test_a_step_whose_connection_is_cut_at_the_commit_is_done_once_when_it_is_repeated(
    backends: Combination, life: Life, tmp_path: Path, step: str, *, done: bool
) -> None:
    site = backends.copy(life[step].before, tmp_path / "project")
    url = sa.make_url(site.environment[CATALOG])
    with proxy_to(str(url.host), int(url.port or 5432)) as proxy:
        there = changed(site.environment[CATALOG], host="127.0.0.1", port=proxy.port)
        with site.settings(**{CATALOG: there}), opened_world(site.folder) as world:
            proxy.cut_after, proxy.cut_before = (COMMIT, b"") if done else (b"", COMMIT)
            with pytest.raises(OutcomeUnknown) as caught:
                STEPS[step](world)
            assert (caught.value.transient, bool(caught.value.hint)) == (True, True)
            proxy.cut_after = proxy.cut_before = b""
            assert wrong_after_a_crash(backends, site, life[step]) == ""
            for _ in range(2):
                STEPS[step](world)
    assert wrong_after_repeating(backends, site, life[step]) == ""
    backends.drop(site)


@STEP
@pytest.mark.parametrize("back", [False, True])
def test_a_step_whose_store_dies_in_the_middle_is_done_once_when_it_is_repeated(
    backends: Combination,
    life: Life,
    s3_server: SeaweedFS,
    tmp_path: Path,
    step: str,
    *,
    back: bool,
) -> None:
    site = backends.copy(life[step].before, tmp_path / "project")
    # Of a promotion the last request writes the pointer file, after the commit.
    sent = life[step].calls["s3.send"]
    call = f"s3.send:{sent if step == 'promote' else sent // 2}"

    def die() -> None:
        s3_server.kill()
        if back:
            s3_server.start()

    try:
        with site.settings(), opened_world(site.folder) as world, watched(at(call, die)):
            refused = refusal(partial(STEPS[step], world))
    finally:
        if not back:
            s3_server.start()
    if back and step == "promote":
        assert refused is None  # its own attempts were enough
    elif not back or refused is not None:
        # Of the eight requests that a commit makes at once, the seven others may have come to
        # the end of their attempts before it was back.
        assert isinstance(refused, StoreUnreachable | OutcomeUnknown)
        assert refused.transient
    assert wrong_after_a_crash(backends, site, life[step]) == ""
    with site.settings(), opened_world(site.folder) as world:
        STEPS[step](world)
    assert wrong_after_repeating(backends, site, life[step]) == ""
    backends.drop(site)


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that nobody else is in, to be killed."""
    with running_postgresql() as server:
        if server.process is None:
            pytest.skip("TEST_POSTGRES_URL names a server that is not ours to kill")
        yield server


@pytest.fixture
def history(own_server: PostgresServer, tmp_path: Path) -> Iterator[History]:
    """A registry on that server, with a version that may be promoted and one to be published."""
    site = Combination(PostgresDatabases(own_server), None).site(tmp_path / "project")
    with site.settings():
        made = new_history(site.folder)
        made.declare()
        made.version(1)
        made.reserve("two", seed=2)
        yield made


@pytest.mark.parametrize("call", ["sql.execute", "sql.commit", "sql.committed"])
def test_a_database_that_is_killed_and_restarted_has_what_it_acknowledged_and_nothing_half(
    history: History, own_server: PostgresServer, call: str
) -> None:
    files = {"estimator.skops": b"an estimator"}
    with history.catalog.read():
        pass  # connected before, so that the first call below is one of the step
    for act, moved in (
        (lambda: publish(history, 2, files), "version_committed"),
        (lambda: history.promote(1), "pointer_moved"),
    ):
        before = counted(history, moved)
        # Of a promotion the first two commits end what only reads.
        number = 6 if call == "sql.execute" else {"version_committed": 2}.get(moved, 3)
        with watched(at(f"{call}:{number}", lambda: die(own_server))):
            refused = refusal(act)
        assert own_server.process is not None
        assert own_server.process.poll() is not None, "it was not killed: the call was not made"
        assert isinstance(refused, CatalogUnreachable | OutcomeUnknown | None)
        assert refused is None or refused.transient
        revive(own_server)
        assert not {p.code for p in history.registry.verify().problems} - {"pointer_file_behind"}
        act()
        act()
        assert counted(history, moved) == before + 1
        assert history.registry.verify().problems == ()
    reopened(history.registry.home.folder).promote(1)


def counted(history: History, kind: str) -> int:
    """How often something happened to the model."""
    return [event.kind for event in history.registry.log(MODEL)].count(kind)


def die(server: PostgresServer) -> None:
    """Kill a server's first process, after which the others end by themselves."""
    assert server.process is not None
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(20)


def revive(server: PostgresServer) -> None:
    """Start it again, once those others have gone."""
    for _ in range(50):
        try:
            server.start()
        except AssertionError as error:
            if "still in use" not in str(error) and "lock file" not in str(error):
                raise
        else:
            return
    raise AssertionError("what is left of the server does not end")
