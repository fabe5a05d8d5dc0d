"""Program text as the trusted side may treat it: hash, measure, compare and cut; never parse, compile or import."""

from __future__ import annotations

import difflib
import errno
import hashlib
import io
import os
import stat
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Literal

MAX_PROGRAM_BYTES = 256 * 1024
_MOST_COMPARISONS = 100_000_000


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


def read_file(path: Path, *, max_bytes: int = MAX_PROGRAM_BYTES, errors: Literal["strict", "surrogateescape"]) -> str:
    """The text of a file that a person names, with every end of line as a newline.

    Args:
        path: Where it is.
        max_bytes: The longest that is taken.
        errors: What becomes of bytes that are no UTF-8: an error, or lone surrogates.

    Raises:
        OSError: It cannot be read, is not a file (a pipe would keep us waiting), or is too long.
        UnicodeDecodeError: It is not UTF-8.
    """
    with io.FileIO(path, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a file")
        data = io.BufferedReader(file).read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, f"it has {max(status.st_size, len(data)):,} bytes; at most {max_bytes:,} are taken")
    return data.decode("utf-8", errors).replace("\r\n", "\n").replace("\r", "\n")


def one_line(text: str) -> str:
    """Text of programs that cannot forge a line of ours."""
    return " ".join(text.splitlines())


def unified_diff(before: str, after: str, before_name: str, after_name: str) -> str:
    """The unified diff of two programs; where that would take very long, all of the one and all of the other."""
    old, new = before.splitlines(), after.splitlines()
    if _n_comparisons(old, new) <= _MOST_COMPARISONS:
        return "\n".join(difflib.unified_diff(old, new, before_name, after_name, lineterm=""))
    head = [f"--- {before_name}", f"+++ {after_name}", f"@@ -1,{len(old)} +1,{len(new)} @@"]
    return "\n".join([*head, *("-" + line for line in old), *("+" + line for line in new)])


def _n_comparisons(old: list[str], new: list[str]) -> int:
    """How often `difflib` may compare two lines: all pairs of equal ones, for each part that it finds alike.

    It leaves out what more than a hundredth of many lines say. A program can be written so that a diff takes hours.
    """
    in_old, in_new = Counter(old), Counter(new)
    often = len(new) // 100 + 1 if len(new) >= 200 else len(new)
    pairs = sum(count * in_old[line] for line, count in in_new.items() if count <= often)
    return pairs * min(len(old), len(new))


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
