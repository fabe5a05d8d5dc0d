"""Which models can be used now: whose key is set, whose package is there, and which servers of this machine answer.

Only addresses on this machine are asked, for a short time, all at once.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from selftaught.errors import ConfigError
from selftaught.models.endpoint import Endpoint, endpoint_of, http_client, is_loopback
from selftaught.models.language_model import ModelInfo
from selftaught.models.presets import PRESETS, Preset, base_url_of, key_of, without_user
from selftaught.models.provider import Fault, ProviderFault
from selftaught.models.registry import model_infos
from selftaught.models.served import URL_INFO, missing_extra
from selftaught.models.served_list import info_as_served, served_entries, short_name
from selftaught.models.third_party import registered_infos
from selftaught.redaction import Redactor

PROBE_SECONDS = 1.5
_MOST_NAMES = 100


@dataclass(frozen=True, kw_only=True)
class Usable:
    """Whether models of one kind can be used now.

    Attributes:
        info: What a person should know of them.
        usable: Whether they can; None where that cannot be known without asking somebody on another machine.
        missing: What is missing, and the mend; None if nothing is.
        served: The models of a server on this machine, under the names to write after `--model`.
    """

    info: ModelInfo
    usable: bool | None
    missing: str | None = None
    served: tuple[ModelInfo, ...] = ()


async def usable_models(environment: Mapping[str, str] | None = None) -> list[Usable]:
    """All that may be named after `--model`, with what is missing; never raises."""
    environment = os.environ if environment is None else environment
    return list(await asyncio.gather(*(_usable(info, environment) for info in model_infos())))


async def _usable(info: ModelInfo, environment: Mapping[str, str]) -> Usable:
    preset = PRESETS.get(info.name.partition(":")[0])
    if preset is None:
        is_foreign = info.name == URL_INFO.name or info in registered_infos()
        return Usable(info=info, usable=None if is_foreign else True)
    try:
        url = base_url_of(preset, environment)
        key = key_of(preset, environment)
    except ConfigError as error:
        return Usable(info=info, usable=False, missing=str(error).removeprefix(f"{preset.prefix}: "))
    if key is None and preset.needs_key:
        return Usable(info=info, usable=False, missing=f"no key: set {preset.key_names} in the environment")
    package = missing_extra(preset)
    if package:
        return Usable(info=info, usable=False, missing=f"a package is missing: {package}")
    if not preset.is_local:
        return Usable(info=info, usable=True)
    return await _probed(info, preset, url, key)


async def _probed(info: ModelInfo, preset: Preset, url: str, key: str | None) -> Usable:
    """Whether a server of this machine answers, and what it serves."""
    redactor = Redactor([key] if key else [])
    where = redactor.message(without_user(url))
    info = replace(info, summary=f"{info.summary} at {where}")
    if not is_loopback(url):
        return Usable(info=info, usable=None)
    try:
        listed = await _list(url, key, endpoint_of(preset, redactor))
    except ProviderFault as fault:
        return Usable(info=info, usable=False, missing=_why_not(fault, preset))
    entries = served_entries(listed)
    if not entries:
        return Usable(info=info, usable=False, missing="who answers there lists no models")
    names = list(entries)[:_MOST_NAMES]
    infos = (replace(info, name=f"{preset.prefix}:{redactor.message(short_name(name), 100)}") for name in names)
    served = (info_as_served(of_it, entries[name], redactor) for of_it, name in zip(infos, names, strict=True))
    return Usable(info=info, usable=True, served=tuple(served))


async def _list(url: str, key: str | None, endpoint: Endpoint) -> Any:
    async with http_client(url) as client:

        async def ask() -> bytes:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            answer = await client.get(f"{url.rstrip('/')}/models", headers=headers)
            answer.raise_for_status()
            return answer.content

        return await endpoint.page(ask, PROBE_SECONDS)


def _why_not(fault: ProviderFault, preset: Preset) -> str:
    if fault.fault is Fault.DOWN:
        return f"nobody answers there: start it with `{preset.start}`, or set {preset.url_variable} to its address"
    if fault.fault is Fault.KEY:
        return f"it does not take the key: set {preset.key_names} in the environment"
    return str(fault)
