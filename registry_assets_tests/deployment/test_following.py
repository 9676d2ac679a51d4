"""A model that is loaded again when its pointer moves, and that never stops serving."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import registry_assets
from registry_assets.deployment.versions import ResolvedVersion
from registry_assets.errors import (
    BlobCorrupt,
    InvalidReference,
    NotFound,
    PackagingRefused,
    PointerMovedBack,
)
from registry_assets.packaging import Package
from registry_assets_tests.deployment.conftest import MODEL, PRODUCTION, Shelf
from registry_assets_tests.lifecycle.changes import flip
from registry_assets_tests.packaging.projects import flights, planes

ROWS, PLANES = flights(40), planes()


def test_what_serves_follows_the_pointer_when_it_is_asked_to(
    shelf: Shelf, reversed_package: Package
) -> None:
    first = shelf.promote(1)
    model = registry_assets.follow(PRODUCTION)
    assert (model.version, model.digest, model.generation) == (1, first, 1)
    before = model.predict(ROWS, planes=PLANES)
    assert model.refresh() is False
    second = shelf.promote(2, package=reversed_package)
    assert model.version == 1
    assert model.refresh() is True
    assert (model.version, model.digest, model.generation) == (2, second, 2)
    assert model.resolved == ResolvedVersion(MODEL, 2, second, 2)
    assert (model.predict(ROWS, planes=PLANES) != before).mean() > 0.9
    assert model.predict_proba(ROWS, planes=PLANES).shape == (40, 2)
    shelf.point(first, version=1, generation=3)
    assert model.refresh() is True
    np.testing.assert_array_equal(model.predict(ROWS, planes=PLANES), before)


def test_a_move_to_the_version_that_serves_loads_nothing_anew(shelf: Shelf) -> None:
    first = shelf.promote(1)
    model = registry_assets.follow(PRODUCTION)
    served = model.model
    shelf.point(first, version=1, generation=4)
    assert model.refresh() is False
    assert model.model is served
    assert model.generation == 4


def corrupt(shelf: Shelf) -> None:
    flip(shelf.blob_of(shelf.promote(2, files={"signature.json": b"[ ]"}), "signature.json"))


def unloadable(shelf: Shelf) -> None:
    shelf.promote(2, files={"package.json": b'{"format": 99}'})


def raising(shelf: Shelf) -> None:
    shelf.promote(2, files={"code/airline/features.py": b"raise OSError('the sky fell')"})


def ending(shelf: Shelf) -> None:
    shelf.promote(2, files={"code/airline/features.py": b"raise SystemExit(3)"})


def moved_back(shelf: Shelf) -> None:
    digest = shelf.promote(2, generation=5)
    registry_assets.resolve(PRODUCTION)
    shelf.point(digest, version=2, generation=4)


@pytest.mark.parametrize(
    ("happens", "problem"),
    [
        (corrupt, BlobCorrupt),
        (unloadable, PackagingRefused),
        (raising, OSError),
        (ending, SystemExit),
        (moved_back, PointerMovedBack),
    ],
)
def test_what_does_not_verify_or_load_leaves_the_last_version(
    shelf: Shelf, happens: Any, problem: type[BaseException]
) -> None:
    shelf.promote(1)
    model = registry_assets.follow(PRODUCTION)
    expected = model.predict(ROWS, planes=PLANES)
    happens(shelf)
    for _ in range(2):
        assert model.refresh() is False
        assert type(model.problem) is problem
        assert model.version == 1
        np.testing.assert_array_equal(model.predict(ROWS, planes=PLANES), expected)
    shelf.promote(3, generation=9)
    assert model.refresh() is True
    assert model.problem is None
    assert model.version == 3


def test_there_must_be_a_first_version(shelf: Shelf) -> None:
    with pytest.raises(NotFound):
        registry_assets.follow(PRODUCTION)
    shelf.promote(1)
    with pytest.raises(InvalidReference):
        registry_assets.follow("flight_delay:1")


def test_a_thread_follows_for_as_long_as_the_block_lasts(shelf: Shelf) -> None:
    shelf.promote(1)
    with registry_assets.follow(PRODUCTION, every=0.01) as model:
        shelf.promote(2)
        wait_until(lambda: model.version == 2)
        corrupt_digest = shelf.promote(3, files={"signature.json": b"[ ]"})
        flip(shelf.blob_of(corrupt_digest, "signature.json"))
        wait_until(lambda: isinstance(model.problem, BlobCorrupt))
        assert model.version == 2
        shelf.promote(4)
        wait_until(lambda: model.version == 4)
        assert model.problem is None
    assert not [thread for thread in threading.enumerate() if PRODUCTION in thread.name]
    shelf.promote(5)
    assert model.version == 4
    assert model.predict(ROWS, planes=PLANES).shape == (40,)


class Waiting:
    """Rows that come when they are let to: whoever predicts for them is in flight till then."""

    def __init__(self) -> None:
        self.asked, self.let = threading.Event(), threading.Event()

    def __iter__(self) -> Iterator[Any]:
        self.asked.set()
        assert self.let.wait(60)
        return iter(ROWS.to_dict("records"))


def test_a_prediction_in_flight_ends_on_the_model_it_began_with(
    shelf: Shelf, reversed_package: Package
) -> None:
    shelf.promote(1)
    model = registry_assets.follow(PRODUCTION)
    expected = model.predict(ROWS, planes=PLANES)
    rows, answers = Waiting(), []

    def predict() -> None:
        answers.append(model.predict(rows, planes=PLANES))  # type: ignore[arg-type]

    flying = threading.Thread(target=predict)
    flying.start()
    assert rows.asked.wait(60)
    shelf.promote(2, package=reversed_package)
    assert model.refresh() is True
    rows.let.set()
    flying.join(60)
    np.testing.assert_array_equal(answers[0], expected)
    assert model.version == 2


def test_many_threads_see_one_whole_version_at_a_time(
    shelf: Shelf, reversed_package: Package
) -> None:
    digests = {1: shelf.publish(1), 2: shelf.publish(2, package=reversed_package)}
    shelf.point(digests[1], version=1, generation=1)
    model = registry_assets.follow(PRODUCTION)
    expected = {1: model.predict(ROWS, planes=PLANES)}
    shelf.point(digests[2], version=2, generation=2)
    model.refresh()
    expected[2] = model.predict(ROWS, planes=PLANES)
    wrong: list[Any] = []
    ended = threading.Event()

    def predict() -> None:
        while not ended.is_set():
            served = model.model
            found = served.predict(ROWS, planes=PLANES)
            if not np.array_equal(found, expected[served.version or 0]):
                wrong.append(served)

    threads = [threading.Thread(target=predict) for _ in range(4)]
    for thread in threads:
        thread.start()
    for generation in range(3, 13):
        version = 1 + generation % 2
        shelf.point(digests[version], version=version, generation=generation)
        model.refresh()
    ended.set()
    for thread in threads:
        thread.join(60)
    assert model.problem is None
    assert wrong == []


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
