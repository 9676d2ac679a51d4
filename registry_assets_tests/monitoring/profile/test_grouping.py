"""Groups as bytes and back."""

import pytest

from registry_assets.errors import ProfileInvalid
from registry_assets.monitoring.profile import profiles_by
from registry_assets.monitoring.profile.grouping import groups_from_bytes, groups_to_bytes
from registry_assets_tests.evaluation.data.frames import ordinary


def test_groups_come_back_as_they_were() -> None:
    groups = profiles_by(ordinary(500, seed=0), by=("category", "flag", "absent"))[1]
    assert groups_from_bytes(groups_to_bytes(groups)) == groups
    assert groups_from_bytes(groups_to_bytes(())) == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data.replace(b"groups/1", b"groups/2"),
        lambda data: data.replace(b'"column"', b'"columns"', 1),
        lambda data: b"[]\n",
    ],
)
def test_other_bytes_are_refused(change: object) -> None:
    data = groups_to_bytes(profiles_by(ordinary(100, seed=0), by=("flag",))[1])
    assert callable(change)
    with pytest.raises(ProfileInvalid):
        groups_from_bytes(change(data))
