"""Carries out calls on files for the children of one zygote, and gives them what came of it."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor

from selftaught.sandbox import notifications
from selftaught.sandbox.file_calls import Reply, reply_on_descriptor, reply_to
from selftaught.sandbox.notifications import Question
from selftaught.sandbox.readable_files import ReadableFiles
from selftaught.sandbox.refusals import Ruling
from selftaught.sandbox.system_calls import NAMES


class FileService:
    """Answers the questions that are to be served.

    Looks at paths are answered at once. Files are opened in a thread of their own: the kernel hands a descriptor over
    when it is the turn of the thread that asked, and a child with many busy threads could make the engine wait for it.

    Args:
        listener: The descriptor of the filter; the service keeps a copy.
        machine: A key of `seccomp.AUDIT_ARCH`.
        files: What children may read.
    """

    def __init__(self, listener: int, machine: str, files: ReadableFiles) -> None:
        self._listener = os.dup(listener)
        self._machine = machine
        self._files = files
        self._opener = ThreadPoolExecutor(max_workers=1, thread_name_prefix="opens-files")

    def serve(self, question: Question, ruling: Ruling) -> None:
        """Nothing; the call is carried out, now or soon."""
        if ruling.is_look:
            self._carry_out(question, ruling.path)
        else:
            self._opener.submit(self._carry_out, question, ruling.path)

    def close(self) -> None:
        """Nothing; what waits is done with first, which takes no time once the children have been killed."""
        self._opener.submit(os.close, self._listener)
        self._opener.shutdown(wait=False)

    def _carry_out(self, question: Question, path: str | None) -> None:
        if path is None:
            descriptor, address = question.arguments[0] & 0xFFFFFFFF, question.arguments[2]
            self._give(question, reply_on_descriptor(question.thread, self._machine, descriptor, address))
            return
        name = NAMES[self._machine][question.number]
        self._give(question, reply_to(self._files, self._machine, name, question.arguments, path))

    def _give(self, question: Question, reply: Reply) -> None:
        error = reply.error
        if reply.descriptor >= 0:
            error = notifications.hand_over(
                self._listener, question, reply.descriptor, close_on_exec=reply.close_on_exec
            )
            os.close(reply.descriptor)
            if not error:
                return
        if reply.data and not notifications.write(self._listener, question, reply.address, reply.data):
            error = errno.EFAULT
        if error:
            notifications.refuse(self._listener, question, error)
        else:
            notifications.give(self._listener, question, reply.value)
