"""Counts on a grid: they depend on what was counted, not on how it came."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry_assets.monitoring.profile import cells as module
from registry_assets.monitoring.profile.cells import MOST_CELLS, Cells
from registry_assets.monitoring.profile.ordering import IntArray


def plain(cells: Cells) -> tuple[int, list[int], list[int]]:
    return cells.shift, cells.keys.tolist(), cells.counts.tolist()


def counted(keys: IntArray) -> Cells:
    return Cells.of_sorted(np.sort(keys))


def test_few_keys_are_counted_one_by_one() -> None:
    found = counted(np.array([7, -2, 7, 7]))
    assert plain(found) == (0, [-2, 7], [1, 3])
    assert found.exact
    assert found.total == 4


def test_of_many_keys_the_grid_is_as_fine_as_it_can_be() -> None:
    keys = np.arange(MOST_CELLS * 3)
    found = counted(keys)
    assert found.shift == 2
    assert len(found.keys) == MOST_CELLS * 3 // 4
    assert set(found.counts.tolist()) == {4}
    assert counted(keys[:MOST_CELLS]).shift == 0
    assert counted(keys[: MOST_CELLS + 1]).shift == 1


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_order_and_portions_do_not_matter(data: st.DataObject) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MOST_CELLS", data.draw(st.sampled_from([1_500, 4_094])))
        keys = data.draw(
            st.lists(st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(0, 5000), min_size=1)
        )
        dense = np.random.default_rng(len(keys)).integers(-9_000, 9_000, 6_000)
        every = np.concatenate([np.array(keys), dense])
        # Keys of doubles have at most 2,048 exponents of either sign.
        if module.MOST_CELLS < 4_094:
            every >>= np.int64(11)
        shuffled = np.array(data.draw(st.permutations(range(5))))
        portions = [np.array_split(every[::-1], 5)[at] for at in shuffled]
        together = Cells.none()
        for portion in portions:
            # As a later portion is: on the grid that the earlier ones needed.
            together += Cells.of_sorted(np.sort(portion), shift=together.shift)
        paired = (counted(portions[0]) + counted(portions[1])) + (
            counted(portions[2]) + (counted(portions[3]) + counted(portions[4]))
        )
        assert plain(together) == plain(counted(every)) == plain(paired)
        assert together.total == len(every)


def test_the_coarsest_grid_holds_every_double() -> None:
    bits = np.random.default_rng(0).integers(0, 2**64, 200_000, dtype=np.uint64)
    values = bits.view(np.float64)
    from registry_assets.monitoring.profile.ordering import keys_of

    found = counted(keys_of(values[np.isfinite(values)]))
    assert len(found.keys) <= MOST_CELLS
    assert found.shift <= 52
