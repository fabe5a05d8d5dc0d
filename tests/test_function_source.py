"""Functions become programs that stand on their own; what cannot be written down is refused."""

from __future__ import annotations

import itertools as it
import math
import random
import re
from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache
from statistics import fmean

import numpy as np
import pytest
from numpy import exp

from selftaught.errors import ConfigError
from selftaught.function_source import self_contained_source

FACTOR = 3
LIMIT = math.inf
TABLE = {"a": [1, 2.5, None, True], (1, 2): {"b"}}
NOT_PLAIN = random.Random(0)
INFINITIES = [math.inf]


def helper(value):
    return value * FACTOR


def is_even(n):
    return n == 0 or is_odd(n - 1)


def is_odd(n):
    return n != 0 and is_even(n - 1)


renamed = helper


def uses_modules(x):
    return np.sqrt(x) + math.floor(x) + len(list(it.repeat(0, 2)))


def uses_imported_names(x):
    return fmean(deepcopy([x, x])) + float(exp(0.0))


def uses_constants(x):
    return min(LIMIT, x * FACTOR) + TABLE["a"][1]


def uses_helpers(x):
    return helper(x) + is_even(int(x)) + renamed(x)


def uses_it_in_a_comprehension(x):
    return sum(helper(value) for value in [x])


def has_defaults(x, factor=FACTOR, *, power=FACTOR + 1):
    return x * factor * power


def has_annotations(x: Callable[[int], int], y: int | None = None) -> np.ndarray:
    return x


@lru_cache(
    maxsize="""
def not_this():
    pass
""".count("x")
)
def is_decorated(x):
    return helper(x)


def has_a_text(x):
    text = """
first
  second
"""
    return text.count("\n") + x


def names_itself(x):
    return 1 if x <= 0 else x * names_itself(x - 1)


def result_of(source: str, name: str, *arguments):
    names = {}
    exec(compile(source, "<a program of its own>", "exec"), names)
    return names[name](*arguments)


@pytest.mark.parametrize(
    "function",
    [
        uses_modules,
        uses_imported_names,
        uses_constants,
        uses_helpers,
        uses_it_in_a_comprehension,
        has_defaults,
        has_annotations,
        is_decorated.__wrapped__,
        has_a_text,
        names_itself,
    ],
    ids=lambda function: function.__name__,
)
def test_a_function_does_the_same_on_its_own(function):
    source = self_contained_source({"f": function})
    assert result_of(source, "f", 4.0) == function(4.0)


def test_only_what_is_used_is_taken_along():
    source = self_contained_source({"f": helper})
    assert "FACTOR = 3" in source
    assert "TABLE" not in source
    assert "import" not in source.replace("from __future__ import annotations", "")


def test_several_functions_share_what_they_use():
    source = self_contained_source({"f": uses_helpers, "g": helper})
    assert source.count("def helper") == 1
    assert result_of(source, "g", 2) == 6


def test_a_function_within_a_function_is_cut_out():
    def inner(x):
        """It may have a docstring
        of several lines."""
        return helper(x)

    assert result_of(self_contained_source({"inner": inner}), "inner", 2) == 6


def test_comments_stay_for_the_model_to_read():
    def commented(x):
        return x  # why it is so

    assert "# why it is so" in self_contained_source({"f": commented})


def refusal_of(function) -> str:
    with pytest.raises(ConfigError) as raised:
        self_contained_source({"f": function})
    message = str(raised.value)
    assert "\n" not in message
    return message


def test_a_value_that_cannot_be_written_down_is_refused_by_name():
    def uses_an_object(x):
        return NOT_PLAIN.random()

    said = "the function uses_an_object uses NOT_PLAIN, a Random; define or import it inside the function"
    assert refusal_of(uses_an_object) == said


def test_a_container_of_what_has_no_literal_is_refused():
    def uses_infinities(x):
        return INFINITIES[0]

    assert "uses INFINITIES, a list" in refusal_of(uses_infinities)


class Mine:
    pass


def test_a_class_of_one_s_own_is_refused():
    def uses_a_class(x):
        return Mine()

    assert "uses Mine, a type" in refusal_of(uses_a_class)


def test_a_variable_of_an_enclosing_function_is_refused():
    outer = 5

    def uses_outer(x):
        return outer

    assert refusal_of(uses_outer) == "the function uses_outer uses outer of an enclosing function; pass it in instead"


@pytest.mark.parametrize(
    "function", [len, lambda x: x, Mine, eval("lambda x: x")], ids=["built in", "lambda", "class", "no file"]
)
def test_what_is_not_defined_with_def_in_a_file_is_refused(function):
    assert re.search("should be a function|cannot be cut out|define it in a file", refusal_of(function))
