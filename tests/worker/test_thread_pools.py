"""The stand-in for `pebble.ThreadPool`: calls in threads, and late ones interrupted."""

from __future__ import annotations

import threading

import pytest

from selftaught.worker.thread_pools import LateCall, ThreadPool


def loop() -> None:
    while True:
        pass


def test_a_call_gives_its_result_by_position_and_keyword():
    with ThreadPool(max_workers=2) as pool:
        assert pool.schedule(divmod, (7, 2)).result() == (3, 1)
        assert pool.schedule(int, args=["11"], kwargs={"base": 2}).result(timeout=60) == 3
        assert pool.submit(int, "11", base=3).result() == 4


def test_what_a_call_raises_is_raised_where_its_result_is_wanted():
    with pytest.raises(ZeroDivisionError):
        ThreadPool().schedule(divmod, (1, 0)).result()


def test_a_call_that_is_waited_for_in_vain_is_interrupted():
    call = ThreadPool().schedule(loop)
    with pytest.raises(TimeoutError):
        call.result(timeout=0.01)
    call.thread.join()
    assert type(call.exception()) is LateCall


def test_a_time_out_that_the_call_raises_itself_interrupts_nothing():
    def late() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        ThreadPool().schedule(late).result(timeout=60)


def test_stopping_interrupts_what_is_under_way():
    pool, started = ThreadPool(), threading.Event()

    def started_loop() -> None:
        started.set()
        loop()

    call = pool.schedule(started_loop)
    started.wait()
    pool.stop()
    pool.join()
    assert type(call.exception()) is LateCall


def test_a_closed_pool_takes_no_calls_but_finishes_those_it_has():
    pool, let_go = ThreadPool(), threading.Event()
    call = pool.schedule(let_go.wait)
    pool.close()
    with pytest.raises(RuntimeError, match="this pool is closed"):
        pool.schedule(len, ("",))
    let_go.set()
    pool.join()
    assert call.result() is True
