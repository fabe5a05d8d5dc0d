"""`show --prompts`: what was sent and what came back, bounded, escaped, and whole where that is wanted."""

from __future__ import annotations

import pytest

from selftaught.store import ImprovementRecord, ModelCallRecord, RunStart, Store
from selftaught.store.clock import now

RUN = "r-20260101-000000-abcd"
SCOPES = ("round-1", "round-1/search/dispatch/repeat-0", "round-10", "fresh/dispatch/repeat-0")
HOSTILE = "\x1b[31mred\x1b[0m \u202e[bold]not bold[/bold]\ud800"


@pytest.fixture
def recorded(tmp_path):
    """`recorded(...)`: a run with a call for each of `SCOPES`, the first of which is as given; returns its fields."""

    def recorded(config=None, **fields):
        given = {"expertise": "You sing.", "message": "la\nla", "answers": ["do", "re"]}
        given |= {"n_responses": 2, "temperature": 0.7}
        with Store.open(tmp_path / "selftaught.db", clock=now) as store:
            program = store.add_program("def improve_algorithm(): pass", "improver")
            store.start_run(
                RunStart(run_id=RUN, config={"kind": "run", "model": "gp", **(config or {})}, isolation="full")
            )
            for scope in SCOPES:
                store.start_improvement(
                    ImprovementRecord(
                        id=scope, run_id=RUN, path=scope, improver=program, task="meta", split="validation",
                        initial=program,
                    )
                )  # fmt: skip
                changed = fields if scope == SCOPES[0] else {}
                store.add_model_call(
                    ModelCallRecord(
                        run_id=RUN, improvement_id=scope, model="gp", request_sha256="0" * 64, ordinal=3, seconds=1.25,
                        **{**given, **changed},
                    )
                )  # fmt: skip

    return recorded


def test_everything_that_was_sent_is_shown_in_order(selftaught, recorded):
    recorded(expertise="You sing.\n\nHow to answer: loudly.")
    shown = selftaught("show", RUN, "--prompts")
    assert shown.code == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[:11] == [
        "prompt 1 of 4: round-1, to gp, temperature 0.7, 2 answers, 1.2 s",
        "  system message (33 characters):",
        "  | You sing.",
        "  | ",
        "  | How to answer: loudly.",
        "  message (5 characters):",
        "  | la",
        "  | la",
        "  answer 1 (2 characters): do",
        "  answer 2 (2 characters): re",
        "",
    ]
    assert [line.split()[4] for line in lines if line.startswith("prompt ")] == [f"{scope}," for scope in SCOPES]
    assert lines[-2:] == [
        "Long texts are cut; --full shows everything.",
        "gp is not a language model: it edits programs at random, by general rules.",
    ]


def test_long_texts_are_cut_and_whole_with_full(selftaught, recorded):
    recorded(message="\n".join(f"line {n}" for n in range(1, 101)), expertise="x" * 9_000, answers=["y" * 500])
    shown = selftaught("show", RUN, "--prompts", "--of", "round-1").stdout
    assert "| line 40\n  … 60 more lines\n" in shown
    assert f"| {'x' * 4_000}\n  … the rest of the line\n" in shown
    assert f"(500 characters): {'y' * 100}…\n" in shown
    whole = selftaught("show", RUN, "--prompts", "--full").stdout
    assert "| line 100\n" in whole
    assert f"| {'x' * 9_000}\n" in whole
    assert f"  answer 1 (500 characters):\n  | {'y' * 500}\n" in whole
    assert "…" not in whole


def test_more_prompts_than_fit_are_counted(selftaught, recorded, tmp_path):
    recorded()
    with Store.open(tmp_path / "selftaught.db", clock=now) as store:
        [call, *_] = store.model_calls(RUN)
        for _ in range(3):
            store.add_model_call(ModelCallRecord(**{**vars(call), "id": None}))
    shown = selftaught("show", RUN, "--prompts").stdout
    assert shown.count("prompt ") == 5
    assert "And 2 more prompts; --full shows everything" in shown
    assert selftaught("show", RUN, "--prompts", "--full").stdout.count("prompt ") == 7


@pytest.mark.parametrize(
    ("of", "scopes"),
    [("round-1", SCOPES[:2]), ("round-1/search/", SCOPES[1:2]), ("round-10", SCOPES[2:3]), ("fresh", SCOPES[3:])],
)
def test_the_prompts_of_one_improvement_and_what_belongs_to_it(selftaught, recorded, of, scopes):
    recorded()
    listed = selftaught("show", RUN, "--prompts", "--of", of, "--json").document["prompts"]
    assert [prompt["improvement"] for prompt in listed] == list(scopes)


def test_the_document_has_everything_whole(selftaught, recorded):
    recorded(message="m" * 10_000, answers=["a" * 10_000, HOSTILE])
    document = selftaught("show", RUN, "--prompts", "--json").document
    assert document["run_id"] == RUN
    assert document["prompts"][0] == {
        "improvement": "round-1", "model": "gp", "system_message": "You sing.", "message": "m" * 10_000,
        "n_responses": 2, "temperature": 0.7, "ordinal": 3, "answers": ["a" * 10_000, HOSTILE], "seconds": 1.25,
    }  # fmt: skip


@pytest.mark.parametrize("full", [(), ("--full",)])
def test_what_a_terminal_would_obey_is_escaped(selftaught, recorded, full):
    recorded(expertise=HOSTILE, message=f"prompt 9 of 9\n{HOSTILE}", answers=[HOSTILE, f"a\rb\n{HOSTILE}"])
    shown = selftaught("show", RUN, "--prompts", *full)
    assert shown.code == 0, shown.stderr
    assert shown.stdout.count("\\x1b[31mred") == 4
    assert "[bold]not bold[/bold]\\ud800" in shown.stdout
    assert not {"\x1b", "\r", "\u202e"} & set(shown.stdout)
    assert "\n  | prompt 9 of 9\n" in shown.stdout


def test_what_was_asked_of_an_inner_model_comes_with_its_notice(selftaught, recorded):
    recorded(config={"inner_model": "gp-expressions"})
    said = selftaught("show", RUN, "--prompts").stdout
    assert said.count("is not a language model") == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--of", "round-1"), "--of is for --prompts"),
        (("--full",), "--full is for --prompts"),
        (("--prompts", "--of", "rond-1"), "has no improvement 'rond-1'; did you mean round-1"),
        (("--prompts", "--of", "round"), "has no improvement 'round'"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_exit_code_2(selftaught, recorded, arguments, says):
    recorded()
    called = selftaught("show", RUN, *arguments)
    assert (called.code, called.stdout, called.stderr.count("\n")) == (2, "", 1)
    assert says in called.stderr


def test_a_series_has_no_prompts_of_its_own(selftaught, recorded):
    recorded(config={"kind": "series", "runs": 2, "tasks": ["dispatch"]})
    called = selftaught("show", RUN, "--prompts")
    assert called.code == 2
    assert "is a series of runs: name one of them" in called.stderr


def test_a_run_that_asked_nothing_says_so(selftaught, tmp_path):
    with Store.open(tmp_path / "selftaught.db", clock=now) as store:
        store.start_run(RunStart(run_id=RUN, config={"kind": "run", "model": "gp"}, isolation="full"))
    shown = selftaught("show", RUN, "--prompts")
    assert (shown.code, shown.stdout.splitlines()[0]) == (0, "No model was asked.")
