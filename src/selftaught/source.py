"""Program text as the trusted side may treat it: hash, measure, compare and cut; never parse, compile or import."""

from __future__ import annotations

import difflib
import hashlib
import unicodedata

MAX_PROGRAM_BYTES = 256 * 1024


def sha256_of(source: str) -> str:
    """The SHA-256 of a program's text, in hexadecimal; a program's name in the store."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def rng_seed_of(*parts: object) -> int:
    """A number in `[0, 2**63)` that depends on all parts, and on nothing else.

    Every random choice of a run is drawn from such a number, named by what it is for; so the order in which
    things happen to finish, and the number of workers, change nothing.
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big") >> 1


def why_unusable(source: str) -> str | None:
    """What is wrong with a program's text before anyone runs it, or None."""
    if not source.strip():
        return "it is empty"
    try:
        size = len(source.encode())
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if size > MAX_PROGRAM_BYTES:
        return f"it has {size:,} bytes; at most {MAX_PROGRAM_BYTES:,} are taken"
    if "\x00" in source:
        return "it contains a null character"
    return None


def unified_diff(before: str, after: str, before_name: str, after_name: str) -> str:
    """The unified diff of two programs."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), before_name, after_name, lineterm="")
    return "\n".join(lines)


def printable(text: str) -> str:
    """Text from an untrusted program made safe for a terminal: control and format characters are escaped."""
    return "".join(
        character
        if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def nearest(name: str, names: list[str]) -> str:
    """ "; did you mean a or b?" for the names that look like `name`, else the list of all."""
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; there are: {', '.join(sorted(names))}" if names else ""
