"""Asking a model anew, in another way, where it does not take a part of a request; what helped is remembered.

No list of models is kept: a server that does not take a part says so (400 or 422, with the part's name). What did not
help is forgotten, so that one odd message teaches nothing about the next.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from selftaught.models.complaint import Complaint
from selftaught.models.endpoint import StatusFault
from selftaught.models.foreign_json import clean
from selftaught.models.provider import Completion, Fault, Prompt, ProviderFault

MAX_LESSONS = 8
"""So often is one exchange asked anew; there are fewer parts that can be left out."""

_LEARNABLE = (400, 422, 501)

Body = dict[str, Any]
Own = TypeVar("Own", bound="Dialect")


class Dialect(Protocol):
    """How a model is asked; a value, which is replaced and never changed."""

    def body(self, prompt: Prompt) -> Body:
        """The request for a prompt."""
        ...

    def after(self: Own, body: Body, complaint: Complaint) -> Own | None:
        """The dialect in which to ask again after a complaint; None where it names no part of the request."""
        ...

    def and_also(self: Own, other: Own) -> Own:
        """What both have learned; in doubt what `other` has."""
        ...


Spoken = TypeVar("Spoken", bound=Dialect)


class Learner(Generic[Spoken]):
    """Asks one model, and knows how it wants to be asked.

    Attributes:
        dialect: What is known so far.
    """

    def __init__(self, dialect: Spoken) -> None:
        self.dialect = dialect

    async def complete(self, prompt: Prompt, ask: Callable[[Body, float], Awaitable[Completion]]) -> Completion:
        """What comes back for a prompt.

        Args:
            prompt: Whose seconds hold for all that is asked, together.
            ask: Sends one request, within so many seconds.

        Raises:
            ProviderFault: It failed.
        """
        prompt = replace(prompt, expertise=clean(prompt.expertise), message=clean(prompt.message))
        known = dialect = self.dialect
        ends = asyncio.get_running_loop().time() + prompt.seconds
        for _ in range(MAX_LESSONS):
            body = dialect.body(prompt)
            try:
                completion = await ask(body, max(0.0, ends - asyncio.get_running_loop().time()))
            except StatusFault as fault:
                learned = dialect.after(body, fault.complaint) if fault.status in _LEARNABLE else None
                if learned is None:
                    raise
                if self.dialect is not known:  # another exchange has learned meanwhile, maybe just this
                    known, others = self.dialect, dialect.and_also(self.dialect)
                    learned = learned if others.body(prompt) == body else others
                dialect = learned
            else:
                self.dialect = self.dialect.and_also(dialect)
                return completion
        raise ProviderFault(Fault.REJECTED, "it takes the request in no form that is known")


def named_part(body: Mapping[str, Any], complaint: Complaint, spoken: Mapping[str, re.Pattern[str]]) -> str | None:
    """The part of a request that a complaint is about; None if it names none.

    Args:
        body: The parts that can be left out or changed.
        complaint: What a server said.
        spoken: How a part is named in words, where that is not just its name.
    """
    for name in body:
        if complaint.parameter.rpartition(".")[2] == name:
            return name
    for name in sorted(body, key=len, reverse=True):
        pattern = spoken.get(name) or re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])", re.IGNORECASE)
        if pattern.search(complaint.message):
            return name
    return None
