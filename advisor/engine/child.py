"""`Child`: one engine process, its pipes, and its end.

Two threads read its stdout and stderr, since a pipe that nobody reads stops the writer, and since waiting on
pipes with a deadline works the same way everywhere only through a queue.
"""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import IO, Any, cast

from advisor.engine.launch import Launch
from advisor.engine.wire import STARTUP_ID, Reply, decode

MAX_LINE_BYTES = 8 * 1024 * 1024  # far above any answer; a longer line is noise and is read in pieces
MAX_STDERR_LINE_BYTES = 4096
KEPT_STDERR_LINES = 200
GRACE_SECONDS = 1.0  # for a process to end by itself
PIPE_SECONDS = 1.0  # for its pipes to be read to their end after that
# Waiting in slices keeps Ctrl-C working on Windows, where a wait on a lock cannot be interrupted.
SLICE_SECONDS = 0.25


class ChildDied(Exception):
    """The process is gone, or has closed its answers. `returncode` is None if it had to be ended for that."""

    def __init__(self, returncode: int | None, stderr: tuple[str, ...]) -> None:
        super().__init__(f"the engine process ended: {returncode}")
        self.returncode = returncode
        self.stderr = stderr


class ChildSilent(Exception):
    """No answer before the deadline, or no line for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the engine process was silent for {seconds} seconds")
        self.seconds = seconds


class Child:
    """A running worker. Raises OSError from the constructor if it cannot be started."""

    def __init__(self, launch: Launch, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._process = subprocess.Popen(  # noqa: S603 - no shell; the command is our own worker
            launch.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=launch.child_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._replies: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()
        self._stderr: deque[str] = deque(maxlen=KEPT_STDERR_LINES)
        self._stdin = cast("IO[bytes]", self._process.stdin)  # PIPE was asked for: none of the three is None
        self._readers = (
            _Reader(cast("IO[bytes]", self._process.stdout), self._read_answers),
            _Reader(cast("IO[bytes]", self._process.stderr), self._read_stderr),
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def ask(
        self,
        request_id: int,
        line: bytes,
        deadline_seconds: float,
        on_event: Callable[[Mapping[str, Any]], None] | None = None,
        silence_seconds: float | None = None,
    ) -> Reply:
        """The reply to one request line; `on_event` is called for what the worker tells before it.

        Raises ChildDied, or ChildSilent after `deadline_seconds`, or after `silence_seconds` without a line;
        the process is then still to be closed.
        """
        latest = self._clock() + deadline_seconds
        patience_seconds = deadline_seconds if silence_seconds is None else silence_seconds
        until = min(latest, self._clock() + patience_seconds)
        with contextlib.suppress(OSError):  # it may be dead: then its answers end, which is noticed below
            self._stdin.write(line)
            self._stdin.flush()
        while True:
            try:
                reply = self._next_reply(until)
            except TimeoutError:
                raise ChildSilent(deadline_seconds if until == latest else patience_seconds) from None
            # An answer to an older question was given up on; STARTUP_ID answers everybody.
            if reply.id not in (request_id, STARTUP_ID):
                continue
            if reply.event is None:
                return reply
            until = min(latest, self._clock() + patience_seconds)
            if on_event is not None:
                on_event(reply.event)

    def kill(self) -> None:
        """Ends the process now. May be called from any thread."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """Ends the process: first by closing its stdin, then by force; leaves no zombie and no open pipe."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        try:
            self._process.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        self._finish_reading()

    def _next_reply(self, until: float) -> Reply:
        while True:
            left = until - self._clock()
            if left <= 0:
                raise TimeoutError
            try:
                reply = self._replies.get(timeout=min(left, SLICE_SECONDS))
            except queue.Empty:
                continue
            if reply is None:
                raise self._death()
            return reply

    def _death(self) -> ChildDied:
        try:
            returncode: int | None = self._process.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            returncode = None  # it lives, but has closed its stdout
            self.kill()
            self._process.wait()
        self._finish_reading()
        return ChildDied(returncode, tuple(self._stderr))

    def _finish_reading(self) -> None:
        for reader in self._readers:
            reader.finish()

    def _read_answers(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(OSError):
            while line := pipe.readline(MAX_LINE_BYTES):
                reply = decode(line)
                if reply is not None:
                    self._replies.put(reply)
        self._replies.put(None)

    def _read_stderr(self, pipe: IO[bytes]) -> None:
        with contextlib.suppress(OSError):
            while line := pipe.readline(MAX_STDERR_LINE_BYTES):
                self._stderr.append(line.decode("utf-8", "replace").rstrip())


class _Reader:
    """A thread that reads one pipe to its end."""

    def __init__(self, pipe: IO[bytes], read: Callable[[IO[bytes]], None]) -> None:
        self._pipe = pipe
        self._thread = threading.Thread(target=read, args=(pipe,), name="engine-pipe", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Waits for the end of the pipe and closes it."""
        self._thread.join(timeout=PIPE_SECONDS)
        # Another process may have inherited the writing end: then the thread keeps its pipe.
        if not self._thread.is_alive():
            self._pipe.close()
