"""What the engine adds to prompts: in one place, in words that fit every improver, and only for language models."""

from __future__ import annotations

import pytest

from selftaught.improver import bundled_improver, bundled_improver_names
from selftaught.models import ModelContext, Request, find_model
from selftaught.models.prompts import ANSWER_FORMAT, expertise_sent
from selftaught.worker.code_blocks import fenced_blocks


def test_what_an_improver_wrote_comes_first_and_unchanged():
    assert expertise_sent(" You sing.\n") == f" You sing.\n\n\n{ANSWER_FORMAT}"
    assert expertise_sent("") == expertise_sent(" \n") == ANSWER_FORMAT


def test_it_is_said_of_programs_alone():
    """Improvers also ask for ideas, plans and judgements."""
    assert ANSWER_FORMAT.startswith("How to answer: where you are asked for a program,")


def test_it_has_no_fence_that_something_could_take_for_a_program():
    assert fenced_blocks(expertise_sent("You write Python.")) == []
    assert "\n" not in ANSWER_FORMAT


@pytest.mark.parametrize("name", bundled_improver_names())
def test_no_improver_says_it_again(name):
    assert ANSWER_FORMAT not in bundled_improver(name)


@pytest.mark.parametrize("name", ["gp", "gp-expressions"])
def test_the_embedded_models_are_told_what_the_improver_wrote_and_nothing_else(run, sandbox, name):
    request = Request(expertise="You sing.", messages=("la",), n_responses=1, temperature=0.7)
    reply = run(find_model(name)(ModelContext(sandbox=sandbox, rng_seed=0)).answer(request))
    assert reply.system_message is None
