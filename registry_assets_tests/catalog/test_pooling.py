"""Connections and forks: a child has its own, and disturbs none of its parent's."""

import os
import threading
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from registry_assets.catalog.engine import Catalog
from registry_assets.catalog.tables import heads
from registry_assets.errors import CatalogError
from registry_assets_tests.catalog.projects import Project
from registry_assets_tests.catalog.test_engine import chains, write_one


def in_a_child(task: Callable[[], object]) -> str:
    """Do something in a forked process; give what it says, or what it raises."""
    back, forth = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = str(task())
        except BaseException as error:  # noqa: BLE001  # the parent is told
            said = f"{type(error).__name__}: {error}"
        os.write(forth, said.encode())
        os._exit(0)
    os.close(forth)
    with os.fdopen(back, "rb") as stream:
        said = stream.read().decode()
    os.waitpid(child, 0)
    return said


def add(catalog: Catalog, chain: str) -> None:
    """Make one change."""
    with catalog.write(chain=chain) as connection:
        connection.execute(sa.insert(heads).values(chain=chain, sequence=1, digest="d"))


def test_parent_and_child_go_on_with_a_catalog_that_was_open(empty: Project) -> None:
    catalog = Catalog.open(empty.catalog)
    add(catalog, "before")

    def go_on() -> list[str]:
        add(catalog, "child")
        return chains(catalog)

    assert in_a_child(go_on) == "['before', 'child']"
    add(catalog, "parent")
    assert in_a_child(lambda: chains(catalog)) == "['before', 'child', 'parent']"
    assert chains(catalog) == ["before", "child", "parent"]


def test_a_child_that_waits_for_its_parent_gets_the_lock_after_it(empty: Project) -> None:
    catalog = Catalog.open(empty.catalog)
    assert chains(catalog) == []
    back, forth = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(back, 1)
        write_one(empty.catalog, "child")
        os._exit(0)
    with catalog.write() as connection:
        os.write(forth, b"x")
        time.sleep(
            0.3
        )  # the child asks for the lock, and would have it if it took ours for its own
        connection.execute(sa.insert(heads).values(chain="parent", sequence=1, digest="d"))
        seen = connection.execute(sa.select(heads.c.chain)).scalars().all()
    os.waitpid(child, 0)
    os.close(back)
    os.close(forth)
    assert seen == ["parent"]
    assert chains(catalog) == ["child", "parent"]


def test_a_fork_waits_for_the_transaction_of_another_thread(empty: Project) -> None:
    catalog = Catalog.open(empty.catalog)
    begun, ended = threading.Event(), threading.Event()
    may_end = threading.Timer(0.3, ended.set)

    def hold() -> None:
        with catalog.write(chain="thread") as connection:
            begun.set()
            ended.wait(10)
            connection.execute(sa.insert(heads).values(chain="thread", sequence=1, digest="d"))

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait(10)
    may_end.start()
    said = in_a_child(lambda: add(catalog, "child"))
    thread.join(10)
    may_end.join(10)
    assert said == "None"
    assert chains(catalog) == ["child", "thread"]


def test_a_child_forked_inside_a_transaction_neither_ends_it_nor_trusts_its_locks(
    empty: Project,
) -> None:
    catalog = Catalog.open(empty.catalog)
    answers = []

    def fork_in_the_middle() -> str:
        with catalog.write(chain="parent") as connection:
            connection.execute(sa.insert(heads).values(chain="parent", sequence=1, digest="d"))
            child = os.fork()
            if child == 0:
                return "child"
            os.waitpid(child, 0)
        return "parent"

    back, forth = os.pipe()
    try:
        who = fork_in_the_middle()
    except CatalogError as error:
        os.write(forth, error.message.encode())
        try:
            chains(catalog)
        except CatalogError as refused:
            os.write(forth, b"\n" + refused.message.encode())
        os._exit(0)
    assert who == "parent"
    os.close(forth)
    with os.fdopen(back, "rb") as stream:
        answers = stream.read().decode().split("\n")
    assert "forked inside a change" in answers[0]
    if catalog.driver.dialect == "sqlite":
        assert "cannot tell which locks on the catalog are its own" in answers[1]
    assert chains(catalog) == ["parent"]


def test_what_is_idle_is_kept_and_no_more_of_it_than_is_of_use(empty: Project) -> None:
    catalog = Catalog.open(empty.catalog)
    connections = []
    for _ in range(3):
        with catalog.read() as connection:
            connections.append(connection)
    assert len(set(map(id, connections))) == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("registry_assets.catalog.pooling._KEPT", 0)
        with catalog.read():
            pass
    with catalog.read() as connection:
        assert connection is not connections[0]
