"""Spans and events of a real run: their tree, their names, and what is never told."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import error_attributes, gen_ai_attributes

from selftaught import telemetry
from selftaught.budget import Budget
from selftaught.engine import Assignment
from selftaught.errors import LanguageModelUnavailable
from selftaught.event_log import events_to
from selftaught.experiment import run_stop
from selftaught.ledger import Spending
from selftaught.meta_utility import UtilityOnDraw
from selftaught.models import Finish, Reply, Sample
from selftaught.progress import Progress
from selftaught.settings import RunSettings, checked_settings
from selftaught.store import Store
from selftaught.store.clock import now
from selftaught.task_definition import find_task
from selftaught.telemetry import ALWAYS, ATTRIBUTES, FINISH_REASONS, PROVIDERS, provider_and_model, step

KEY = "planted-4f9a2c7e"
SMALL = {
    "rounds": 1, "repeats": 1, "gate_repeats": 1, "test_repeats": 1, "fresh_repeats": 2, "budget_calls": 1,
    "budget_responses": 2, "budget_utility": 4, "meta_budget_calls": 1, "meta_budget_responses": 2,
    "meta_budget_utility": 3, "rng_seed": 0, "workers": 2,
}  # fmt: skip
ASKS = (
    "def improve_algorithm(initial_solution, utility, language_model):\n"
    "    return language_model.batch_prompt('You sing.', [initial_solution, 'la'], temperature=0.5)[0]\n"
)


async def logged(work, path):
    """What comes of work, whose events go to a file; who listens is known to the work's own context."""
    with events_to(str(path)):
        return await work


@pytest.fixture(scope="module")
def exporter():
    """Where the spans of this module go; the provider of a process can be set once."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    assert trace.get_tracer_provider() is provider
    yield exporter
    exporter.shutdown()  # the provider stays: a process has one for ever


@pytest.fixture
def spans(exporter):
    """`spans()`: what was told since the test began, in the order in which it ended."""
    exporter.clear()
    return exporter.get_finished_spans


@pytest.fixture(scope="module")
def whole_run(run, exporter, tmp_path_factory):
    """The spans, the events, the document and the store of a run with two models."""
    folder = tmp_path_factory.mktemp("telemetry")
    task = dataclasses.replace(find_task("dispatch"), n_validation=3, n_test=3)
    settings = checked_settings(RunSettings, inner_model="gp-expressions", **SMALL)
    exporter.clear()
    with Store.open(folder / "run.db", clock=now) as store:
        document = run(logged(run_stop([task], settings, store, Progress()), folder / "log"))
        exported = store.export(document["run_id"])
    events = [json.loads(line) for line in (folder / "log").read_text(encoding="ascii").splitlines()]
    return exporter.get_finished_spans(), events, document, exported


def kind_of(span) -> str:
    known = {"invoke_workflow": "run", "invoke_agent": "improvement", "chat": "call"}
    return known.get(span.attributes.get("gen_ai.operation.name", ""), span.name)


def parents(spans) -> list[tuple[str, str | None]]:
    by_id = {span.context.span_id: span for span in spans}
    return [(kind_of(span), kind_of(by_id[span.parent.span_id]) if span.parent else None) for span in spans]


# ---------------------------------------------------------------- a whole run


def test_everything_that_a_run_does_has_a_span_in_its_place(whole_run):
    spans, _, document, exported = whole_run
    assert len({span.context.trace_id for span in spans}) == 1
    found = parents(spans)
    assert set(found) == {
        ("run", None), ("round", "run"), ("improvement", "round"), ("improvement", "run"),
        ("improvement", "improvement"), ("call", "improvement"), ("evaluation", "improvement"),
        ("evaluation", "round"), ("evaluation", "run"),
    }  # fmt: skip
    counts = {kind: sum(1 for child, _ in found if child == kind) for kind, _ in found}
    assert counts["run"] == 1
    assert counts["round"] == len(document["rounds"])
    assert counts["improvement"] == len(exported["improvements"])
    assert counts["call"] == document["budget"]["calls"]
    n_checks = 2  # of the task, before the run
    assert counts["evaluation"] == document["evaluations"] + n_checks


def test_the_spans_say_what_the_document_says(whole_run):
    spans, _, document, _ = whole_run
    [ran] = (span for span in spans if kind_of(span) == "run")
    assert ran.name == "invoke_workflow run"
    assert ran.attributes["gen_ai.workflow.name"] == "run"
    assert ran.attributes["selftaught.run.run_id"] == document["run_id"]
    assert ran.attributes["selftaught.run.tasks"] == ("dispatch",)
    assert (ran.attributes["selftaught.run.model"], ran.attributes["selftaught.run.inner_model"]) == (
        "gp", "gp-expressions",
    )  # fmt: skip
    assert ran.attributes["selftaught.run.calls"] == document["budget"]["calls"]
    rounds = sorted((span for span in spans if span.name == "round"), key=lambda span: span.start_time)
    for span, made in zip(rounds, document["rounds"], strict=True):
        told = {name.rpartition(".")[2]: value for name, value in span.attributes.items()}
        assert told == {
            "round": made["round"], "accepted": made["accepted"], "outcome": made["outcome"],
            "improver": made["improver"], "validation": made["validation"], "test": made["test"]["mean"],
        }  # fmt: skip


def test_a_call_of_an_embedded_model_is_no_call_of_a_language_model_over_the_network(whole_run):
    spans, _, _, _ = whole_run
    calls = [span for span in spans if kind_of(span) == "call"]
    assert {span.name for span in calls} == {"chat gp", "chat gp-expressions"}
    for span in calls:
        assert span.kind is trace.SpanKind.INTERNAL
        assert span.attributes["gen_ai.provider.name"] == "selftaught"
        assert span.attributes["selftaught.call.is_language_model"] is False
        assert span.attributes["gen_ai.request.choice.count"] == 2
        assert span.attributes["gen_ai.response.finish_reasons"] == ("stop",)


def test_each_span_has_its_events_and_they_name_the_run(whole_run):
    spans, events, document, _ = whole_run
    assert len(events) == 2 * len(spans)
    assert {event["run_id"] for event in events} == {document["run_id"]}
    assert (events[0]["event"], events[-1]["event"]) == ("run started", "run ended")
    for kind in ATTRIBUTES:
        n = sum(kind_of(span) == kind for span in spans)
        assert [sum(event["event"] == f"{kind} {what}" for event in events) for what in ("started", "ended")] == [n, n]


def test_prompts_answers_and_programs_are_never_told(whole_run):
    spans, events, _, exported = whole_run
    told = [json.dumps(dict(span.attributes), default=list) for span in spans] + [json.dumps(event) for event in events]
    texts = [
        line for call in exported["model_calls"] for line in (call["expertise"], call["message"], *call["answers"])
    ]
    texts += [program["source"] for program in exported["programs"]]
    lines = {line.strip() for text in texts for line in text.splitlines() if len(line.strip()) > 12}
    assert len(lines) > 100
    encoded = {json.dumps(line)[1:-1] for line in lines}
    assert not [line for line in encoded for one in told if line in one]
    assert all(span.events == () for span in spans)


def test_what_programs_say_of_their_failures_is_in_the_log_alone(run, engine, doubling, draw, spans, tmp_path):
    fails = ASKS.replace("return ", "raise ValueError('a part of a prompt')  # ")
    assignment = Assignment(
        scope="s", improver=fails, initial_solution=doubling.seed_solution, task="doubling",
        budget=Budget(calls=1, responses=4, utility_calls=1),
    )  # fmt: skip

    async def scenario():
        async with engine() as made:
            [utility] = await made.utilities([doubling])
            await made.improve(assignment, UtilityOnDraw(utility, draw))

    run(logged(scenario(), tmp_path / "log"))
    [span] = spans()
    assert span.attributes["selftaught.improvement.outcome"] == "raised"
    assert "a part" not in str(span.attributes)
    assert span.status.status_code is trace.StatusCode.UNSET
    assert "a part of a prompt" in (tmp_path / "log").read_text(encoding="ascii")


# ---------------------------------------------------------------- a call over the network


@pytest.fixture
def call_of(run, engine, doubling, draw, scripted_model, spans):
    """`call_of(reply, name)`: the span of a call of a model of that name that replies so, or fails so."""

    def call_of(made, name="openai:gpt-x"):
        class Model(scripted_model):
            info = dataclasses.replace(scripted_model.info, name=name)

            async def answer(self, request):
                if isinstance(made, BaseException):
                    raise made
                return made

        assignment = Assignment(
            scope="s", improver=ASKS, initial_solution=doubling.seed_solution, task="doubling",
            budget=Budget(calls=1, responses=4, utility_calls=1),
        )  # fmt: skip

        async def scenario():
            async with engine(model=Model()) as opened:
                [utility] = await opened.utilities([doubling])
                await opened.improve(assignment, UtilityOnDraw(utility, draw))

        with contextlib.suppress(LanguageModelUnavailable):
            run(scenario())
        [span] = (span for span in spans() if kind_of(span) == "call")
        return span

    return call_of


def test_a_call_of_a_language_model_has_the_names_of_opentelemetry(call_of):
    finishes = (Finish.COMPLETE, Finish.REFUSED, Finish.CUT_OFF, Finish.EMPTY)
    samples = tuple(Sample(text="a", finish=finish) for finish in finishes)
    spending = Spending(
        tokens_in=10, tokens_cached=4, tokens_out=20, tokens_reasoning=5, cost_usd=0.25, n_unpriced=1, seconds=9
    )
    span = call_of(Reply(samples=samples, spending=spending, n_known=1))
    assert (span.name, span.kind) == ("chat gpt-x", trace.SpanKind.CLIENT)
    assert dict(span.attributes) == {
        "gen_ai.operation.name": "chat", "gen_ai.output.type": "text", "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-x", "gen_ai.request.choice.count": 1, "gen_ai.request.temperature": 0.5,
        "gen_ai.response.finish_reasons": ("content_filter", "length", "stop"),
        "gen_ai.usage.input_tokens": 10, "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.output_tokens": 20, "gen_ai.usage.reasoning.output_tokens": 5,
        "selftaught.call.cost_usd": 0.25, "selftaught.call.n_unpriced": 1, "selftaught.call.known": 1,
        "selftaught.call.messages": 2, "selftaught.call.ordinal": 0, "selftaught.call.version": "1",
        "selftaught.call.is_language_model": True,
    }  # fmt: skip


def test_a_call_that_fails_has_a_kind_of_error_and_no_words_of_the_server(call_of):
    span = call_of(LanguageModelUnavailable(f"the server said: {KEY}"))
    assert span.attributes["error.type"] == "LanguageModelUnavailable"
    assert (span.status.status_code, span.status.description) == (trace.StatusCode.ERROR, None)
    assert span.events == ()
    assert KEY not in str(dict(span.attributes))


# ---------------------------------------------------------------- steps


def test_work_that_is_given_up_is_no_error(spans):
    with pytest.raises(asyncio.CancelledError), step("call"):
        raise asyncio.CancelledError
    [span] = spans()
    assert span.status.status_code is trace.StatusCode.UNSET
    assert span.attributes["error.type"] == "CancelledError"


def test_keys_are_hidden_on_spans(spans, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    with step("run", f"a {KEY}", run_id=f"r {KEY}", tasks=["a", f"b{KEY}"]) as told:
        told.note(isolation="Bearer abcdefgh", model=f"http://user:{KEY}@localhost/v1#m")
    [span] = spans()
    attributes = str(dict(span.attributes))
    assert KEY not in attributes + span.name
    assert "abcdefgh" not in attributes
    assert span.attributes["selftaught.run.run_id"] == "r [key]"
    assert span.attributes["selftaught.run.tasks"] == ("a", "b[key]")


def test_steps_side_by_side_keep_their_own_place(run, spans):
    async def inner(number):
        with step("improvement", scope=str(number)):
            await asyncio.sleep(0)
            with step("call"):
                await asyncio.sleep(0)

    async def scenario():
        with step("round", round=1):
            await asyncio.gather(*(inner(number) for number in range(5)))

    run(scenario())
    by_id = {span.context.span_id: span for span in spans()}
    calls = [span for span in by_id.values() if kind_of(span) == "call"]
    assert {by_id[span.parent.span_id].attributes["selftaught.improvement.scope"] for span in calls} == set("01234")


def test_the_names_are_those_of_the_conventions():
    theirs = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")}
    ours = {name for names in ATTRIBUTES.values() for name in names.values()}
    ours |= {name for names in ALWAYS.values() for name in names}
    assert ours <= theirs
    operations = {value.value for value in gen_ai_attributes.GenAiOperationNameValues}
    assert {names["gen_ai.operation.name"] for names in ALWAYS.values() if names} <= operations
    providers = {value.value for value in gen_ai_attributes.GenAiProviderNameValues}
    assert set(PROVIDERS.values()) <= providers
    assert error_attributes.ERROR_TYPE == "error.type"


def test_every_way_to_end_has_a_word():
    assert set(FINISH_REASONS) == set(Finish)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("gp", ("selftaught", "gp")),
        ("openai:gpt-x", ("openai", "gpt-x")),
        ("gemini:g:1", ("gcp.gemini", "g:1")),
        ("ollama:llama3:8b", ("ollama", "llama3:8b")),
        ("http://127.0.0.1:8000/v1#gp", ("http", "gp")),
        ("https://user:pass@example.org/v1#a#b", ("https", "b")),
    ],
)
def test_a_name_tells_who_serves_and_what(name, found):
    assert provider_and_model(name) == found


def test_nobody_is_told_where_nobody_listens(spans):
    assert telemetry._listener.get() is None
    with step("round", round=1):
        pass
    assert len(spans()) == 1
