"""What a run spends is bounded, recorded and told: whole runs on a model that costs."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import sqlite3
import time

import pytest

from selftaught.analysis.compare import run_compare
from selftaught.analysis.run_ledger import LEVELS, Figures, figures_by_model, ledger_of
from selftaught.analysis.series import run_series
from selftaught.analysis.transfer import run_transfer
from selftaught.errors import LanguageModelError, RunBudgetExceeded, StoreError
from selftaught.experiment import run_stop
from selftaught.improver import bundled_improver
from selftaught.ledger import NOTHING, Spending, spending_document, spending_from
from selftaught.models import CallFailed
from selftaught.names import resolve_improver
from selftaught.progress import Progress
from selftaught.settings import CompareSettings, ImproveSettings, RunSettings, TransferSettings, checked_settings
from selftaught.single import improve
from selftaught.store import Store
from selftaught.store.clock import now

SMALL = {
    "model": "priced", "rng_seed": 0, "workers": 2, "rounds": 1, "repeats": 2, "gate_repeats": 2, "test_repeats": 2,
    "fresh_repeats": 3, "budget_calls": 2, "budget_responses": 3, "budget_utility": 6, "meta_budget_calls": 1,
    "meta_budget_responses": 2, "meta_budget_utility": 3, "max_output_tokens": 100, "accept": "always",
}  # fmt: skip

SOLUTION = "def double(numbers):\n    return [2 * number for number in numbers]\n"
TWO_MESSAGES = '''
def improve_algorithm(initial_solution, utility, language_model):
    """Ask for two messages in one call."""
    from helpers import extract_code
    messages = [initial_solution, "Think anew.\\n" + utility.str]
    answers = language_model.batch_prompt("expert", messages)
    return max(extract_code(answers), key=utility)
'''


def script(message: str, sample: int) -> str:
    """A better solution; or of an improver, one that asks two messages."""
    program = TWO_MESSAGES if "improve_algorithm" in message else SOLUTION
    return f"Sample {sample}.\n\n```python\n{program}```\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(tmp_path_factory.mktemp("spending") / "store.db", clock=now) as opened:
        yield opened


@pytest.fixture(scope="module")
def priced(registered, priced_model):
    """The models that were made by the name `priced`."""
    made = []

    def make(context):
        made.append(priced_model(context, script))
        return made[-1]

    registered("priced", make)
    return made


@pytest.fixture(scope="module")
def stop(run, store, doubling):
    """`stop(...)`: the document of a small run on a model that costs."""

    def stop(progress=None, **settings):
        checked = checked_settings(RunSettings, **{**SMALL, **settings})
        return run(run_stop([doubling], checked, store, progress or Progress()))

    return stop


@pytest.fixture(scope="module")
def whole(priced, stop):
    """The document of a small run that nothing ends."""
    return stop()


@pytest.fixture(scope="module")
def ledger(whole, store):
    """Its ledger."""
    return ledger_of(store.run(whole["run_id"]), store)


def entries(entry):
    yield entry
    for part in entry.parts:
        yield from entries(part)


def spent_by(model, request):
    reply = [script(message, sample) for message in request.messages for sample in range(request.n_responses)]
    sent = sum(len(request.expertise) + len(message) for message in request.messages) // 4
    return model._priced(sent, sum(map(len, reply)) // 4)


# ---------------------------------------------------------------- what was spent


def test_a_run_says_what_its_calls_cost(priced, whole):
    model = priced[0]
    spent = sum((spent_by(model, request) for request in model.asked), NOTHING)
    assert spent.tokens_in > 0 < spent.tokens_out
    assert whole["spending"] == spending_document(spent)
    assert whole["budget"]["calls"] == len(model.asked)
    assert "responses_known" not in whole["budget"]


def test_every_level_of_the_ledger_is_the_sum_of_its_parts_and_the_first_is_the_run(whole, ledger, store):
    for entry in entries(ledger):
        assert [LEVELS.index(part.level) > LEVELS.index(entry.level) for part in entry.parts].count(False) == 0
        if entry.parts and entry.level != "repeat":
            assert entry.figures == sum((part.figures for part in entry.parts), Figures())
        elif entry.parts:
            of_calls = sum((part.figures for part in entry.parts), Figures())
            assert (of_calls.calls, of_calls.samples) == (entry.figures.calls, entry.figures.samples)
            assert of_calls.spending == entry.figures.spending
    for level in set(LEVELS) - {"phase"}:  # what comes beside the rounds has no phases
        at_level = [entry.figures for entry in entries(ledger) if entry.level == level]
        assert sum(figures.calls for figures in at_level) == whole["budget"]["calls"]
        assert sum(figures.samples for figures in at_level) == whole["budget"]["responses"]
        assert spending_document(sum((figures.spending for figures in at_level), NOTHING)) == whole["spending"]
    assert ledger.figures.uses == whole["budget"]["utility_calls"]
    assert ledger.figures.improvements == len(store.improvements(whole["run_id"]))
    by_model = figures_by_model(store.run(whole["run_id"]), store)
    assert {model: figures.spending for model, figures in by_model.items()} == {"priced": ledger.figures.spending}


def test_the_parts_of_a_run_are_found_by_their_names(whole, ledger):
    assert [entry.name for entry in ledger.parts] == ["round-0", "round-1", "test", "fresh"]
    round_1 = ledger.parts[1]
    assert [entry.name for entry in round_1.parts] == ["itself", "search", "gate"]
    [itself] = round_1.parts[0].parts
    assert itself.name == "seed"
    assert itself.improver == whole["rounds"][0]["improver"]
    assert {entry.name for entry in round_1.parts[2].parts} == {"seed", "improver of round 1"}
    repeats = [entry.name for entry in round_1.parts[2].parts[0].parts]
    assert repeats == ["doubling/repeat-0", "doubling/repeat-1"]
    assert {entry.level for entry in entries(ledger)} == set(LEVELS)
    assert all(entry.seconds > 0 for entry in entries(ledger) if entry.level != "call")
    assert ledger.seconds <= sum(entry.seconds for entry in ledger.parts) + 1e-6


def test_a_call_with_several_messages_counts_once(whole, store):
    rows = store.model_calls(whole["run_id"])
    by_call = itertools.groupby(rows, lambda row: (row.improvement_id, row.request_sha256, row.ordinal))
    several = [of_call for _, of_call in ((call, list(rows)) for call, rows in by_call) if len(of_call) > 1]
    assert several
    for first, *others in several:
        assert first.tokens["tokens_in"] > 0
        assert [other.tokens for other in others] == [None] * len(others)
    total = sum((spending_from(row.tokens) for row in rows), NOTHING)
    assert spending_document(total) == whole["spending"]


def test_what_costs_nothing_says_so_and_counts_no_tokens(run, store, doubling):
    settings = checked_settings(RunSettings, **{**SMALL, "model": "gp", "rounds": 0, "max_cost": 0.0})
    document = run(run_stop([doubling], settings, store, Progress()))
    assert document["spending"] == spending_document(NOTHING)
    assert {row.tokens for row in store.model_calls(document["run_id"])} == {None}
    assert not ledger_of(store.run(document["run_id"]), store).figures.is_counted


def test_a_cost_that_is_not_known_is_null_and_not_nothing(registered, priced_model, stop):
    class Unpriced(priced_model):
        """Nobody knows what it costs."""

        price = None

    registered("unpriced", lambda context: Unpriced(context, script))
    spending = stop(model="unpriced", rounds=0)["spending"]
    assert (spending["cost_usd"], spending["cost_usd_known"]) == (None, 0.0)
    assert spending["n_unpriced"] > 0 < spending["tokens_out"]


def test_calls_that_fail_are_in_the_ledger_though_no_call_on_record_holds_them(registered, priced_model, stop, store):
    class Failing(priced_model):
        """Every other answer is paid for and lost."""

        async def answer(self, request):
            reply = await super().answer(request)
            if len(self.asked) % 2:
                raise LanguageModelError("lost on the way", retryable=True)
            return reply

    registered("failing", lambda context: Failing(context, script))
    document = stop(model="failing", rounds=0)
    ledger = ledger_of(store.run(document["run_id"]), store)
    assert spending_document(ledger.figures.spending) == document["spending"]
    assert (ledger.figures.calls, ledger.figures.samples) == (
        document["budget"]["calls"],
        document["budget"]["responses"],
    )
    lost = ledger.parts[-1]
    assert lost.name == "in no finished call"
    assert (lost.figures.calls, lost.figures.samples) == (0, 0), "improvements count their failed calls"
    assert lost.figures.spending.tokens_in > 0


def test_a_call_that_failed_and_says_what_it_cost_counts_with_its_improvement(
    registered, priced_model, run, store, doubling
):
    class Telling(priced_model):
        """Every other answer is paid for and lost, and it says so."""

        async def answer(self, request):
            reply = await super().answer(request)
            if len(self.asked) % 2:
                raise CallFailed("lost on the way", retryable=True, spending=reply.spending, keys=["a" * 64])
            return reply

    registered("telling", lambda context: Telling(context, script))
    few = {"model": "telling", "rng_seed": 0, "workers": 2, "budget_calls": 4, "fresh_repeats": 2}
    improvers = {"seed": bundled_improver("seed"), "greedy": bundled_improver("greedy")}
    compared = run(run_compare(improvers, [doubling], checked_settings(CompareSettings, **few), store))
    together = sum((spending_from(row["used"]["spending"]) for row in compared["improvers"]), NOTHING)
    assert spending_document(together) == compared["spending"]
    record = store.run(compared["run_id"])
    ledger = ledger_of(record, store)
    assert spending_document(ledger.figures.spending) == compared["spending"]
    assert "in no finished call" not in [part.name for part in ledger.parts]
    failed = [entry for entry in entries(ledger) if entry.name.startswith("failed call")]
    assert failed
    assert all(entry.figures.calls == 1 and entry.figures.spending.tokens_in > 0 for entry in failed)
    assert figures_by_model(record, store)["telling"].spending == ledger.figures.spending


def test_samples_that_were_known_already_are_told(registered, scripted_model, stop, store):
    class Knowing(scripted_model):
        """Has been asked all this before."""

        async def answer(self, request):
            reply = await super().answer(request)
            return dataclasses.replace(reply, n_known=len(reply.samples))

    registered("knowing", lambda context: Knowing(script))
    document = stop(model="knowing", rounds=0)
    assert document["spending"] == spending_document(NOTHING, samples_known=document["budget"]["responses"])
    figures = ledger_of(store.run(document["run_id"]), store).figures
    assert (figures.is_counted, figures.samples_known) == (True, document["budget"]["responses"])


def test_every_kind_of_run_says_what_it_spent(priced, run, store, doubling):
    common = {"model": "priced", "rng_seed": 0, "workers": 2, "budget_calls": 2, "budget_responses": 3}
    once = run(improve(doubling, checked_settings(ImproveSettings, **common), store))
    few = {**common, "fresh_repeats": 2}
    moved = run(run_transfer(TWO_MESSAGES, [doubling], checked_settings(TransferSettings, **few), store))
    improvers = {"seed": bundled_improver("seed"), "two": TWO_MESSAGES}
    compared = run(run_compare(improvers, [doubling], checked_settings(CompareSettings, **few), store))
    for document in (once, moved, compared):
        assert document["spending"]["cost_usd"] > 0
        ledger = ledger_of(store.run(document["run_id"]), store)
        assert spending_document(ledger.figures.spending) == document["spending"]
    used = [row["used"] for row in compared["improvers"]]
    assert all(row["tokens"] == row["spending"]["tokens_in"] + row["spending"]["tokens_out"] > 0 for row in used)
    together = sum((spending_from(row["spending"]) for row in used), NOTHING)
    assert spending_document(together) == compared["spending"]


@pytest.mark.parametrize(
    ("statement", "readers"),
    [
        (
            "UPDATE model_calls SET tokens = '{\"tokens_in\": 1}' WHERE tokens IS NOT NULL",
            [ledger_of, figures_by_model],
        ),
        ("UPDATE model_calls SET tokens = '[]' WHERE tokens IS NOT NULL", [ledger_of, figures_by_model]),
        ("UPDATE journal SET spent = '{}'", [ledger_of, figures_by_model]),
        ("UPDATE journal SET spent = '[]'", [ledger_of, figures_by_model]),
        ("UPDATE improvements SET budget = '\"much\"'", [ledger_of]),
        ('UPDATE improvements SET budget = \'{"calls": "many"}\'', [ledger_of]),
        ("UPDATE runs SET result = '{\"budget\": 3}'", [ledger_of]),
    ],
)
def test_a_store_that_was_altered_is_refused_in_a_sentence(whole, store, tmp_path, statement, readers):
    path = tmp_path / "altered.db"
    with (
        contextlib.closing(sqlite3.connect(store.location)) as source,
        contextlib.closing(sqlite3.connect(path)) as copy,
    ):
        source.backup(copy)
        copy.execute(statement)
        copy.commit()
    with Store.open(path, read_only=True, clock=now) as altered:
        record = altered.run(whole["run_id"])
        for read in readers:
            with pytest.raises(StoreError, match="holds what selftaught did not write"):
                read(record, altered)


# ---------------------------------------------------------------- what may be spent


def last(store):
    return store.run(store.runs()[0].run_id)


@pytest.mark.parametrize("limit", ["max_cost", "max_tokens"])
def test_a_run_ends_before_it_spends_too_much_and_its_rounds_stay(whole, stop, store, limit):
    all_of_it = spending_from(whole["spending"])
    share = {"max_cost": all_of_it.cost_usd * 0.6, "max_tokens": int(all_of_it.tokens * 0.6)}
    with pytest.raises(RunBudgetExceeded) as raised:
        stop(**{limit: share[limit]})
    assert f"--{limit.replace('_', '-')}" in str(raised.value)
    ended = last(store)
    assert (ended.status, ended.message) == ("interrupted", str(raised.value))
    spent = ledger_of(ended, store).figures.spending
    assert NOTHING.tokens < spent.tokens
    assert (spent.cost_usd if limit == "max_cost" else spent.tokens) <= share[limit]
    assert ended.rounds >= 1
    assert resolve_improver(f"{ended.run_id}:0", store) == bundled_improver("seed")


def test_however_many_ask_at_once_the_run_stays_below_its_limit(registered, priced_model, stop, store):
    made = []

    def make(context):
        made.append(priced_model(context, script, seconds=0.01))
        return made[-1]

    registered("slow", make)
    with pytest.raises(RunBudgetExceeded):
        stop(model="slow", fresh_repeats=20, max_tokens=20_000)
    [model] = made
    spent = sum((spent_by(model, request) for request in model.asked), NOTHING)
    assert 10_000 < spent.tokens <= 20_000


def test_a_run_ends_when_its_time_is_over(registered, priced_model, stop, store):
    registered("endless", lambda context: priced_model(context, script, seconds=3600.0))
    began = time.monotonic()
    with pytest.raises(RunBudgetExceeded, match=r"the run may take 0\.5 s \(--max-seconds\)"):
        stop(model="endless", max_seconds=0.5)
    assert time.monotonic() - began < 60
    record = last(store)
    assert (record.status, record.message.partition(";")[0]) == (
        "interrupted",
        "the run may take 0.5 s (--max-seconds), and its time is over",
    )


def test_a_limit_that_is_not_reached_changes_nothing(whole, stop):
    def figures(document):
        return {key: document[key] for key in ("rounds", "gain", "improver", "spending", "verdict")}

    assert figures(whole) == figures(stop(max_cost=50.0, max_tokens=10**9, max_seconds=3600.0))


def test_the_runs_of_a_series_share_their_limits(priced, run, store, doubling):
    @contextlib.contextmanager
    def shown(place, rng_seed):
        yield Progress()

    def series(**settings):
        checked = checked_settings(RunSettings, **{**SMALL, "rounds": 0, **settings})
        return run(run_series([doubling], checked, 3, store, shown))

    together = series()
    alone = [spending_from(document["spending"]) for document in together["runs"]]
    assert spending_document(sum(alone, NOTHING)) == together["spending"]
    assert all(spent.tokens > 0 for spent in alone)
    enough_for_two = (alone[0] + alone[1]).cost_usd + alone[2].cost_usd / 2
    with pytest.raises(RunBudgetExceeded, match="--max-cost"):
        series(max_cost=enough_for_two)
    record = next(record for record in store.runs() if record.config["kind"] == "series")  # the newest is first
    assert record.status == "interrupted"
    assert store.run(record.run_id).result["runs_finished"] == 2
    members = [member for member in store.runs() if member.config.get("series") == record.run_id]
    assert sorted(member.status for member in members) == ["finished", "finished", "interrupted"]


def test_what_a_model_waits_for_is_told_once_for_each_change(registered, scripted_model, stop):
    class Away(scripted_model):
        """Is away for a while."""

        def __init__(self, context):
            super().__init__(script)
            self._on_wait = context.on_wait

        async def answer(self, request):
            for sentence in ("nobody answers", "nobody answers", "it asks for patience", None, None):
                self._on_wait(sentence)
            return await super().answer(request)

    registered("away", Away)
    told = []
    progress = Progress(on_wait=told.append)
    document = stop(progress, model="away", rounds=0)
    once = ["nobody answers", "it asks for patience", "it goes on"]
    assert told == once * document["budget"]["calls"]
    assert progress.waiting is None


def test_the_spending_of_a_run_is_seen_while_it_runs(priced, stop):
    progress = Progress()
    document = stop(progress, rounds=0, max_cost=5.0)
    assert progress.spending == spending_from(document["spending"])
    assert progress.ledger.budget.cost_usd == 5.0
    assert isinstance(progress.spending, Spending)
