"""The weaker proposer, `gp-expressions`: it changes what stands in a statement, never which statements there are."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftaught.worker.gp import propose

_spec = importlib.util.spec_from_file_location("gp_test_programs", Path(__file__).parent / "programs.py")
programs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(programs)
PROGRAMS = programs.PROGRAMS


def answers(source, n, temperature, rng_seed, **how):
    return propose(programs.prompt(source), n, temperature, Random(rng_seed), **how)


def shape(source):
    """The kinds of all statements of a program but its imports, in order."""
    found = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt))
    return [type(node).__name__ for node in found if not isinstance(node, (ast.Import, ast.ImportFrom))]


def programs_of(texts):
    return [source for text in texts if (source := programs.source_of(text))]


@given(st.sampled_from(sorted(PROGRAMS)), st.floats(0, 2), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_it_keeps_every_statement(name, temperature, rng_seed):
    for edited in programs_of(answers(PROGRAMS[name], 4, temperature, rng_seed, expressions_only=True)):
        assert shape(edited) == shape(PROGRAMS[name])


@pytest.mark.parametrize("name", ["improver", "minimiser"])
def test_what_it_lacks_the_stronger_one_has(name):
    shapes = {tuple(shape(edited)) for edited in programs_of(answers(PROGRAMS[name], 30, 0.7, 0))}
    assert len(shapes) > 5
    assert any("For" in kinds for kinds in shapes)


def test_it_is_as_deterministic():
    first, again = (answers(PROGRAMS["improver"], 8, 0.7, 3, expressions_only=True) for _ in range(2))
    assert first == again
    assert programs_of(first)
