"""The laws of a store, on a folder and on a real S3-speaking server."""

from typing import Any

import pytest

from registry_assets_tests.store.laws import StoreLaws
from registry_assets_tests.store.places import Folder, Prefix


class TestFolderStore(StoreLaws):
    @pytest.fixture
    def place(self, tmp_path_factory: pytest.TempPathFactory) -> Folder:
        return Folder(tmp_path_factory.mktemp("place") / "store")


class TestS3Store(StoreLaws):
    @pytest.fixture
    def place(self, s3_location: str, s3_client: Any) -> Prefix:
        return Prefix(s3_location, s3_client)
