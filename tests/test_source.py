"""Program text: hashes, checks before anything is run, and what a terminal may be shown."""

from __future__ import annotations

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught import source

ANY_TEXT = st.text(st.characters(codec=None))  # lone surrogates too


@given(st.text())
def test_a_program_is_named_by_the_hash_of_its_bytes(text):
    assert source.sha256_of(text) == hashlib.sha256(text.encode()).hexdigest()


def test_text_that_is_no_unicode_has_a_name_too():
    assert source.sha256_of("\ud800") != source.sha256_of("\ud801")


@given(st.lists(st.text() | st.integers() | st.floats(), max_size=5))
def test_rng_seeds_are_non_negative_numbers_of_63_bits_and_the_same_for_the_same_parts(parts):
    seed = source.rng_seed_of(*parts)
    assert 0 <= seed < 2**63
    assert seed == source.rng_seed_of(*parts)


def test_rng_seeds_depend_on_every_part_and_on_where_it_ends():
    parts = [("a", 1), ("a", 2), ("b", 1), (1, "a"), ("a1",), ("a", 1, ""), ()]
    assert len({source.rng_seed_of(*part) for part in parts}) == len(parts)


def test_rng_seeds_are_the_same_in_every_process_and_version():
    assert source.rng_seed_of("instances", "dispatch", 0) == 2821536041149125741


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        (" \n\t\n", "it is empty"),
        ("x = '\ud800'", "it is not valid Unicode"),
        ("x = 1\x00", "it contains a null character"),
        ("#" * (256 * 1024 + 1), "it has 262,145 bytes; at most 262,144 are taken"),
        ("é" * (128 * 1024 + 1), "it has 262,146 bytes; at most 262,144 are taken"),
    ],
    ids=["empty", "blank", "surrogate", "null", "long", "long in bytes"],
)
def test_unusable_text_is_named_before_anyone_runs_it(text, why):
    assert source.why_unusable(text) == why


@pytest.mark.parametrize("text", ["x", "#" * 256 * 1024, "é = 1", "this is not Python"])
def test_other_text_may_be_run(text):
    assert source.why_unusable(text) is None


@given(ANY_TEXT)
def test_what_is_printable_holds_no_control_or_format_characters(text):
    shown = source.printable(text)
    assert {unicodedata.category(character) for character in shown if character not in "\n\t"}.isdisjoint(
        {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    shown.encode()


def test_escape_sequences_become_visible_and_plain_text_stays():
    assert source.printable("\x1b[31mred\r\u202e\n\tüß") == "\\x1b[31mred\\r\\u202e\n\tüß"


def test_a_diff_names_both_programs_and_shows_the_change():
    diff = source.unified_diff("a\nb\n", "a\nc\n", "before", "after")
    assert diff.splitlines() == ["--- before", "+++ after", "@@ -1,2 +1,2 @@", " a", "-b", "+c"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("dispach", "; did you mean dispatch?"),
        ("zzz", "; there are: dispatch, knapsack"),
    ],
)
def test_a_wrong_name_gets_the_nearest_or_all(name, said):
    assert source.nearest(name, ["knapsack", "dispatch"]) == said


def test_a_wrong_name_where_there_is_none_gets_nothing():
    assert source.nearest("a", []) == ""


def test_programs_whose_diff_would_take_hours_are_shown_one_after_the_other():
    before = [str(number % 101) for number in range(20_000)]
    after = [str(number * 7 % 101) for number in range(20_000)]
    said = source.unified_diff("\n".join(before), "\n".join(after), "a", "b").split("\n")
    assert said[:3] == ["--- a", "+++ b", "@@ -1,20000 +1,20000 @@"]
    assert said[3:] == ["-" + line for line in before] + ["+" + line for line in after]


def test_long_programs_with_many_blank_lines_are_compared_line_by_line():
    lines = [line for number in range(4000) for line in (f"x{number} = {number}", "")]
    changed = [*lines[:100], "y = 1", *lines[100:]]
    said = source.unified_diff("\n".join(lines), "\n".join(changed), "a", "b").split("\n")
    assert [line for line in said[2:] if line.startswith(("+", "-"))] == ["+y = 1"]
