"""`mailbox:DIR`, a model that asks by files: each prompt becomes a folder, and someone writes the answers into it.

Who that is, a person with a chat window, a coding agent or a program, is not known here. The folder is foreign: what
lies in it is read by `foreign_files` alone. A request's folder is named by what is asked, so a run that is started
again with the same `rng_seed` finds the answers that it had, and asks nothing twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from selftaught.errors import ConfigError, LanguageModelError
from selftaught.models.context import ModelMaker
from selftaught.models.foreign_files import (
    MAX_BYTES,
    Signature,
    make_whole_folder,
    opened_folder,
    read_text,
    signature,
    write_whole,
)
from selftaught.models.language_model import LanguageModel, ModelInfo, Reply, Request
from selftaught.settings import PAPER_BUDGET
from selftaught.source import printable

MAILBOX_INFO = ModelInfo(
    name="mailbox:DIR",
    summary="prompts become files in the folder DIR; whoever you like writes the answers there",
    is_language_model=True,
    version="1",
    notice="The answers came by files: who wrote them, a language model, a person or a program, is not known.",
)

LOOK_SECONDS = 0.5
SETTLED_SECONDS = 1.0
"""A file that has not changed for so long is finished."""

_MAX_SCOPE_IN_NAME = 60

README = f"""# A mailbox of selftaught

Each folder here is a question of a run. Answer it by writing files into the folder; the run goes on by itself.

For people: open `request.md`, give the system message and the message to whoever should answer, and save each answer,
as it is, under the name that `request.md` says. Start a new chat for each answer: they should be independent.

For programs: `request.json` has the exact `expertise`, `message` and `temperature`, and in `answers` the names of the
files to write. A question is open as long as one of them is missing. Folders whose name begins with a dot are not
finished.

- An answer is a plain file (no link) in UTF-8 of at most {MAX_BYTES:,} bytes, and not empty.
- It counts once it has not changed for a second. Who writes more slowly writes `answer-1.md.part` and renames it.
- What cannot be read is told in `problem.txt`; replace the file, and the run goes on.
- To refuse, make a file `refused`, or `answer-1.refused` for one answer. The call of the model fails then.
- Nothing runs out: a run waits as long as it takes. It may be ended with Ctrl-C and started again with the same
  `--rng-seed`: it finds the answers that are there. So leave answered folders as they are.
"""


@dataclass(kw_only=True)
class _Answer:
    """An answer that is waited for, and what was seen of its file so far."""

    name: str
    seen: Signature | None = None
    since: float = 0.0
    text: str | None = None
    problem: str = ""

    def look(self, folder: int, now: float) -> None:
        """Nothing; takes the answer if its file is finished, or says what is wrong with it."""
        seen = signature(folder, self.name)
        if seen != self.seen:
            self.seen, self.since, self.problem = seen, now, ""
        elif seen is not None and not self.problem and now - self.since >= SETTLED_SECONDS:
            try:
                self.text = read_text(folder, self.name, seen) or None
            except UnicodeDecodeError:
                self.problem = f"{self.name} does not count: it is not UTF-8"
            except OSError as error:
                self.problem = f"{self.name} does not count: {error.strerror}"


@dataclass(kw_only=True)
class _Letter:
    """One message of a request: its folder and the answers to it."""

    name: str
    answers: list[_Answer]
    problems: str = field(default="")

    @property
    def missing(self) -> list[_Answer]:
        return [answer for answer in self.answers if answer.text is None]

    def look(self, box: int, now: float) -> None:
        """Nothing; takes the answers that are finished.

        Raises:
            LanguageModelError: The writer refuses.
            OSError: The folder has gone.
        """
        if not self.missing:
            return
        with opened_folder(self.name, within=box) as folder:
            if signature(folder, "refused") is not None:
                raise LanguageModelError("the writer of the mailbox refused to answer", retryable=False)
            for answer in self.missing:
                stem = answer.name.removesuffix(".md")
                if signature(folder, f"{stem}.refused") is not None:
                    raise LanguageModelError(f"the writer of the mailbox refused {stem}", retryable=False)
                answer.look(folder, now)
            self._tell_problems(folder)

    def _tell_problems(self, folder: int) -> None:
        """Nothing; `problem.txt` says what is wrong now, written only when that changes."""
        problems = "".join(f"{answer.problem}\n" for answer in self.answers if answer.problem)
        if problems == self.problems:
            return
        self.problems = problems
        with contextlib.suppress(OSError):  # somebody put something else in its place
            if problems:
                write_whole(folder, "problem.txt", problems)
            else:
                os.unlink("problem.txt", dir_fd=folder)


class Mailbox(LanguageModel):
    """The model whose answers are files in a folder; made for one run, and several may share the folder."""

    improvement_budget = PAPER_BUDGET
    meta_budget = PAPER_BUDGET

    def __init__(
        self,
        folder: Path,
        rng_seed: int,
        *,
        name: str = MAILBOX_INFO.name,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """A mailbox in a folder, which is made if it is missing.

        Raises:
            ConfigError: It cannot be made or written to.
        """
        self.info = replace(MAILBOX_INFO, name=name)
        self._folder = folder
        self._rng_seed = rng_seed
        self._clock = clock
        self._sleep = sleep
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with opened_folder(folder) as box:
                if signature(box, "README.md") is None:
                    write_whole(box, "README.md", README)
        except OSError as error:
            raise ConfigError(
                f"the mailbox {folder} cannot be written: {error.strerror}; name another folder"
            ) from None

    async def answer(self, request: Request) -> Reply:
        """`n_responses` answers for each message, in the order of the messages; waits for as long as it takes.

        Raises:
            LanguageModelError: The writer refuses, or the folder cannot be used any more.
        """
        try:
            letters = self._post(request)
            while not self._all_answered(letters):
                await self._sleep(LOOK_SECONDS)
        except OSError as error:
            # No path: the message reaches the improver.
            raise LanguageModelError(f"the mailbox cannot be used: {error.strerror}", retryable=False) from None
        return Reply.of(answer.text or "" for letter in letters for answer in letter.answers)

    def _post(self, request: Request) -> list[_Letter]:
        letters = []
        with opened_folder(self._folder) as box:
            for index in range(len(request.messages)):
                names = [f"answer-{number}.md" for number in range(1, request.n_responses + 1)]
                name = letter_name(request, index, self._rng_seed)
                make_whole_folder(box, name, _letter_texts(request, index, names))
                letters.append(_Letter(name=name, answers=[_Answer(name=answer) for answer in names]))
        return letters

    def _all_answered(self, letters: list[_Letter]) -> bool:
        with opened_folder(self._folder) as box:
            for letter in letters:
                letter.look(box, self._clock())
        return not any(letter.missing for letter in letters)


def letter_name(request: Request, index: int, rng_seed: int) -> str:
    """The name of the folder for a message of a request: who asks, for people, and a hash of all that is asked."""
    asked = [
        *(rng_seed, request.scope, request.ordinal, index),
        *(request.expertise, request.messages, request.n_responses, float(request.temperature)),
    ]
    digest = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]
    scope = re.sub(r"[^a-z0-9]+", "-", request.scope.lower())[:_MAX_SCOPE_IN_NAME].strip("-") or "request"
    return f"{scope}-{request.ordinal + 1}.{index + 1}-{digest}"


def _letter_texts(request: Request, index: int, names: list[str]) -> dict[str, str]:
    """The files of a request: one for people, safe on a terminal, and an exact one for programs."""
    message = request.messages[index]
    exact = {
        "expertise": request.expertise,
        "message": message,
        "temperature": request.temperature,
        "answers": names,
        "scope": request.scope,
    }
    n = len(names)
    wanted = "one answer" if n == 1 else f"{n} answers, each in a new chat so that they are independent"
    where = f"`{names[0]}`" if n == 1 else f"`{names[0]}` to `{names[-1]}`"
    scope = printable(" ".join(request.scope.split())) or "an improver"
    readable = f"""# A request for {n} answer{"" if n == 1 else "s"}

Asked by {scope}, message {index + 1} of {len(request.messages)}.
Wanted: {wanted}; temperature {request.temperature:g}, if you can set it.
Save {"it" if n == 1 else "them"} unchanged in this folder, as {where}.
To refuse, make a file `refused`. The rules are in `README.md`, one folder up.

## System message

{_fenced(request.expertise)}

## Message

{_fenced(message)}
"""
    return {"request.md": readable, "request.json": json.dumps(exact, indent=2) + "\n"}


def _fenced(text: str) -> str:
    """A text in a fence longer than any in it; what a terminal would obey is escaped."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{printable(text)}\n{fence}"


def mailbox_maker(name: str, argument: str) -> ModelMaker:
    """How to make the mailbox that a person means; nothing is written yet.

    Raises:
        ConfigError: There is no folder in the name, or something else has its path.
    """
    if not argument.strip():
        raise ConfigError("mailbox: needs a folder, as in mailbox:DIR; it is made if it is missing")
    try:
        folder = Path(argument).expanduser()
        ways = (folder, *folder.parents)
        in_the_way = next((path for path in ways if os.path.lexists(path) and not path.is_dir()), None)
        if in_the_way is None:
            with contextlib.suppress(FileNotFoundError):
                folder.lstat()  # a path that no folder can have is found out here
    except (OSError, ValueError, RuntimeError):
        raise ConfigError(f"{argument!r:.200} cannot be the path of a mailbox; name a folder") from None
    if in_the_way is not None:
        raise ConfigError(f"{in_the_way} is not a folder, so it cannot hold a mailbox; name a folder after mailbox:")
    return lambda context: Mailbox(folder, context.rng_seed, name=name)
