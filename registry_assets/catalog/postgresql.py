"""The catalog in PostgreSQL, in the schema that the connection finds first.

A change is made READ COMMITTED under an advisory lock on its chain, taken before anything is
read: whatever it decides on is still so when it commits, and nothing has to be tried again.
SERIALIZABLE, and a number from `max() + 1`, needed about 4 retries per success.
"""

import os
import re
import select
from functools import partial
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from registry_assets.catalog.driver import Driver
from registry_assets.catalog.pooling import Pool, Session
from registry_assets.errors import (
    CatalogBusy,
    CatalogError,
    CatalogUnreachable,
    NoRegistry,
    OutcomeUnknown,
    RegistryError,
)

try:
    import psycopg2
    from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED as READ_COMMITTED
    from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ as REPEATABLE_READ
    from psycopg2.extensions import TRANSACTION_STATUS_INERROR
except ImportError as error:
    raise NoRegistry(
        f"a catalog in PostgreSQL needs psycopg2, which cannot be imported: {error}",
        hint='pip install "registry_assets[postgres]"',
    ) from error

OLDEST = 13

_TIMES: dict[str, int | str] = {
    "connect_timeout": 10,
    # A server that vanished without a word is noticed after about a minute.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}

_BUSY = ("40001", "40P01", "55P03")
"""serialization_failure, deadlock_detected, lock_not_available."""


class PostgresqlDriver(Driver):
    """A catalog on a server.

    Args:
        url: `postgresql://…`; what it leaves out comes from PGHOST, PGPASSWORD, PGSERVICE,
            ~/.pgpass and so on.
    """

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        given, secret = _parse(url)
        super().__init__(_shown(given))
        connect = partial(_open_connection, _parameters(given, secret), self.location)
        engine = sa.create_engine(
            "postgresql+psycopg2://",
            creator=connect,
            poolclass=NullPool,
            pool_reset_on_return=None,
            use_native_hstore=False,
            hide_parameters=True,
        )
        self.pool = Pool(partial(_connect, engine), _is_alive, lone=False)

    def exists(self) -> bool:
        """Tell whether the schema has a catalog's tables."""
        with self.read() as connection:
            return self.has_table(connection, "alembic_version")

    def make_place(self) -> None:
        """Leave it to the administrator: a database is theirs to make, and so is its schema."""

    def begin_read(self, session: Session) -> None:
        """Let all reads see what the first one sees."""
        session.raw.set_session(isolation_level=REPEATABLE_READ, readonly=True)

    def begin_write(self, session: Session, chain: str | None, beside: str | None) -> None:
        """Take the chain's lock, and a share in those over all chains and over the one beside.

        Whoever has a chain's lock waits for no other, so nobody waits in a circle.
        """
        session.raw.set_session(isolation_level=READ_COMMITTED, readonly=False)
        schema = str(session.connection.dialect.default_schema_name)
        alone = _lock_key(schema, chain)
        shared = [None] if beside is None else [None, beside]
        locks = "".join(
            f" SELECT pg_advisory_xact_lock_shared({_lock_key(schema, each)});"
            for each in (() if chain is None else shared)
        )
        with session.raw.cursor() as cursor:
            # Local settings, as a pooler between here and the server may lend the session to
            # others. Nobody who administers the server can have a commit answered before it
            # is on disk.
            cursor.execute(
                f"SET LOCAL lock_timeout = {int(self.busy_seconds * 1000)};"
                " SELECT set_config('synchronous_commit', 'on', true)"
                " WHERE current_setting('synchronous_commit') = 'off';"
                f"{locks} SELECT pg_advisory_xact_lock({alone})"
            )

    def end_read(self, session: Session) -> None:
        """End the transaction; losing the server now loses nothing that was read."""
        try:
            session.connection.commit()
        except sa.exc.DBAPIError as error:
            if not self.is_lost(session, error.orig):
                raise

    def commit(self, session: Session) -> None:
        """Commit; only an answer of the server says that it was not done."""
        if session.raw.info.transaction_status == TRANSACTION_STATUS_INERROR:
            # COMMIT would roll back here, and report success.
            raise CatalogError(
                "a statement of this change had failed, so none of it was kept",
                hint="nothing was changed; let the first error be seen",
            )
        try:
            session.connection.commit()
        except sa.exc.DBAPIError as error:
            state = getattr(error.orig, "pgcode", None) or ""
            # 40003 says that it is not known. Any other 40, and a constraint, is a clear no.
            if state != "40003" and state.startswith(("40", "23")):
                raise
            raise OutcomeUnknown(
                f"the catalog failed while it committed: {_text(error.orig)}",
                hint="the change may or may not have been made: repeat it to learn",
            ) from error

    def roll_back(self, session: Session) -> None:
        """Roll back, also where SQLAlchemy has not begun."""
        session.connection.rollback()
        session.raw.rollback()

    def is_lost(self, session: Session, error: BaseException | None) -> bool:
        """Tell by the error, or by what libpq knows of the connection."""
        return bool(session.raw.closed) or (
            isinstance(error, psycopg2.Error) and _is_shut_down(error)
        )

    def translate(self, error: Exception) -> RegistryError | None:
        """Tell busy, lost and refused apart."""
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        if not isinstance(cause, psycopg2.Error):
            return None
        state = cause.pgcode or ""
        if state in _BUSY:
            return CatalogBusy(
                f"another session held what this change needs for {self.busy_seconds} s, or"
                f" needed what this one held: {_text(cause)}",
                hint="nothing was changed; repeat, or look for a session that hangs",
            )
        if isinstance(cause, psycopg2.IntegrityError):
            return CatalogError(
                f"the catalog refused the change: {_text(cause)}",
                hint="nothing was changed; `registry verify` tells whether the catalog is sound",
            )
        if _is_shut_down(cause):
            return CatalogUnreachable(
                f"{self.location} was lost: {_text(cause)}",
                hint="nothing was changed; repeat once the server answers again",
            )
        return CatalogError(
            f"the catalog refused: {_text(cause)}",
            hint="nothing was changed; check this role's rights, and the server's log",
        )

    def has_table(self, connection: sa.Connection, name: str) -> bool:
        """Look the table up in our schema."""
        query = sa.text("SELECT to_regclass(quote_ident(current_schema()) || '.' || :name)")
        return connection.execute(query, {"name": name}).scalar() is not None


def foreign_programs(connection: sa.Connection) -> list[str]:
    """Name triggers, rules and views in our schema; those of foreign keys are the server's."""
    found = connection.execute(
        sa.text(
            """
            WITH ours AS (
                SELECT oid, relname, relkind FROM pg_catalog.pg_class
                WHERE relnamespace = quote_ident(current_schema())::regnamespace
            )
            SELECT 'trigger ' || tgname FROM pg_catalog.pg_trigger
            JOIN ours ON ours.oid = tgrelid WHERE NOT tgisinternal
            UNION ALL
            SELECT 'rule ' || rulename FROM pg_catalog.pg_rewrite
            JOIN ours ON ours.oid = ev_class WHERE ours.relkind IN ('r', 'p')
            UNION ALL
            SELECT 'view ' || relname FROM ours WHERE relkind IN ('v', 'm')
            """
        )
    )
    return sorted(found.scalars())


def _lock_key(schema: str, chain: str | None) -> int:
    """Give the number that an advisory lock is taken on; other registries have others."""
    name = f"registry_assets\0{schema}\0{'every chain' if chain is None else f'chain {chain}'}"
    return int.from_bytes(sha256(name.encode()).digest()[:8], signed=True)


def _parse(text: str) -> tuple[sa.URL, dict[str, str]]:
    """Read a URL; give it without the secrets that may stand among its parameters, and those."""
    rest = text.partition("://")[2]
    hint = "write postgresql://user@host:5432/database; %-encode what is special in a password"
    # More than one @ is a password that was not encoded, whose end would be taken for the
    # host's name, and named in errors.
    if rest.count("@") > 1:
        raise NoRegistry("the catalog's URL has more than one @", hint=hint)
    try:
        url = sa.make_url(f"postgresql+psycopg2://{rest}")
    except (sa.exc.ArgumentError, ValueError):
        # Not chained: it quotes what it could not read.
        raise NoRegistry("the catalog's URL cannot be read", hint=hint) from None
    secret = {
        name: value
        for name, value in url.normalized_query.items()
        for value in value[-1:]
        if "password" in name
    }
    return url.difference_update_query(list(secret)), secret


def _parameters(url: sa.URL, secret: dict[str, str]) -> dict[str, Any]:
    """Give what libpq is told: nothing that it can find out by its own means."""
    from sqlalchemy.dialects.postgresql.psycopg2 import dialect

    given = dialect().create_connect_args(url)[1] | secret  # type: ignore[no-untyped-call]
    times = dict(_TIMES)
    if os.environ.get("PGCONNECT_TIMEOUT"):
        del times["connect_timeout"]
    own = {"client_encoding": "utf8", "fallback_application_name": "registry_assets"}
    return {**times, **given, **own}


def _shown(url: sa.URL) -> str:
    named = {key: url.query[key] for key in ("host", "port", "service") if key in url.query}
    public = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return public.set(query=named).render_as_string()


def _connect(engine: sa.Engine) -> Session:
    connection = engine.connect()
    if connection.dialect.default_schema_name is None:
        connection.close()
        raise CatalogError(
            "the connection finds no schema to work in",
            hint="create the schema that its search_path names, or let search_path name another",
        )
    return Session(connection, connection.connection.dbapi_connection)


def _open_connection(parameters: dict[str, Any], location: str) -> Any:
    try:
        raw = psycopg2.connect(**parameters)
    except psycopg2.OperationalError as error:
        raise _not_connected(error, parameters, location) from None
    version = raw.info.server_version // 10_000
    encoding = raw.info.parameter_status("server_encoding")
    if version >= OLDEST and encoding == "UTF8":
        return raw
    raw.close()
    if version < OLDEST:
        raise CatalogError(
            f"{location} is PostgreSQL {version}; this release needs {OLDEST} or newer",
            hint=f"upgrade the server to PostgreSQL {OLDEST} or newer",
        )
    raise CatalogError(
        f"the database at {location} is encoded in {encoding}, which cannot hold every text",
        hint="create it with ENCODING 'UTF8' TEMPLATE template0",
    )


def _not_connected(
    error: psycopg2.OperationalError, parameters: dict[str, Any], location: str
) -> RegistryError:
    """Tell a server that refused us from one that is not there, or not yet."""
    text = _text(error)
    for name, value in parameters.items():
        if "password" in name:
            text = text.replace(value, "***")
    refused = re.search(r"FATAL: (?!.*(starting up|shutting down|recovery|too many|slots))", text)
    if refused:
        return CatalogError(
            f"{location} refused the connection: {text}",
            hint="check user, password (PGPASSWORD, ~/.pgpass, PGSERVICE or the URL) and"
            " database; the database must have been created",
        )
    return CatalogUnreachable(
        f"{location} does not answer: {text}",
        hint="nothing was changed; check that the server runs and can be reached from here",
    )


def _text(error: BaseException | None) -> str:
    """Give what the server or libpq said, on one line."""
    return " ".join(str(error).split())


def _is_alive(session: Session) -> bool:
    """Tell whether the server has not hung up since: a look at the socket, not a question."""
    if session.raw.closed:
        return False
    poll = select.poll()
    poll.register(session.raw.fileno(), select.POLLIN)
    return not poll.poll(0)


def _is_shut_down(error: psycopg2.Error) -> bool:
    """Tell an error after which the connection is gone."""
    state = error.pgcode or ""
    if state:
        return state.startswith(("08", "57P"))
    return isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))
