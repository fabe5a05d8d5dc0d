"""How all providers over HTTP send and take: answers are bounded, and whatever goes wrong is one of our faults.

Only providers import this: it loads an HTTP client.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ipaddress
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx2

from selftaught.errors import ModelWarning
from selftaught.models.complaint import Complaint, complaint_of, fault_of_status, retry_after_seconds
from selftaught.models.foreign_json import parsed
from selftaught.models.presets import Preset
from selftaught.models.provider import Fault, ProviderFault
from selftaught.redaction import Redactor

MAX_BODY_BYTES = 32 * 1024 * 1024
"""The longest body that is taken: a million tokens of answer have some 4 MiB."""

CONNECT_SECONDS = 15.0

OPEN_SECONDS = 20.0
"""How long it may take to find out what a server has."""

_ANSWERED = "selftaught_answered"
"""Noted with a request when the head of an answer has come."""

_NO_SUCH_PAGE = (404, 405, 501)

_NETWORK: tuple[tuple[tuple[type[Exception], ...], Fault, str], ...] = (
    ((httpx2.ConnectTimeout, httpx2.PoolTimeout), Fault.DOWN, "no connection"),
    ((httpx2.TimeoutException, TimeoutError), Fault.SLOW, "it took too long"),
    ((httpx2.ConnectError,), Fault.DOWN, "no connection"),
    ((httpx2.ProxyError,), Fault.DOWN, "the proxy does not reach it"),
    ((httpx2.DecodingError,), Fault.BROKEN, "it sent what cannot be read"),
    ((httpx2.UnsupportedProtocol, httpx2.LocalProtocolError), Fault.REJECTED, "it cannot be asked so"),
    ((httpx2.InvalidURL,), Fault.REJECTED, "that is no address"),
    ((httpx2.TransportError,), Fault.BROKEN, "the connection broke"),
    ((OSError,), Fault.DOWN, "no connection"),
)
"""What the errors of the network are; the first that fits."""


class StatusFault(ProviderFault):
    """A server answered, but with no success.

    Attributes:
        status: The HTTP status.
        complaint: What the server says is wrong, without keys, but not made safe for a terminal.
    """

    def __init__(self, fault: Fault, message: str, *, status: int, complaint: Complaint, after: float | None) -> None:
        super().__init__(fault, message, retry_after_seconds=after)
        self.status = status
        self.complaint = complaint


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Who is asked, for the words of a fault. They do not say where that is: an improver gets to read some of them.

    Attributes:
        redactor: Knows the keys.
        key_mend: What to do where the key does not serve.
        down_mend: What to do where nobody answers; may be empty.
    """

    redactor: Redactor
    key_mend: str
    down_mend: str = ""

    @contextlib.asynccontextmanager
    async def exchange(self, seconds: float) -> AsyncIterator[None]:
        """Nothing; in the block a client of the provider is used, for at most so many seconds.

        Raises:
            ProviderFault: Whatever went wrong.
        """
        try:
            async with asyncio.timeout(seconds):
                yield
        except Exception as error:  # noqa: BLE001 - whatever a client makes of hostile bytes becomes a fault here
            raise self.fault_of(error) from None

    async def page(self, ask: Callable[[], Awaitable[bytes]], seconds: float = OPEN_SECONDS) -> Any:
        """What a page about models says; None where the server has no such page, or says nothing that is JSON.

        Raises:
            ProviderFault: Nobody answers, or the key does not serve.
        """
        try:
            async with self.exchange(seconds):
                body = await ask()
            return self.json_of(body)
        except StatusFault as fault:
            if fault.status in _NO_SUCH_PAGE:
                return None
            raise
        except ProviderFault as fault:
            if fault.fault is Fault.BROKEN:
                return None
            raise

    def fault_of(self, error: Exception) -> ProviderFault:
        """What an exception of a client, or one that it hides, means."""
        for link in _chain(error):
            if isinstance(link, ProviderFault):
                return link
            response = getattr(link, "response", None)
            if isinstance(response, httpx2.Response) and not response.is_success:
                return self.refusal(response.status_code, response.headers, _body_of(response))
            for kinds, fault, words in _NETWORK:
                if isinstance(link, kinds):
                    if fault is Fault.BROKEN and _is_unanswered(link):
                        fault, words = Fault.DOWN, "it hung up without an answer"
                    return self.fault(fault, words, str(link))
        return self.fault(Fault.BROKEN, "what it sent cannot be used", f"{type(error).__name__}: {error}")

    def refusal(self, status: int, headers: Any, body: bytes) -> StatusFault:
        """What an answer without success means."""
        said = complaint_of(body)
        complaint = replace(said, message=self.redactor.pieces(said.message), code=self.redactor.pieces(said.code))
        after = retry_after_seconds(headers)
        after = complaint.retry_after_seconds if after is None else after
        fault = fault_of_status(status, complaint, asks_for_patience=after is not None)
        words = f"it answered {status}"
        if 300 <= status < 400:
            words += ", a redirection, which is not followed: name the address where it leads"
        elif fault is Fault.NO_PROVIDER or (status == 404 and not complaint.code):
            words += " (is the address right? it often ends in /v1)"
        is_page = fault is Fault.NO_PROVIDER and not complaint.is_document  # for readers; its markup says nothing
        message = self._message(fault, words, "" if is_page else complaint.message)
        return StatusFault(fault, message, status=status, complaint=complaint, after=after)

    def fault(self, fault: Fault, words: str, server_text: str = "") -> ProviderFault:
        """A fault in words of ours and, behind them, of the server."""
        return ProviderFault(fault, self._message(fault, words, server_text))

    def _message(self, fault: Fault, words: str, server_text: str) -> str:
        said = self.redactor.message(server_text)
        mend = {Fault.KEY: self.key_mend, Fault.DOWN: self.down_mend}.get(fault, "")
        return "; ".join(filter(None, (f"{words}: {said}" if said else words, mend)))

    def json_of(self, body: bytes) -> Any:
        """What an answer says.

        Raises:
            ProviderFault: It is no JSON.
        """
        try:
            return parsed(body)
        except ValueError as error:
            raise self.fault(Fault.BROKEN, "it sent no JSON", f"{error}") from None


def endpoint_of(preset: Preset, redactor: Redactor) -> Endpoint:
    """Who is asked, for the words of a fault."""
    return Endpoint(
        redactor=redactor,
        key_mend=f"check {preset.key_names}",
        down_mend=f"is it running? `{preset.start}` starts it" if preset.start else "",
    )


def timeout(seconds: float) -> httpx2.Timeout:
    """The times of a client, where all of it may take so many seconds."""
    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


def warn_untold(name: str, flag: str) -> None:
    """Nothing; a person is told that a model cannot be told what was asked for."""
    warnings.warn(f"{name} cannot be told {flag}; it thinks as it likes", ModelWarning, stacklevel=2)


def http_client(url: str, **options: Any) -> httpx2.AsyncClient:
    """A client for one address: redirections are not followed, with a key to who knows where, and bodies are bounded.

    A server on this machine is asked directly, whatever proxy there is for others.
    """
    return httpx2.AsyncClient(
        verify=_trusted(),
        follow_redirects=False,
        trust_env=not is_loopback(url),
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=256),
        headers={"Accept-Encoding": "identity"},
        event_hooks={"response": [_bound]},
        **options,
    )


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whom we trust over https; it takes long to load."""
    return httpx2.create_ssl_context()


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine, and so nothing that is sent to it leaves it."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _BoundedStream(httpx2.AsyncByteStream):
    """A body that breaks off where it gets too long."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        n_bytes = 0
        async for chunk in self._stream:
            n_bytes += len(chunk)
            if n_bytes > MAX_BODY_BYTES:
                raise ProviderFault(Fault.BROKEN, f"an answer has more than {MAX_BODY_BYTES:,} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bound(response: httpx2.Response) -> None:
    # A compressed body of some megabytes can have any size.
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        raise ProviderFault(Fault.BROKEN, "an answer is compressed, though it was asked not to be")
    response.request.extensions[_ANSWERED] = True
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _BoundedStream(response.stream)


def _is_unanswered(error: BaseException) -> bool:
    """Whether a connection ended before any answer came: so do proxies and tunnels whose server is down."""
    if isinstance(error, httpx2.RemoteProtocolError):
        return "without sending a response" in str(error)
    try:
        return isinstance(error, httpx2.NetworkError) and _ANSWERED not in error.request.extensions
    except RuntimeError:  # it knows of no request
        return False


def _body_of(response: httpx2.Response) -> bytes:
    try:
        return response.content
    except httpx2.ResponseNotRead:
        return b""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__
