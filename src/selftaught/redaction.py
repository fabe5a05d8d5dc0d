"""Text without keys: what servers say, and whatever is told of a run.

A server can send back whatever it was sent, so it can send the key: in an error, in an answer, or in pieces. Such text
is made safe by a `Redactor`, which knows the keys that were sent; where it goes into a message it is one bounded line.
What is told to a log or a collector may come from anywhere, so there all keys of the environment are hidden, and
whatever looks like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from selftaught.source import one_line, printable

HIDDEN = "[key]"
_MAX_CHARACTERS = 200
_MAX_SEARCHED = 4_000
_PIECE = 10
"""Characters of a key in a row that nobody else writes by chance."""
_SHORTEST = 4
"""A shorter word than this is a placeholder (`x`), no secret."""
SHORTEST_SECRET = 8
"""A shorter value of a variable is a word like `none` or `token`, and would be hidden wherever it stands."""

_KEY_VARIABLE = re.compile(
    r"(^|_)(API_?KEY|KEYS?|TOKENS?|SECRETS?|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)(_|$)", re.IGNORECASE
)
_HEADERS_VARIABLE = re.compile(r"_HEADERS$", re.IGNORECASE)
_LOOKS_LIKE_A_KEY = re.compile(
    r"(?P<before>\bBearer\s+|\b(?-i:Basic)\s+(?=[A-Za-z0-9+/=]{8})|://[^/\s:@]*:(?=[^/\s@]*@))[^\s\"',;@]{4,}"
    r"|(?:\b(?:sk|pk|rk|gsk|xai|hf|ghp|gho|github_pat|glpat|xox[abprs])[-_][A-Za-z0-9_\-]{16,}"
    r"|\bAIza[A-Za-z0-9_\-]{30,}|\bAKIA[A-Z0-9]{16}\b|\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*)",
    re.IGNORECASE,
)


class Redactor:
    """Hides secrets; what they are cannot be asked of it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.__secrets = tuple(secret for secret in secrets if len(secret) >= _SHORTEST)

    def text(self, text: str) -> str:
        """A text of any length without the secrets as they are."""
        for secret in self.__secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def message(self, text: str, most: int = _MAX_CHARACTERS) -> str:
        """Server text for a message: no secret, no piece of one, escaped, one line, at most `most` characters."""
        line = " ".join(printable(one_line(self.pieces(text))).split())
        line = self.text(line)  # an escape or a joined line may have put it together
        return line if len(line) <= most else f"{line[: most - 1]}…"

    def pieces(self, text: str) -> str:
        """The first thousands of characters of a text without the secrets, and without pieces of them."""
        text = self.text(text[:_MAX_SEARCHED])
        hidden = [False] * len(text)
        for secret in self.__secrets:
            for start in range(len(secret) - _PIECE + 1):
                piece = secret[start : start + _PIECE]
                place = text.find(piece)
                while place >= 0:
                    hidden[place : place + _PIECE] = [True] * _PIECE
                    place = text.find(piece, place + 1)
        parts: list[str] = []
        for character, hide in zip(text, hidden, strict=True):
            if not hide:
                parts.append(character)
            elif not parts or parts[-1] != HIDDEN:
                parts.append(HIDDEN)
        return "".join(parts)


def secrets_in(environment: Mapping[str, str]) -> list[str]:
    """The values of the variables that hold keys, and those in lists of headers; the longest first."""
    found: set[str] = set()
    for name, value in environment.items():
        if _KEY_VARIABLE.search(name):
            found.add(value.strip())
        elif _HEADERS_VARIABLE.search(name):
            found.update(part.partition("=")[2].strip() for part in value.split(","))
    return sorted((secret for secret in found if len(secret) >= SHORTEST_SECRET), key=len, reverse=True)


def without_keys(text: str, secrets: Iterable[str]) -> str:
    """A text in which the secrets, and whatever looks like a key, are hidden.

    Args:
        text: Any text.
        secrets: What must not be in it, the longest first.
    """
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return _LOOKS_LIKE_A_KEY.sub(lambda found: f"{found['before'] or ''}{HIDDEN}", text)
