"""Role `reader`: reads programs without running them, because the engine itself never parses what was generated.

It answers for each program as it goes, so that one on which Python's parser hangs or dies takes no other with it.
Where memory runs out it ends too, rather than blame a program for what those before it have left behind.
"""

from __future__ import annotations

import msgspec

from .messages import Reading, ReadStart, Unreadable
from .reading import NotReadable, kept, static_findings, strategy_findings
from .wire import Channel

SUBJECTS = {"static_findings": static_findings, "strategies": strategy_findings}
"""What can be looked for: functions from a program's source to findings, in the order of lines."""


def main(channel: Channel, start: object) -> None:
    """Sends one message for each of the programs in `start`, in their order."""
    order = msgspec.convert(start, ReadStart)
    find = SUBJECTS[order.subject]
    for index, source in enumerate(order.sources):
        try:
            findings = find(source)
        except NotReadable as error:
            channel.send(Unreadable(index=index, why=str(error)))
        else:
            told = kept(findings)
            channel.send(Reading(index=index, findings=told, omitted=len(findings) - len(told)))
