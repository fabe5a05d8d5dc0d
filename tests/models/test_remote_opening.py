"""A model behind a provider is opened and closed: had, awaited or refused, and nothing left in flight."""

from __future__ import annotations

import asyncio

import pytest

from selftaught.errors import ConfigError, LanguageModelUnavailable
from selftaught.models.provider import Fault, ProviderFault

from .scripted_provider import Rig, ScriptedProvider, fault, request_of
from .virtual_time import in_virtual_time


@pytest.mark.parametrize(
    ("opening", "says"),
    [
        (fault(Fault.KEY, "set SCRIPTED_API_KEY"), "^the model scripted:m cannot be used: set SCRIPTED_API_KEY$"),
        (
            fault(Fault.DOWN, "connection refused"),
            r"nobody answers at http://localhost:1/v1 \(connection refused\); start the server, or mend the address$",
        ),
        (
            fault(Fault.UNKNOWN_MODEL, "it has: a, b"),
            r"there is no model m at http://localhost:1/v1 \(it has: a, b\); name another$",
        ),
        (fault(Fault.SLOW, "no answer within 10 s"), r"does not answer as a provider of models should \(no answer"),
        (fault(Fault.BROKEN, "<html>\n\x1b[31m"), r"\(<html> \\x1b\[31m\); mend the address, or try again later$"),
    ],
)
def test_a_model_that_cannot_be_had_is_said_before_anything_is_spent(opening, says):
    rig = Rig()
    rig.provider.opening = opening
    with pytest.raises(ConfigError, match=says):
        in_virtual_time(rig.model.open())


def test_a_provider_that_asks_for_patience_when_opened_is_there():
    rig = Rig()
    rig.provider.opening = fault(Fault.BUSY)
    in_virtual_time(rig.model.open())


class Away(ScriptedProvider):
    """A provider that nobody finds for ten minutes, and whose key does not serve after that if it is told so."""

    n_openings = 0
    key_fault: ProviderFault | None = None

    async def open(self) -> None:
        self.n_openings += 1
        if asyncio.get_running_loop().time() < 600:
            raise fault(Fault.DOWN, "refused")
        if self.key_fault:
            raise self.key_fault


def test_a_provider_that_could_be_had_before_is_waited_for_when_it_is_opened():
    rig = Rig(provider_class=Away, is_awaited=True, mend="`selftaught resume r-1`")
    assert in_virtual_time(opened_and_asked(rig)) >= 600
    assert "has not answered since 14:00:00 (refused); waiting until 15:00:00" in rig.told[0]
    assert rig.told[0].endswith("Ctrl-C is safe: `selftaught resume r-1` goes on from the answers that have come")
    assert rig.told[-1] is None
    assert 5 < rig.provider.n_openings < 60


async def opened_and_asked(rig):
    await rig.model.open()
    assert (await rig.model.answer(request_of())).texts
    return asyncio.get_running_loop().time()


def test_it_is_not_waited_for_longer_than_in_a_run():
    rig = Rig(provider_class=Away, is_awaited=True, outage_seconds=100)
    with pytest.raises(LanguageModelUnavailable, match=r"waits 100 s at the most \(--outage-seconds\), and the same"):
        in_virtual_time(rig.model.open())


def test_a_key_that_does_not_serve_any_more_is_not_waited_for():
    rig = Rig(provider_class=Away, is_awaited=True)
    rig.provider.key_fault = fault(Fault.KEY, "it has expired")
    with pytest.raises(ConfigError, match="cannot be used: it has expired"):
        in_virtual_time(rig.model.open())


def test_closing_gives_up_what_is_in_flight():
    async def scenario():
        asking = asyncio.create_task(rig.model.answer(request_of()))
        await asyncio.sleep(10)
        await rig.model.close()
        await rig.model.close()
        return await asyncio.gather(asking, return_exceptions=True)

    rig = Rig(lambda prompt, number: fault(Fault.DOWN))
    [ended] = in_virtual_time(scenario())
    assert isinstance(ended, asyncio.CancelledError)
    assert rig.provider.is_closed
    assert rig.told[-1] is None
