"""Sends spans where OpenTelemetry's own variables say, and nowhere where they are not set; needs an extra."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from opentelemetry import trace

from selftaught._version import __version__
from selftaught.errors import ConfigError
from selftaught.redaction import secrets_in, without_keys
from selftaught.source import one_line, printable

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

EXPORTERS = ("otlp", "console", "none")
PROTOCOL = "http/protobuf"
MAX_QUEUE = 65_536
"""Spans that may wait to be sent; OpenTelemetry's own 2,048 are soon there, and what is more is lost."""

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


def exporters_wanted(environment: Mapping[str, str]) -> list[str]:
    """Where spans should go: of `otlp` and `console`; empty where nobody asked for any.

    Raises:
        ConfigError: Something is asked for that cannot be had.
    """
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return []
    listed = environment.get("OTEL_TRACES_EXPORTER", "").lower().split(",")
    names = list(dict.fromkeys(filter(None, map(str.strip, listed))))
    if not names and any(environment.get(name, "").strip() for name in _ENDPOINTS):
        names = ["otlp"]
    unknown = [name for name in names if name not in EXPORTERS]
    if unknown:
        raise ConfigError(f"OTEL_TRACES_EXPORTER: {unknown[0]!r:.100} cannot be had; there are {', '.join(EXPORTERS)}")
    protocol = next((value for name in _PROTOCOLS if (value := environment.get(name, "").strip())), PROTOCOL)
    if "otlp" in names and protocol != PROTOCOL:
        raise ConfigError(
            f"{_PROTOCOLS[1]}: {protocol!r:.100} cannot be had; use {PROTOCOL}, at port 4318 of most collectors"
        )
    return [name for name in names if name != "none"]


@contextlib.contextmanager
def spans_sent(environment: Mapping[str, str]) -> Iterator[None]:
    """Nothing; within it, spans are sent as the variables say, and the last ones when it ends. Once in a process.

    Raises:
        ConfigError: What they ask for cannot be had.
    """
    names = exporters_wanted(environment)
    if not names:
        yield
        return
    provider = _provider(names, environment)
    log = logging.getLogger("opentelemetry")
    handler = _OneLineOfStderr()
    log.addHandler(handler)
    log.propagate = False
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()
        log.removeHandler(handler)
        log.propagate = True


def _provider(names: list[str], environment: Mapping[str, str]) -> TracerProvider:
    """What makes spans and sends them.

    Raises:
        ConfigError: The extra is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor
    except ImportError:
        raise ConfigError(
            "the variables of OpenTelemetry ask for spans, and they need an extra: install selftaught[telemetry], or "
            "set OTEL_SDK_DISABLED=true"
        ) from None
    named = environment.get("OTEL_SERVICE_NAME") or "service.name=" in environment.get("OTEL_RESOURCE_ATTRIBUTES", "")
    own = {"service.version": __version__, **({} if named else {"service.name": "selftaught"})}
    provider = TracerProvider(resource=Resource.create(own))
    if "otlp" in names:
        most = None if environment.get("OTEL_BSP_MAX_QUEUE_SIZE") else MAX_QUEUE
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), max_queue_size=most))
    if "console" in names:  # standard output is for results
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr)))
    return provider


class _OneLineOfStderr(logging.Handler):
    """What OpenTelemetry has to say, as a warning of ours: an address in it may hold a password."""

    def emit(self, record: logging.LogRecord) -> None:
        """Nothing; prints a message."""
        said = without_keys(record.getMessage(), secrets_in(os.environ))
        print(f"selftaught: warning: telemetry: {printable(one_line(said))[:500]}", file=sys.stderr)
