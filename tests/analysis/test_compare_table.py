"""`benchmarks/compare_table.py`, which makes the tables of `docs/results.md`, prints all that a comparison measured."""

from __future__ import annotations

import asyncio
import importlib.util
import io
import json
from pathlib import Path

import pytest

from selftaught.analysis.compare import run_compare
from selftaught.settings import CompareSettings, checked_settings
from selftaught.store import Store
from selftaught.store.clock import now

PATH = Path(__file__).parent.parent.parent / "benchmarks" / "compare_table.py"
IMPROVERS = {
    "keeps": "def improve_algorithm(s, u, m):\n    u(s)\n    return s\n",
    "doubles": "def improve_algorithm(s, u, m):\n    return 'def double(n): return [2 * x for x in n]'\n",
    "asks|fails": "def improve_algorithm(s, u, m):\n    m.prompt('', s, 2)\n    raise ValueError('no')\n",
}


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("benchmarks_compare_table", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def compared(doubling, tmp_path_factory):
    """A comparison of three improvers, and the store that it is recorded in."""
    settings = checked_settings(CompareSettings, fresh_repeats=8, rng_seed=3, workers=2)
    path = tmp_path_factory.mktemp("table") / "store.db"
    with Store.open(path, clock=now) as store:
        return asyncio.run(run_compare(IMPROVERS, [doubling], settings, store)), path


@pytest.fixture(scope="module")
def cells(script, compared):
    """The cells of the table, by improver and by column."""
    rows = [line[2:-2].split(" | ") for line in script.lines_of(compared[0]) if line.startswith("| ")]
    head, rule, *body = rows
    assert rule == ["---"] * len(head)
    assert {len(row) for row in rows} == {len(head)}
    return {row[0]: dict(zip(head, row, strict=True)) for row in body}


def test_every_improver_has_its_row_and_the_best_is_first(cells):
    assert list(cells) == ["(seed solution)", "`doubles`", "`keeps`", "`asks\\|fails`"]
    assert cells["(seed solution)"]["`doubling`"] == "0.500 (0.500 to 0.500)"


def test_means_have_their_intervals_on_each_task_and_over_all(cells):
    assert cells["`doubles`"]["`doubling`"] == cells["`doubles`"]["mean over tasks"] == "1.000 (1.000 to 1.000)"
    assert cells["`keeps`"]["mean over tasks"] == "0.500 (0.500 to 0.500)"
    assert [cells[name]["mean rank"] for name in ("`doubles`", "`keeps`")] == ["1.00", "2.50"]


def test_what_each_used_is_there(cells, compared):
    used = {row["name"]: row["used"] for row in compared[0]["improvers"]}
    asks = cells["`asks\\|fails`"]
    assert (asks["calls"], asks["samples"], asks["uses"], asks["failed"]) == ("8", "16", "0", "8")
    assert asks["sent, 1,000 characters"] == f"{used['asks|fails']['characters_sent'] / 1000:,.0f}"
    assert asks["got"] == f"{used['asks|fails']['characters_received'] / 1000:,.0f}"
    assert cells["`keeps`"]["uses"] == "8"
    assert all(cells[f"`{name}`"]["seconds"] == f"{used[name]['seconds']:,.0f}" for name in ("keeps", "doubles"))


def test_tokens_are_shown_where_they_are_counted_and_a_dash_elsewhere(script, compared):
    document = json.loads(json.dumps(compared[0]))
    for row, tokens in zip(document["improvers"], (1234567, None, 0), strict=True):
        row["used"]["tokens"] = tokens
    del document["improvers"][1]["used"]["tokens"]
    lines = {line.split(" | ")[0][2:]: line for line in script.lines_of(document) if line.startswith("| `")}
    assert " | 1,234,567 | " in lines["`keeps`"]
    assert " | 0 | 0 | - | " in lines["`doubles`"]


def test_real_differences_are_listed_and_where_there_is_none_that_is_said(script, compared):
    document = compared[0]
    lines = script.lines_of(document)
    assert "Of 3 differences between two improvers, 2 are real after Holm's correction:" in lines
    assert "- `doubles` over `keeps` by 0.500, p = 0.023" in lines
    pairs = [{**pair, "is_real": False} for pair in document["pairs"]]
    assert script.lines_of({**document, "pairs": pairs})[-1] == "Of 3 differences between two improvers, 0 are real."


def test_a_file_standard_input_and_the_store_give_the_same_table(script, compared, tmp_path, capsys, monkeypatch):
    document, store = compared
    file = tmp_path / "compared.json"
    file.write_text(json.dumps(document))
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(document)))
    printed = []
    for arguments in ([str(file)], ["-"], [document["run_id"], "--store", str(store)]):
        script.main(arguments)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] == printed[2] == "\n".join(script.lines_of(document)) + "\n"


def test_another_document_is_refused(script, tmp_path):
    file = tmp_path / "other.json"
    file.write_text("{}")
    with pytest.raises(SystemExit, match="no finished comparison"):
        script.main([str(file)])
