"""Numbers of rows that are written with their number, not given one by the database.

Only history that comes from elsewhere is written so, while nobody else writes.
"""

import sqlalchemy as sa


def next_number(connection: sa.Connection, table: sa.Table) -> int:
    """Give the number after the highest in a table."""
    return (connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0) + 1


def numbers_taken(connection: sa.Connection, table: sa.Table) -> None:
    """Let the database go on after the highest number, which SQLite does by itself."""
    if connection.dialect.name != "postgresql":
        return
    sequence = sa.func.pg_get_serial_sequence(table.name, "id")
    connection.execute(sa.select(sa.func.setval(sequence, next_number(connection, table), False)))
