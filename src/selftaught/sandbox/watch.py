"""Answers the questions of one zygote's filter, and keeps the record of what its children tried."""

from __future__ import annotations

import asyncio
import os
import time

from selftaught.sandbox import notifications
from selftaught.sandbox.child import Child
from selftaught.sandbox.file_service import FileService
from selftaught.sandbox.notifications import Question
from selftaught.sandbox.python_paths import PythonPaths
from selftaught.sandbox.readable_files import ReadableFiles, Reader, folders_of
from selftaught.sandbox.refusals import Action, Asker, Ruling, rule, rule_on_zygote
from selftaught.worker import seccomp
from selftaught.worker.seccomp import Files


class Watch:
    """Answers every question that waits, one at a time; a thread that asks stands still until then.

    Args:
        listener: The descriptor of the filter; the watch owns it.
        zygote: The process id of the zygote, which is ours and may start processes.
        paths: What children may read, and where Python looks beyond that.
        files: Who carries out their calls on files.
        reader: Whose rights count where the engine does; None where they are the engine's own.
    """

    def __init__(
        self, listener: int, zygote: int, paths: PythonPaths, *, files: Files, reader: Reader | None = None
    ) -> None:
        self._listener = listener
        self._zygote = zygote
        self._expected = frozenset((*paths.readable, *paths.searched))
        self._listable = frozenset(paths.listable)
        known = (*self._expected, *self._listable)
        self._above = frozenset(("/", *(above for path in known for above in folders_of(path))))
        self._files = files
        self._machine = seccomp.machine() or ""
        self._service = FileService(listener, self._machine, ReadableFiles(paths.readable, paths.listable, reader))
        self._children: dict[int, Child] = {}
        self._unclaimed: list[Question] = []
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(listener, self._on_question)

    def add(self, child: Child) -> None:
        """Nothing; the child is known from now on, and what it has asked already is answered."""
        self._children[child.pid] = child
        waiting, self._unclaimed = self._unclaimed, []
        for question in waiting:
            self._answer(question)

    def remove(self, child: Child) -> None:
        """Nothing; the child has ended."""
        self._children.pop(child.pid, None)

    def close(self) -> None:
        """Nothing; who still asks is refused by the kernel."""
        self._loop.remove_reader(self._listener)
        self._service.close()
        os.close(self._listener)

    def _on_question(self) -> None:
        question = notifications.receive(self._listener)
        if question is not None:
            self._answer(question)

    def _answer(self, question: Question) -> None:
        if question.thread == self._zygote:
            self._tell(question, rule_on_zygote(self._machine, question.number, question.arguments))
            return
        child = self._children.get(question.thread) or self._children.get(notifications.process_of(question.thread))
        if not notifications.is_waiting(self._listener, question):
            return  # it has gone, and its number may be another's by now
        if child is None:
            self._unclaimed.append(question)  # it asks before the zygote has said that it runs
            return
        started = time.thread_time()
        ruling = rule(self._asker(child, question), question.number, question.arguments)
        if ruling.action is Action.END:
            child.end_for_attack(ruling.detail)
        elif ruling.kind:
            child.note_refusal(ruling.kind, ruling.detail)
        self._tell(question, ruling)
        child.count_watched_call(time.thread_time() - started, is_look=ruling.is_look)

    def _asker(self, child: Child, question: Question) -> Asker:
        return Asker(
            machine=self._machine,
            expected=self._expected,
            listable=self._listable,
            above=self._above,
            files=self._files,
            own_process=lambda: child.own_pid,
            text_at=lambda address: self._if_waiting(question, notifications.read_text(question.thread, address)),
            folder_of=lambda number: self._if_waiting(question, notifications.folder_of(question.thread, number)),
        )

    def _if_waiting(self, question: Question, text: str | None) -> str | None:
        """What was read of a process, unless it had gone and its number may have been another's."""
        return text if notifications.is_waiting(self._listener, question) else None

    def _tell(self, question: Question, ruling: Ruling) -> None:
        if ruling.action is Action.PASS:
            notifications.let_pass(self._listener, question)
        elif ruling.action is Action.SERVE:
            self._service.serve(question, ruling)
        else:
            notifications.refuse(self._listener, question, ruling.error)
