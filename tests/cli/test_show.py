"""`show`: what became of each round."""

from __future__ import annotations

import pytest

from selftaught.store import RoundRecord, RunStart, Store
from selftaught.store.clock import now


@pytest.mark.parametrize(
    ("proposed", "accepted", "says"),
    [
        ("b", True, "proposed {b}, accepted"),
        ("b", False, "proposed {b}, rejected"),
        ("a", False, "proposed itself"),
        (None, False, "proposed nothing"),
    ],
)
def test_a_round_says_what_became_of_its_proposal(selftaught, tmp_path, proposed, accepted, says):
    with Store.open(tmp_path / "selftaught.db", clock=now) as store:
        store.start_run(RunStart(run_id="r-1", config={"kind": "run", "tasks": ["dispatch"]}, isolation="full"))
        names = {source: store.add_program(source, "improver") for source in "ab"}
        store.add_round(
            RoundRecord(
                run_id="r-1",
                round=1,
                improver=names["b" if accepted else "a"],
                parent=names["a"],
                candidate=None if proposed is None else names[proposed],
                accepted=accepted,
            )
        )
    shown = selftaught("show", "r-1").stdout
    [line] = [line for line in shown.splitlines() if line.startswith("  round 1")]
    assert line.endswith(f"{names['a'][:12]} {says.format(b=names['b'][:12])}")
