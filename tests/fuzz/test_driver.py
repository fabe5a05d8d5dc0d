"""The driver itself: it notices what it is there to notice."""

from __future__ import annotations

import ctypes

import pytest
from hypothesis import strategies as st

MIB = 1024 * 1024


def test_a_fault_is_reported_with_its_input_and_its_batch(fuzz):
    def check(number: int) -> None:
        assert number < 100

    with pytest.raises(AssertionError) as raised:
        fuzz("a fault", st.integers(0, 1000), check, seconds=0)
    assert "value=100" in "".join(raised.value.__notes__)
    assert "a fault: batch of FUZZ_SEED=" in raised.value.__notes__[-1]


def test_what_keeps_nothing_passes(fuzz):
    fuzz("nothing kept", st.integers(), lambda number: None, seconds=0)


def test_one_object_lost_for_each_input_is_noticed(fuzz):
    lost = []
    with pytest.raises(AssertionError, match=r"leaves .* blocks for each call"):
        fuzz("a leak", st.integers(), lambda number: lost.append([number]), seconds=0)


def test_memory_that_python_does_not_count_is_noticed(fuzz):
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p

    def check(number: int) -> None:
        # Not from `malloc`: that may find room which this process has freed before.
        place = libc.mmap(None, ctypes.c_size_t(16 * 1024), 3, 0x22, -1, ctypes.c_long(0))
        ctypes.memset(place, 1, 16 * 1024)

    with pytest.raises(AssertionError, match="bytes in replays"):
        fuzz("a hidden leak", st.integers(), check, seconds=0)


def test_slow_growth_over_many_batches_is_noticed(memory_growth, max_growth_bytes):
    assert memory_growth([100 * MIB + number * MIB // 3 for number in range(100)]) > max_growth_bytes
    assert memory_growth([80 * MIB] * 5 + [200 * MIB] * 95) == 0
    assert memory_growth([100 * MIB]) == 0
