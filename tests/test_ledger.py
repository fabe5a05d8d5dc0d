"""The ledger: never over however many ask at once, nothing lost, nobody starved; and time that ends."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from decimal import Decimal
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.errors import ConfigError, RunBudgetExceeded, StoreUnavailable
from selftaught.ledger import NOTHING, Ledger, RunBudget, Spending, spending_document, spending_from, usd

PATIENCE_SECONDS = 10.0
"""Who waits for longer waits for ever."""

MONEY = st.floats(0, 3, allow_nan=False).map(lambda cost: round(cost, 6))


@dataclasses.dataclass(kw_only=True, eq=False)
class Job:
    """An exchange as it was planned, and what became of it.

    Attributes:
        arrives_after: Turns of the loop before it wants to reserve.
        worst: What it reserves.
        share: How much of that it spends.
        lasts: Turns of the loop that it takes.
        fails: Whether it ends with an exception, after spending.
        cancelled_after: Turns of the loop until it is cancelled; None if it is not.
    """

    arrives_after: int
    worst: Spending
    share: float
    lasts: int
    fails: bool
    cancelled_after: int | None
    ended: str = "not begun"

    @property
    def spends(self) -> Spending:
        return Spending(
            cost_usd=self.worst.cost_usd * self.share,
            tokens_in=int(self.worst.tokens_in * self.share),
            tokens_out=int(self.worst.tokens_out * self.share),
        )


JOBS = st.lists(
    st.builds(
        Job,
        arrives_after=st.integers(0, 12),
        worst=st.builds(Spending, cost_usd=MONEY, tokens_in=st.integers(0, 400), tokens_out=st.integers(0, 400)),
        share=st.sampled_from([0.0, 0.1, 1 / 3, 0.7, 1.0]),
        lasts=st.integers(0, 9),
        fails=st.sampled_from([False, False, False, True]),
        cancelled_after=st.one_of(st.none(), st.none(), st.integers(0, 20)),
    ),
    min_size=1,
    max_size=40,
)
BUDGETS = st.builds(
    RunBudget,
    cost_usd=st.one_of(st.none(), st.floats(0, 12).map(lambda cost: round(cost, 6))),
    tokens=st.one_of(st.none(), st.integers(0, 3000)),
)


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def is_over(budget: RunBudget, cost_usd: Decimal, tokens: int) -> bool:
    over_money = budget.cost_usd is not None and cost_usd > Decimal(repr(budget.cost_usd))
    return over_money or (budget.tokens is not None and tokens > budget.tokens)


def is_too_much(job: Job, watch: Watch) -> bool:
    """Whether a job does not fit beside what was spent in the end."""
    cost = watch.gone_usd + Decimal(repr(job.worst.cost_usd))
    return is_over(watch.ledger.budget, cost, watch.gone_tokens + job.worst.tokens)


@dataclasses.dataclass(kw_only=True)
class Watch:
    """Counts beside a ledger what is in flight and what was spent, by other arithmetic."""

    ledger: Ledger
    cost_usd: Decimal = Decimal(0)
    tokens: int = 0
    cut_off_cost_usd: Decimal = Decimal(0)
    cut_off_tokens: int = 0
    in_flight: list[Job] = dataclasses.field(default_factory=list)
    arrived: list[Job] = dataclasses.field(default_factory=list)
    admitted: list[Job] = dataclasses.field(default_factory=list)

    async def carry_out(self, job: Job) -> None:
        try:
            await turns(job.arrives_after)
            self.arrived.append(job)
            job.ended = "waiting"
            async with self.ledger.reserved(job.worst) as reservation:
                self.enter(job)
                try:
                    await turns(job.lasts)
                    reservation.enter(job.spends)
                    job.ended = "spent"
                finally:
                    self.leave(job)
                if job.fails:
                    raise ConnectionError
        except ConnectionError:
            job.ended = "failed"
        except RunBudgetExceeded as error:
            job.ended = "refused"
            assert not self.in_flight, "what is in flight comes first"
            assert self.ledger.spent.cost_usd == error.used or self.ledger.spent.tokens == error.used
        except asyncio.CancelledError:
            job.ended = "cancelled" if job.ended in ("not begun", "waiting") else f"cancelled, {job.ended}"
            raise

    def enter(self, job: Job) -> None:
        self.in_flight.append(job)
        self.admitted.append(job)
        cost = sum((Decimal(repr(other.worst.cost_usd)) for other in self.in_flight), self.gone_usd)
        tokens = self.gone_tokens + sum(other.worst.tokens for other in self.in_flight)
        assert not is_over(self.ledger.budget, cost, tokens)

    def leave(self, job: Job) -> None:
        self.in_flight.remove(job)
        if job.ended == "spent":
            self.cost_usd += Decimal(repr(job.spends.cost_usd))
            self.tokens += job.spends.tokens
        else:
            self.cut_off_cost_usd += Decimal(repr(job.worst.cost_usd))
            self.cut_off_tokens += job.worst.tokens

    @property
    def gone_usd(self) -> Decimal:
        return self.cost_usd + self.cut_off_cost_usd

    @property
    def gone_tokens(self) -> int:
        return self.tokens + self.cut_off_tokens

    async def run(self, jobs: list[Job]) -> None:
        async def cancel(task: asyncio.Task[None], after: int) -> None:
            await turns(after)
            task.cancel()

        tasks = [asyncio.create_task(self.carry_out(job)) for job in jobs]
        cancelling = [
            asyncio.create_task(cancel(task, job.cancelled_after))
            for task, job in zip(tasks, jobs, strict=True)
            if job.cancelled_after is not None
        ]
        async with asyncio.timeout(PATIENCE_SECONDS):
            ended = await asyncio.gather(*tasks, *cancelling, return_exceptions=True)
        assert {type(end) for end in ended} <= {type(None), asyncio.CancelledError}, ended


@settings(max_examples=500, deadline=None)
@given(jobs=JOBS, budget=BUDGETS, before=st.builds(Spending, cost_usd=MONEY, tokens_in=st.integers(0, 500)))
def test_whoever_asks_whenever_it_is_never_over_and_nothing_is_lost(jobs, budget, before):
    async def scenario():
        ledger = Ledger(budget, spent=before)
        watch = Watch(ledger=ledger, cost_usd=Decimal(repr(before.cost_usd)), tokens=before.tokens)
        await watch.run(jobs)
        assert Decimal(repr(ledger.spent.cost_usd)) == watch.cost_usd
        assert ledger.spent.tokens == watch.tokens
        assert Decimal(repr(ledger.uncounted.cost_usd)) == watch.cut_off_cost_usd
        assert ledger.uncounted.tokens == watch.cut_off_tokens
        assert all(job.ended.startswith(("spent", "failed", "refused", "cancelled")) for job in jobs)
        refused = [job for job in watch.arrived if job.ended == "refused"]
        if refused:
            # The first may have been cancelled in the moment in which it was refused.
            did_not_fit = [job for job in watch.arrived if job not in watch.admitted and is_too_much(job, watch)]
            assert watch.arrived.index(did_not_fit[0]) <= watch.arrived.index(refused[0])
            later = watch.arrived[watch.arrived.index(refused[0]) :]
            assert not set(later) & set(watch.admitted)
        else:
            await all_that_is_left_can_be_reserved_at_once(ledger)

    asyncio.run(scenario())


async def all_that_is_left_can_be_reserved_at_once(ledger: Ledger) -> None:
    """A reservation that was never given back would be in the way."""
    budget, spent = ledger.budget, ledger.spent + ledger.uncounted
    left = Spending(
        cost_usd=max(0.0, (budget.cost_usd or 0.0) - spent.cost_usd),
        tokens_in=max(0, (budget.tokens or 0) - spent.tokens),
    )
    if is_over(budget, Decimal(repr(spent.cost_usd)), spent.tokens):
        return  # what was preset is over already
    async with asyncio.timeout(PATIENCE_SECONDS), ledger.reserved(left):
        pass


AMOUNTS = st.lists(st.floats(0, 1000).map(lambda cost: round(cost, 9)), max_size=60)


@given(costs=AMOUNTS, order=st.randoms(use_true_random=False))
def test_a_sum_is_exact_and_the_same_in_any_order(costs, order):
    parts = [Spending(cost_usd=cost, seconds=cost) for cost in costs]
    exact = sum((Fraction(repr(cost)) for cost in costs), Fraction(0))
    for _ in range(2):
        total = sum(parts, NOTHING)
        assert Fraction(repr(total.cost_usd)) == exact
        for part in parts:
            total -= part
        assert total == NOTHING
        order.shuffle(parts)


def test_ten_dimes_are_a_dollar():
    """0.1 ten times is less than 1 in binary, and three times more than 0.3."""

    async def scenario(limit: float, n: int) -> int:
        ledger, done = Ledger(RunBudget(cost_usd=limit)), 0
        with contextlib.suppress(RunBudgetExceeded):
            for _ in range(n + 3):
                async with ledger.reserved(Spending(cost_usd=0.1)) as reservation:
                    reservation.enter(reservation.worst)
                    done += 1
        assert ledger.spent.cost_usd == limit
        return done

    assert asyncio.run(scenario(1.0, 10)) == 10
    assert asyncio.run(scenario(0.3, 3)) == 3


def test_a_hundred_thousand_calls_leave_no_drift():
    total = Spending()
    part = Spending(cost_usd=0.000001, seconds=0.001)
    for _ in range(100_000):
        total += part
    assert (total.cost_usd, total.seconds) == (0.1, 100.0)


def test_one_that_waits_goes_on_when_there_is_room():
    async def scenario():
        ledger = Ledger(RunBudget(tokens=100))
        may_end, second_began = asyncio.Event(), asyncio.Event()

        async def first():
            async with ledger.reserved(Spending(tokens_out=80)) as reservation:
                await may_end.wait()
                reservation.enter(Spending(tokens_out=10))

        async def second():
            async with ledger.reserved(Spending(tokens_out=90)):
                second_began.set()

        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            group.create_task(first())
            group.create_task(second())
            await turns(20)
            assert not second_began.is_set()
            may_end.set()
            await second_began.wait()
        assert ledger.spent.tokens == 10

    asyncio.run(scenario())


def test_who_came_first_goes_first():
    async def scenario():
        ledger, order = Ledger(RunBudget(tokens=10)), []

        async def exchange(number: int):
            async with ledger.reserved(Spending(tokens_out=10 - number)) as reservation:
                order.append(number)
                await turns(number % 3)
                reservation.enter(NOTHING)

        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*map(exchange, range(9)))
        assert order == list(range(9))

    asyncio.run(scenario())


def test_a_large_reservation_is_not_starved_by_small_ones():
    async def scenario():
        ledger = Ledger(RunBudget(tokens=1000))
        small_after = 0
        large_done = asyncio.Event()

        async def small():
            nonlocal small_after
            while True:
                async with ledger.reserved(Spending(tokens_out=300)) as reservation:
                    small_after += large_waits
                    await turns(3)
                    reservation.enter(NOTHING)

        async def large():
            async with ledger.reserved(Spending(tokens_out=1000)):
                large_done.set()

        large_waits = False
        streams = [asyncio.create_task(small()) for _ in range(3)]
        await turns(5)
        large_waits = True
        waiting = asyncio.create_task(large())
        async with asyncio.timeout(PATIENCE_SECONDS):
            await large_done.wait()
        for task in streams:
            task.cancel()
        await asyncio.gather(*streams, waiting, return_exceptions=True)
        assert small_after == 0

    asyncio.run(scenario())


def test_what_is_in_flight_is_answered_before_the_run_is_over():
    async def scenario():
        ledger = Ledger(RunBudget(cost_usd=1.0))
        order = []

        async def exchange(name: str, worst: float, n_turns: int):
            try:
                async with ledger.reserved(Spending(cost_usd=worst)) as reservation:
                    await turns(n_turns)
                    reservation.enter(reservation.worst)
                    order.append(name)
            except RunBudgetExceeded:
                order.append(f"{name} refused")

        async with asyncio.TaskGroup() as group:
            for asked in (("long", 0.4, 40), ("short", 0.4, 5), ("too much", 0.7, 1), ("tiny", 0.01, 1)):
                group.create_task(exchange(*asked))
        assert order == ["short", "long", "too much refused", "tiny refused"]
        assert ledger.spent.cost_usd == 0.8
        await exchange("afterwards", 0.01, 0)
        assert order[-1] == "afterwards refused"

    asyncio.run(scenario())


async def reserved_until(ledger: Ledger, may_end: asyncio.Event, tokens: int) -> None:
    """Nothing; so many tokens are reserved until the event, and none is spent."""
    async with ledger.reserved(Spending(tokens_out=tokens)) as reservation:
        await may_end.wait()
        reservation.enter(NOTHING)


def test_one_that_is_cancelled_in_the_moment_in_which_it_is_refused_refuses_nobody():
    async def scenario():
        ledger = Ledger(RunBudget(tokens=10))
        may_end = asyncio.Event()
        exchange = partial(reserved_until, ledger, may_end)

        async def cancel_when_refused(task: asyncio.Task[None]):
            await may_end.wait()  # woken after the one in flight, so that one has ended
            task.cancel()

        first, too_large = asyncio.create_task(exchange(5)), asyncio.create_task(exchange(11))
        await turns(3)
        cancelling = asyncio.create_task(cancel_when_refused(too_large))
        await turns(3)
        may_end.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            ended = await asyncio.gather(first, too_large, cancelling, return_exceptions=True)
            assert isinstance(ended[1], asyncio.CancelledError), "it was not told"
            await exchange(10)

    asyncio.run(scenario())


def test_where_answers_could_not_be_stored_what_is_in_flight_is_answered_and_nothing_more_is_asked():
    async def scenario():
        why: list[str] = []
        ledger = Ledger(resume="selftaught resume r-7", shortage=lambda: why[0] if why else None)
        order = []

        async def exchange(name: str):
            try:
                async with ledger.reserved(Spending(tokens_out=1)) as reservation:
                    await turns(5)
                    reservation.enter(reservation.worst)
                    order.append(name)
            except StoreUnavailable as error:
                order.append(f"{name} refused: {error}")

        async with asyncio.TaskGroup() as group:
            group.create_task(exchange("first"))
            await turns(2)
            why.append("no room")
            group.create_task(exchange("second"))
            await turns(2)
            assert order == [], "it waits for what is in flight"
        assert order == ["first", "second refused: no room"]
        why.clear()
        await exchange("third")
        assert order[-1] == "third refused: no room", "the run has ended"
        assert ledger.spent.tokens == 1

    asyncio.run(scenario())


def test_one_that_is_cancelled_while_it_waits_refuses_nobody():
    async def scenario():
        ledger = Ledger(RunBudget(tokens=10))
        may_end = asyncio.Event()
        exchange = partial(reserved_until, ledger, may_end)

        first, too_large = asyncio.create_task(exchange(5)), asyncio.create_task(exchange(11))
        await turns(3)
        too_large.cancel()
        may_end.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(first, too_large, return_exceptions=True)
            await exchange(10)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("budget", "spent", "worst", "says"),
    [
        (
            RunBudget(cost_usd=1.0),
            Spending(cost_usd=0.98),
            Spending(cost_usd=0.021),
            "the run has spent 0.9800 USD of 1.00 USD (--max-cost), and the next call may take more than is left; "
            "what it did is stored, and with a larger --max-cost and the same --rng-seed it pays for no answer again",
        ),
        (
            RunBudget(tokens=10_000),
            Spending(tokens_in=5000, tokens_out=4000),
            Spending(tokens_in=1, tokens_out=1000),
            "the run has spent 9,000 of 10,000 tokens (--max-tokens), and the next call may take more than is left; "
            "what it did is stored, and with a larger --max-tokens and the same --rng-seed it pays for no answer again",
        ),
    ],
    ids=["money", "tokens"],
)
def test_a_run_goes_on_from_what_it_spent_and_says_what_is_over(budget, spent, worst, says):
    async def reserve(more: Spending, resume: str | None = None):
        async with Ledger(budget, spent=spent, resume=resume).reserved(more):
            pass

    asyncio.run(reserve(Spending(cost_usd=0.02, tokens_out=1000)))
    with pytest.raises(RunBudgetExceeded) as raised:
        asyncio.run(reserve(worst))
    assert str(raised.value) == says
    flag = "--max-cost" if budget.tokens is None else "--max-tokens"
    with pytest.raises(RunBudgetExceeded) as raised:
        asyncio.run(reserve(worst, "selftaught resume r-7 --store my.db"))
    assert str(raised.value).endswith(
        f"what it did is stored, and `selftaught resume r-7 --store my.db {flag} MORE` with a larger limit "
        "goes on from there and pays for no answer again"
    )


def test_what_nobody_counted_is_not_spent_again():
    async def scenario():
        ledger = Ledger(RunBudget(cost_usd=1.0, tokens=10_000))
        worst = Spending(cost_usd=0.4, tokens_out=3000)
        with contextlib.suppress(ConnectionError):
            async with ledger.reserved(worst):
                raise ConnectionError
        async with ledger.reserved(worst) as reservation:
            reservation.enter(Spending(cost_usd=0.1, tokens_out=700))
        assert ledger.spent == Spending(cost_usd=0.1, tokens_out=700, n_unpriced=1), "what that cost is not known"
        assert ledger.uncounted == worst
        async with ledger.reserved(Spending(cost_usd=0.5, tokens_out=6300)) as reservation:
            reservation.enter(NOTHING)
        for more, says in [
            (
                Spending(cost_usd=0.51),
                "0.1000 USD of 1.00 USD (--max-cost) and maybe 0.4000 USD more that nobody counted",
            ),
            (Spending(tokens_in=6301), "700 of 10,000 tokens (--max-tokens) and maybe 3,000 more that nobody counted"),
        ]:
            other = Ledger(ledger.budget, spent=ledger.spent)
            other.uncounted = ledger.uncounted
            with pytest.raises(RunBudgetExceeded) as raised:
                async with other.reserved(more):
                    pass
            assert says in str(raised.value)

    asyncio.run(scenario())


def test_money_is_not_bounded_where_no_price_is_known():
    async def reserve(budget: RunBudget):
        async with Ledger(budget).reserved(Spending(tokens_out=5, n_unpriced=1)):
            pass

    asyncio.run(reserve(RunBudget(tokens=5)))
    with pytest.raises(ConfigError, match=r"the price of the model is not known, so --max-cost cannot be kept; give"):
        asyncio.run(reserve(RunBudget(cost_usd=5.0)))


# ---------------------------------------------------------------- time


def test_what_goes_on_when_the_time_is_over_is_cancelled():
    async def scenario():
        ledger, ends = Ledger(RunBudget(seconds=0.05)), []
        with pytest.raises(RunBudgetExceeded) as raised:
            async with ledger.within_time():
                try:
                    await asyncio.Event().wait()
                finally:
                    ends.append("let go")
        assert ends == ["let go"]
        assert (raised.value.budget, raised.value.limit) == ("time", 0.05)
        assert str(raised.value).startswith("the run may take 0.05 s (--max-seconds), and its time is over; what")

    asyncio.run(scenario())


def test_the_time_goes_on_from_one_block_to_the_next():
    async def scenario():
        ledger = Ledger(RunBudget(seconds=1.0))
        async with ledger.within_time():
            pass
        await asyncio.sleep(1.1)
        with pytest.raises(RunBudgetExceeded):
            async with ledger.within_time(), ledger.within_time():
                await asyncio.sleep(0.5)  # less than the limit: only what had passed before can end it

    asyncio.run(scenario())


def test_the_time_that_a_resumed_run_took_before_counts():
    async def scenario():
        async with Ledger(RunBudget(seconds=5000), seconds_used=5001).within_time():
            await asyncio.sleep(PATIENCE_SECONDS)

    with pytest.raises(RunBudgetExceeded):
        asyncio.run(scenario())


def test_time_outs_and_cancellations_of_others_are_left_alone():
    async def scenario():
        ledger = Ledger(RunBudget(seconds=PATIENCE_SECONDS))
        with pytest.raises(TimeoutError):
            async with ledger.within_time(), asyncio.timeout(0):
                await asyncio.sleep(PATIENCE_SECONDS)
        with pytest.raises(asyncio.CancelledError):
            async with ledger.within_time():
                raise asyncio.CancelledError
        async with Ledger().within_time():
            pass

    asyncio.run(scenario())


# ---------------------------------------------------------------- documents and words


@given(st.builds(Spending, tokens_in=st.integers(0), cost_usd=MONEY, n_unpriced=st.integers(0, 3), seconds=MONEY))
def test_a_document_says_the_same_again(spending):
    document = spending_document(spending, samples_known=2)
    assert spending_from(document) == spending
    assert document["cost_usd"] == (None if spending.n_unpriced else spending.cost_usd)


@pytest.mark.parametrize("document", [{}, {"tokens_in": 3}, dict.fromkeys(spending_document(NOTHING), "x")])
def test_what_is_no_such_document_is_refused(document):
    with pytest.raises(ValueError, match="no record of what was spent"):
        spending_from(document)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0.00 USD"),
        (1234.567, "1,234.57 USD"),
        (0.0123, "0.0123 USD"),
        (0.00042, "0.000420 USD"),
        (0.0000012, "0.000001200 USD"),
    ],
)
def test_money_has_as_many_decimals_as_it_needs(amount, text):
    assert usd(amount) == text
