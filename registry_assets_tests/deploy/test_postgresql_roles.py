"""`deploy/postgresql/roles.sql` on a real server: what each role can do, and what it cannot."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy as sa
from psycopg2.errors import InsufficientPrivilege

from registry_assets.catalog.tables import VOUCHED, metadata
from registry_assets.declaration import Alerting, Monitoring
from registry_assets.errors import CatalogError
from registry_assets.home import CATALOG
from registry_assets.lifecycle.reserving import declare_model
from registry_assets.registry import Registry
from registry_assets_tests.catalog.history import History
from registry_assets_tests.deploy.running import DEPLOY
from registry_assets_tests.lifecycle.monitoring.post import Post
from registry_assets_tests.servers.postgresql import PostgresServer
from registry_assets_tests.worlds import SENSOR, World, small_world

ROLES = DEPLOY / "postgresql" / "roles.sql"
READER, TRAINER, PROMOTER = "reader", "trainer", "promoter"
ACCOUNTS = (READER, TRAINER, PROMOTER)
GROUPS = tuple(f"registry_{role}" for role in ACCOUNTS)
MODEL = "flight_delay"


@dataclass(frozen=True)
class Place:
    """A registry whose catalog several accounts share, each with one role.

    Args:
        urls: of the catalog, by the role of who goes there.
    """

    world: World
    owner: str
    urls: dict[str, str]

    @contextmanager
    def acting_as(self, role: str) -> Iterator[World]:
        """The same world as an account with that role sees it."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(CATALOG, self.urls[role])
            registry = Registry.open(self.world.folder, clock=self.world.clock)
            yield World(self.world.folder, self.world.code, registry, self.world.clock)

    def execute(self, role: str, statement: str) -> None:
        """Execute a statement as an account with that role, and keep what it does."""
        with psycopg2.connect(self.urls[role]) as connection, connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.fixture(scope="module")
def place(postgresql: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Version 1 is in production, trained and promoted by accounts that can do no more."""
    owner, mark = postgresql.database(), secrets.token_hex(4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CATALOG, owner)
        with small_world(tmp_path_factory.mktemp("roles") / "project") as world:
            # Twice: what is there already is no obstacle.
            postgresql.execute(ROLES.read_text(), database=owner)
            postgresql.execute(ROLES.read_text(), database=owner)
            urls = {role: _account(postgresql, owner, role, mark) for role in ACCOUNTS}
            place = Place(world, owner, urls)
            with place.acting_as(TRAINER) as trainer:
                for month in ("2013-01", "2013-02", "2013-03"):
                    trainer.month(month)
                trainer.version(request="april")
            with place.acting_as(PROMOTER) as promoter:
                promoter.registry.promote(MODEL, 1, run=SENSOR)
            yield place
    # Roles are the server's, not a database's, and other tests begin without them.
    postgresql.drop(owner)
    for role in (*(f"{role}_{mark}" for role in ACCOUNTS), *GROUPS):
        postgresql.execute(f"DROP ROLE {role}")


def _account(server: PostgresServer, owner: str, role: str, mark: str) -> str:
    name = f"{role}_{mark}"
    server.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{mark}' IN ROLE registry_{role}")
    url = sa.make_url(owner).set(username=name, password=mark)
    return url.render_as_string(hide_password=False)


def test_trained_and_promoted_by_two_accounts_and_read_by_a_third(place: Place) -> None:
    with place.acting_as(READER) as reader:
        assert reader.registry.pointer(MODEL).version == 1
        assert reader.registry.verify(deep=True).problems == ()
        assert reader.registry.load(f"{MODEL}@production").version == 1


def test_a_promoter_says_things_about_versions_and_retires_them(place: Place) -> None:
    with place.acting_as(TRAINER) as trainer:
        number = trainer.version(request="again", params={"C": 2.0})
        trainer.registry.tag(f"{MODEL}:{number}", {"asked_by": "alice"}, run=SENSOR)
    with place.acting_as(PROMOTER) as promoter:
        promoter.registry.archive(f"{MODEL}:{number}", reason="not needed", run=SENSOR)
        promoter.registry.recall("planes", reason="no seats", run=SENSOR)
        promoter.registry.lift_recall("planes", reason="there are", run=SENSOR)
        assert promoter.registry.verify().problems == ()


def test_a_trainer_finds_alerts_and_a_promoter_looks_after_them_and_either_tells(
    place: Place,
) -> None:
    def post(world: World) -> Post:
        return Post(History(world.registry, world.clock))

    with place.acting_as(TRAINER) as trainer:
        post(trainer).log_to("log")
        for plan in (Monitoring(), Monitoring(alerting=Alerting(sinks=("log",)))):
            watched = replace(trainer.model(), monitoring=plan)
            declare_model(trainer.registry.backends, watched, actor="ann")
        post(trainer).find(model=MODEL)
    with place.acting_as(READER) as reader:
        assert reader.registry.post().is_for_now
        with pytest.raises(CatalogError, match="permission denied"):
            post(reader).deliver()
        with pytest.raises(CatalogError, match="permission denied"):
            reader.registry.acknowledge(MODEL, 1, run=SENSOR)
    with place.acting_as(PROMOTER) as promoter:
        promoter.registry.acknowledge(MODEL, 1, run=SENSOR)
        assert post(promoter).deliver().told == 2
    with place.acting_as(TRAINER) as trainer:
        post(trainer).find(outcome="passed", model=MODEL)
        assert post(trainer).deliver().told == 1
        assert trainer.registry.verify().problems == ()


def test_a_reader_changes_nothing(place: Place) -> None:
    with place.acting_as(READER) as reader:
        with pytest.raises(CatalogError, match="permission denied"):
            reader.month("2013-05")
        with pytest.raises(CatalogError, match="permission denied"):
            reader.registry.describe(MODEL, "Mine now.", run=SENSOR)
        with pytest.raises(CatalogError, match="permission denied"):
            reader.registry.tag(MODEL, {"asked_by": "bob"}, run=SENSOR)


def test_a_trainer_moves_no_pointer_through_the_registry(place: Place) -> None:
    with place.acting_as(TRAINER) as trainer:
        number = trainer.version(request="may", params={"C": 3.0})
        with pytest.raises(CatalogError, match="permission denied for table pointers"):
            trainer.registry.promote(MODEL, number, run=SENSOR)
        assert trainer.registry.pointer(MODEL).version == 1


FORBIDDEN_TO_TRAINER = (
    "UPDATE pointers SET version = NULL",
    "UPDATE pointers SET generation = generation + 1",
    "INSERT INTO pointers (model, name, generation, version) VALUES ('flight_delay', 'x', 1, 1)",
    "INSERT INTO promotions SELECT * FROM promotions",
    "UPDATE promotions SET reason = 'another'",
    "INSERT INTO marks SELECT 'flight_delay', 1, 'archived', '', '', ''",
    "INSERT INTO recalls SELECT 'd', 'flights', '', 'recalled', '', '', ''",
    "UPDATE versions SET recipe = '{}'",
    "UPDATE evaluations SET metrics = '{}'",
    "UPDATE verdicts SET outcome = 'passed'",
    "UPDATE snapshots SET digest = ''",
)
FORBIDDEN_TO_PROMOTER = (
    "UPDATE versions SET digest = NULL",
    "UPDATE verdicts SET outcome = 'passed'",
    "INSERT INTO verdicts SELECT * FROM verdicts",
    "INSERT INTO evaluations SELECT * FROM evaluations",
    "UPDATE promotions SET reason = 'another'",
    "UPDATE registered_models SET policy = '{}'",
)
FORBIDDEN_TO_ALL = (
    "UPDATE events SET body = '{}'",
    "DELETE FROM events",
    "TRUNCATE events",
    "DELETE FROM heads",
    "UPDATE settings SET value = 'another'",
    "DELETE FROM alembic_version",
    "CREATE TABLE mine (id integer)",
    *(f"DELETE FROM {table.name}" for table in VOUCHED),
)


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        *((TRAINER, statement) for statement in FORBIDDEN_TO_TRAINER),
        *((PROMOTER, statement) for statement in FORBIDDEN_TO_PROMOTER),
        *((role, statement) for role in ACCOUNTS for statement in FORBIDDEN_TO_ALL),
    ],
)
def test_by_hand_a_role_reaches_no_further(place: Place, role: str, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        place.execute(role, statement)


def test_every_table_is_read_by_all_and_granted_on_purpose(
    place: Place, postgresql: PostgresServer
) -> None:
    rows = postgresql.execute(
        "SELECT grantee, table_name, privilege_type FROM information_schema.table_privileges"
        " WHERE grantee LIKE 'registry_%er' AND table_schema = current_schema()",
        database=place.owner,
    )
    for role in ACCOUNTS:
        read = {table for who, table, what in rows if (who, what) == (f"registry_{role}", "SELECT")}
        assert read >= set(metadata.tables)
    assert not [row for row in rows if row[0] == "registry_reader" and row[2] != "SELECT"]
    # A table that a later release adds is nobody's to write until this file says whose.
    text = ROLES.read_text()
    left_to_the_owner = {"imports", "imported_rows", "settings"}
    assert {table for table in metadata.tables if table not in text} == left_to_the_owner


def test_the_file_holds_no_password() -> None:
    assert "PASSWORD" not in Path(ROLES).read_text().upper().replace("NOLOGIN", "")
