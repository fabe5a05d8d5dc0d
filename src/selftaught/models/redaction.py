"""Text of servers made safe: without our keys, and where it goes into a message, one bounded line.

A server can send back whatever it was sent, so it can send the key: in an error, in an answer, or in pieces.
"""

from __future__ import annotations

from collections.abc import Iterable

from selftaught.source import one_line, printable

HIDDEN = "[key]"
_MAX_CHARACTERS = 200
_MAX_SEARCHED = 4_000
_PIECE = 10
"""Characters of a key in a row that nobody else writes by chance."""
_SHORTEST = 4
"""A shorter word than this is a placeholder (`x`), no secret."""


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
