"""Projects on every pair of a catalog and a store: made once, and then copied. Not a test."""

import os
import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from registry_assets.catalog.engine import Catalog
from registry_assets.clock import system_clock
from registry_assets.home import CATALOG, STORE, Home
from registry_assets.lifecycle.backends import Backends
from registry_assets.registry import Registry
from registry_assets.store import open_store
from registry_assets_tests.catalog.projects import (
    Databases,
    PostgresDatabases,
    Project,
    SqliteFiles,
)
from registry_assets_tests.servers.postgresql import PostgresServer
from registry_assets_tests.servers.seaweedfs import BUCKET, SeaweedFS
from registry_assets_tests.store.places import Folder, Prefix

LOCAL, REMOTE = "sqlite+folder", "postgresql+s3"
COMBINATIONS = (LOCAL, "postgresql+folder", "sqlite+s3", REMOTE)
Place: TypeAlias = Folder | Prefix
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Site:
    """A project's folder, and the settings that lead to its catalog and to its store.

    It can be handed to another process, which has none of these settings.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def settings(self, **others: str) -> Iterator[None]:
        """Let the settings hold, here and in the processes begun meanwhile."""
        with pytest.MonkeyPatch.context() as patch:
            for name in (CATALOG, STORE):
                patch.delenv(name, raising=False)
            for name, value in {**self.environment, **others}.items():
                patch.setenv(name, value)
            yield

    def enter(self) -> None:
        """Let the settings hold in this process, until it ends."""
        os.environ.update(self.environment)

    @property
    def project(self) -> Project:
        """The project, as those see it who know catalogs only."""
        return Project(self.folder, self.environment.get(CATALOG, ""))


class Combination:
    """One kind of catalog beside one kind of store."""

    def __init__(self, databases: Databases, s3: SeaweedFS | None) -> None:
        self.databases = databases
        self.s3 = s3
        self._client: Any = None if s3 is None else s3.client()

    @property
    def local(self) -> bool:
        """Whether all of it is in the project's folder."""
        return self.databases.name == "sqlite" and self.s3 is None

    def site(self, folder: Path) -> Site:
        """Give a project in which nothing is yet."""
        return self._site(self.databases.project(folder))

    def copy(self, site: Site, folder: Path) -> Site:
        """Copy a project that nobody has open."""
        copied = self._site(self.databases.copy(site.project, folder))
        if self.s3 is not None:
            self._copy_objects(_prefix(site), _prefix(copied))
        return copied

    def registry(self, site: Site) -> Registry:
        """Open a project's registry whatever the settings here say, as threads share those."""
        home = Home(site.folder)
        catalog = Catalog.open(site.environment.get(CATALOG) or home.catalog)
        store = open_store(site.environment.get(STORE) or home.store, s3_client=self._client)
        return Registry(home, Backends(catalog, store, system_clock, home.signing_key))

    def drop(self, site: Site) -> None:
        """Let go of a project; what is in the bucket goes with the server."""
        self.databases.drop(site.project)

    def place(self, site: Site) -> Place:
        """Give what lies behind a project's store, to be looked at and damaged."""
        if self.s3 is None:
            return Folder(Path(Home(site.folder).store))
        return Prefix(site.environment[STORE], self._client)

    def _site(self, project: Project) -> Site:
        environment = {CATALOG: project.url} if project.url else {}
        if self.s3 is not None:
            location = f"s3://{BUCKET}/{secrets.token_hex(8)}"
            environment |= {**self.s3.environment, STORE: location}
        return Site(project.folder, environment)

    def _copy_objects(self, source: str, target: str) -> None:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=source)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]

        def copy(key: str) -> None:
            origin = {"Bucket": BUCKET, "Key": key}
            name = target + key.removeprefix(source)
            self._client.copy_object(Bucket=BUCKET, Key=name, CopySource=origin)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(copy, keys))


def combination(name: str, request: pytest.FixtureRequest) -> Combination:
    """Give a combination by name; its servers start when the first test asks for them."""
    catalog, _, store = name.partition("+")
    databases: Databases = SqliteFiles()
    if catalog == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgresql")
        databases = PostgresDatabases(server)
    return Combination(databases, request.getfixturevalue("s3_server") if store == "s3" else None)


def _prefix(site: Site) -> str:
    return site.environment[STORE].removeprefix(f"s3://{BUCKET}/") + "/"
