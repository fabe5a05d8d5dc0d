"""Makes the recording anew: `make recording`. Needed when a prompt changes: by a task, or what is told of it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
SELFTAUGHT = Path(sys.executable).with_name("selftaught")
RUN = (
    "run", "dispatch", "--rng-seed", "0", "--rounds", "1",
    "--repeats", "1", "--gate-repeats", "2", "--test-repeats", "2", "--fresh-repeats", "3",
    "--budget-calls", "2", "--budget-responses", "3", "--budget-utility", "8",
    "--meta-budget-calls", "1", "--meta-budget-responses", "3", "--meta-budget-utility", "4",
)  # fmt: skip


def main() -> None:
    """Nothing; writes the recording, and the document of the run that it is of."""
    recording = HERE / "dispatch.jsonl.gz"
    recording.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        store = ("--store", f"{folder}/store.db", "--json")
        printed = subprocess.run([SELFTAUGHT, *RUN, *store], check=True, capture_output=True, text=True).stdout
        document = json.loads(printed)
        subprocess.run([SELFTAUGHT, "export", document["run_id"], "--recording", recording, *store], check=True)
    (HERE / "dispatch.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
