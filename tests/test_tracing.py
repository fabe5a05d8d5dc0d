"""Where spans go: nowhere unless OpenTelemetry's variables say so, and then over real HTTP to a collector."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from selftaught.errors import ConfigError
from selftaught.tracing import exporters_wanted

SELFTAUGHT = Path(sys.executable).with_name("selftaught")
KEY = "planted-4f9a2c7e"
SMALL = (
    "--rounds", "0", "--repeats", "1", "--gate-repeats", "1", "--test-repeats", "1", "--fresh-repeats", "1",
    "--budget-calls", "1", "--budget-responses", "2", "--budget-utility", "3", "--rng-seed", "0", "--workers", "1",
    "--json",
)  # fmt: skip
WITHOUT_SDK = """
import sys
from importlib.abc import MetaPathFinder

class Missing(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
from selftaught.cli.app import call
sys.exit(call(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, []),
        ({"OTEL_SERVICE_NAME": "mine", "OTEL_EXPORTER_OTLP_HEADERS": "a=b"}, []),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, ["otlp"]),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:4318/v1/traces"}, ["otlp"]),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, []),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_TRACES_EXPORTER": "none"}, []),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTEL_SDK_DISABLED": "True"}, []),
        ({"OTEL_TRACES_EXPORTER": "none"}, []),
        ({"OTEL_TRACES_EXPORTER": ""}, []),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, ["otlp"]),
        ({"OTEL_TRACES_EXPORTER": "Console, otlp,console"}, ["console", "otlp"]),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, ["otlp"]),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, ["console"]),
    ],
)
def test_spans_go_where_the_variables_say(environment, wanted):
    assert exporters_wanted(environment) == wanted


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "'zipkin' cannot be had; there are otlp, console, none"),
        ({"OTEL_TRACES_EXPORTER": "otlp,jaeger"}, "'jaeger' cannot be had"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "'grpc' cannot be had; use http"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/json"},
            "'http/json' cannot be had",
        ),
    ],
)
def test_what_cannot_be_had_is_one_sentence(environment, says):
    with pytest.raises(ConfigError, match=says):
        exporters_wanted(environment)


# ---------------------------------------------------------------- a command, from outside


class Collector(http.server.ThreadingHTTPServer):
    """Something that takes spans over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.requests: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def spans(self) -> list:
        return [
            span
            for _, _, body in self.requests
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def resource(self) -> dict[str, str]:
        [first, *_] = ExportTraceServiceRequest.FromString(self.requests[0][2]).resource_spans
        return {attribute.key: attribute.value.string_value for attribute in first.resource.attributes}


class _Taking(http.server.BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.requests.append((self.path, dict(self.headers), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def call(tmp_path):
    """`call(*arguments, NAME="value")`: the command line, with variables of OpenTelemetry and others."""

    def call(*arguments: str, script: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SELFTAUGHT_", "OTEL_"))}
        program = [sys.executable, "-c", script] if script else [str(SELFTAUGHT)]
        return subprocess.run(
            [*program, *arguments],
            cwd=tmp_path,
            env={**kept, **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def test_a_run_sends_its_spans_to_a_collector(call, collector):
    ran = call(
        "run", "dispatch", *SMALL, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_EXPORTER_OTLP_HEADERS=f"authorization=Bearer {KEY}", OPENAI_API_KEY=KEY,
    )  # fmt: skip
    assert (ran.returncode, "warning" in ran.stderr) == (0, False), ran.stderr
    document = json.loads(ran.stdout)
    assert {path for path, _, _ in collector.requests} == {"/v1/traces"}
    assert {headers["authorization"] for _, headers, _ in collector.requests} == {f"Bearer {KEY}"}
    assert not [body for _, _, body in collector.requests if KEY.encode() in body]
    names = [span.name for span in collector.spans]
    assert names.count("invoke_workflow run") == 1
    assert names.count("chat gp") == document["budget"]["calls"]
    assert collector.resource["service.name"] == "selftaught"


def test_a_person_names_the_service_as_they_like(call, collector):
    call("improve", "dispatch", *SMALL[10:], OTEL_TRACES_EXPORTER="otlp", OTEL_SERVICE_NAME="mine",
         OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{collector.url}/somewhere")  # fmt: skip
    assert {path for path, _, _ in collector.requests} == {"/somewhere"}
    assert collector.resource["service.name"] == "mine"


def test_the_console_is_standard_error(call):
    ran = call("improve", "dispatch", *SMALL[10:], OTEL_TRACES_EXPORTER="console")
    assert json.loads(ran.stdout)["task"] == "dispatch"
    assert '"name": "invoke_workflow improve"' in ran.stderr


def test_a_collector_that_is_not_there_is_a_warning_without_its_password(call):
    ran = call(
        "improve", "dispatch", *SMALL[10:], OTEL_EXPORTER_OTLP_ENDPOINT=f"http://user:{KEY}@127.0.0.1:9",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )  # fmt: skip
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["outcome"] == "ok"
    assert "selftaught: warning: telemetry: " in ran.stderr
    assert all(line.startswith("selftaught: warning: ") for line in ran.stderr.splitlines())
    assert KEY not in ran.stderr


@pytest.mark.parametrize("variables", [{"OTEL_TRACES_EXPORTER": "otlp"}, {"OTEL_TRACES_EXPORTER": "console"}])
def test_without_the_extra_asking_for_spans_is_one_sentence_with_the_mend(call, tmp_path, variables):
    ran = call("run", "dispatch", *SMALL, script=WITHOUT_SDK, **variables)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "install selftaught[telemetry]" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_and_without_asking_everything_works(call):
    assert call("improve", "dispatch", *SMALL[10:], script=WITHOUT_SDK).returncode == 0


def test_what_cannot_be_had_is_said_before_anything_is_done(call, tmp_path):
    ran = call("run", "dispatch", *SMALL, OTEL_TRACES_EXPORTER="zipkin")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_told_by_default(call):
    script = (
        "import sys; from selftaught.cli.app import call; code = call(sys.argv[1:]);"
        "print([name for name in sys.modules if name.startswith(('opentelemetry.sdk', 'structlog'))]); sys.exit(code)"
    )
    ran = call("improve", "dispatch", *SMALL[10:], script=script)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "[]"


# ---------------------------------------------------------------- the log, from outside


@pytest.mark.parametrize("how", ["flag", "variable"])
def test_a_command_writes_its_events_to_a_file_without_keys(call, tmp_path, how):
    improver = (
        "def improve_algorithm(initial_solution, utility, language_model):\n"
        f"    raise ValueError('Authorization: Bearer abcdefgh12, {KEY}')\n"
    )
    (tmp_path / "fails.py").write_text(improver, encoding="utf-8")
    given = ("--log", "events") if how == "flag" else ()
    variables = {} if how == "flag" else {"SELFTAUGHT_LOG": "events"}
    ran = call(
        "improve", "dispatch", "--improver", "fails.py", *SMALL[10:], *given, OPENAI_API_KEY=KEY, **variables
    )  # fmt: skip
    assert ran.returncode == 1
    text = Path(tmp_path / "events").read_text(encoding="ascii")
    events = [json.loads(line) for line in text.splitlines()]
    assert [event["event"] for event in events if event["event"].startswith(("run", "improvement"))] == [
        "run started", "improvement started", "improvement ended", "run ended",
    ]  # fmt: skip
    assert not [secret for secret in (KEY, "abcdefgh12") if secret in text]
    [ended] = (event for event in events if event["event"] == "improvement ended")
    assert (ended["outcome"], "Bearer [key], [key]" in ended["message"]) == ("raised", True)


@pytest.mark.parametrize(
    "command",
    [
        ("transfer", "seed", "--tasks", "dispatch", "--fresh-repeats", "1"),
        ("compare", "--improvers", "seed,best_of_n", "--tasks", "dispatch", "--fresh-repeats", "1"),
        ("run", "dispatch", "--runs", "2", *SMALL[:10]),
    ],
    ids=lambda command: command[0],
)
def test_every_command_that_spends_something_can_be_logged(call, tmp_path, command):
    ran = call(*command, *SMALL[10:], "--log", "events")
    assert ran.returncode == 0, ran.stderr
    events = [json.loads(line)["event"] for line in (tmp_path / "events").read_text(encoding="ascii").splitlines()]
    n_runs = 2 if "--runs" in command else 1
    assert (events.count("run started"), events.count("run ended")) == (n_runs, n_runs)
    assert "call ended" in events


def test_a_log_that_cannot_be_written_is_one_sentence_before_anything_is_done(call, tmp_path):
    ran = call("run", "dispatch", *SMALL, "--log", "no/such/folder/events")
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []


def test_the_processes_of_untrusted_programs_know_nothing_of_it(call, tmp_path):
    looks = (
        "import os\n"
        "def improve_algorithm(initial_solution, utility, language_model):\n"
        "    raise ValueError(sorted(name for name in os.environ if 'OTEL' in name or 'LOG' in name))\n"
    )
    (tmp_path / "looks.py").write_text(looks, encoding="utf-8")
    ran = call(
        "improve", "dispatch", "--improver", "looks.py", *SMALL[10:], OTEL_TRACES_EXPORTER="console",
        SELFTAUGHT_LOG="events",
    )  # fmt: skip
    assert json.loads(ran.stdout)["message"].endswith("ValueError: []")
    with contextlib.suppress(FileNotFoundError):
        assert "ValueError: []" in (tmp_path / "events").read_text(encoding="ascii")
