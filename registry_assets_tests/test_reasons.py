"""A reason can be stored, whatever a user's own code raised or said."""

import pytest

from registry_assets.canonical import canonical_json
from registry_assets.errors import DataUnusable
from registry_assets.reasons import LONGEST_REASON, reason_of


class Unspeakable(Exception):
    """An error that cannot be told."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no rows\nand more"), "ValueError: no rows"),
        (ValueError(), "ValueError:"),
        (SystemExit(3), "SystemExit: 3"),
        (DataUnusable("no rows", hint="give some"), "no rows"),
        (ValueError("\udcff\0"), "ValueError: \\udcff\\x00"),
        (Unspeakable(), "Unspeakable"),
    ],
)
def test_a_reason_is_one_line_that_can_be_stored(error: BaseException, said: str) -> None:
    assert reason_of(error) == said
    assert canonical_json(said)


def test_a_reason_without_end_is_cut_and_says_how_long_it_was() -> None:
    found = reason_of(ValueError("x" * 200_000))
    assert found.startswith("ValueError: xxx")
    assert found.endswith("… (200,012 characters)")
    assert len(found) < LONGEST_REASON + 50
