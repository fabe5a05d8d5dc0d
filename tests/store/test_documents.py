"""Any plain data comes back exactly, whatever text is in it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from selftaught.store import documents
from selftaught.store.records import sha256_of

ANY_TEXT = st.text(st.characters()) | st.text(
    st.characters(categories=("Cs",)) | st.sampled_from(["\x00", "\uf7ff", "0", "d", "8", "$", '"', "\\"])
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.binary() | ANY_TEXT
KEYS = ANY_TEXT | st.sampled_from(["$text", "$float", "$dict", "$bytes"]) | st.integers() | st.booleans()
PLAIN = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=12)


def storable(text: str) -> bool:
    return "\x00" not in text and text.encode("utf-8", "strict") is not None


@given(ANY_TEXT)
@example("\ud83d\ude00")
@example("\uf7ff0000")
@example("\uf7ff")
def test_any_text_is_storable_and_comes_back(text: str) -> None:
    stored = documents.escape(text)
    assert storable(stored)
    assert documents.unescape(stored) == text


@given(PLAIN)
@example({"$text": "not a hash"})
@example({"$float": "nan", "b": 1})
@example(["\ud83d", "\ude00", "\ud83d\ude00"])
def test_any_plain_data_comes_back(value: Any) -> None:
    stored = documents.escape(documents.encode(value))
    assert storable(stored)
    assert documents.decode(documents.unescape(stored)) == value


@given(PLAIN)
def test_long_texts_kept_apart_come_back(value: Any) -> None:
    long = [value, "x" * 300, {"long": "\udcff" * 256}]
    texts: dict[str, str] = {}

    def keep(text: str) -> str:
        texts[sha256_of(text)] = text
        return sha256_of(text)

    stored = documents.encode(long, keep)
    assert {"x" * 300, "\udcff" * 256} <= set(texts.values())
    assert set(documents.references(stored)) == set(texts)
    assert documents.decode(stored, texts) == long


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308])
def test_numbers_keep_every_bit(number: float) -> None:
    stored = documents.encode([number])
    json.loads(stored, parse_constant=pytest.fail)
    assert repr(documents.decode(stored)) == repr([number])


def test_tuples_come_back_as_lists() -> None:
    assert documents.decode(documents.encode((1, (2, 3)))) == [1, [2, 3]]


def test_what_is_not_plain_is_refused() -> None:
    with pytest.raises(TypeError, match="not set"):
        documents.encode({"a": {1}})


def test_endless_nesting_is_refused() -> None:
    nested: list[Any] = []
    nested.append(nested)
    with pytest.raises(ValueError, match="nested too deeply"):
        documents.encode(nested)
