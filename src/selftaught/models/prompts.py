"""What the engine adds to what improvers say to a language model: how to answer. All of it is in this file.

Improvers find programs in answers by their fences, so a language model is told to write them so. The embedded models
and the mailbox are told nothing: what they are asked is exactly what an improver wrote.
"""

from __future__ import annotations

ANSWER_FORMAT = (
    "How to answer: where you are asked for a program, write the whole program, with nothing left out, in one fenced "
    "code block that begins with the line ```python and ends with the line ```. Explanations stand before that block, "
    "never in a block of their own."
)
"""Said to language models over the network, after the system message of the improver, in every call."""


def expertise_sent(expertise: str) -> str:
    """The system message as it is sent: what an improver wrote, then how to answer."""
    return f"{expertise}\n\n{ANSWER_FORMAT}" if expertise.strip() else ANSWER_FORMAT
