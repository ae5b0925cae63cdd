"""The real worker as a process, without llama.cpp."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.engine.launch import WORKER, Launch
from tests.support.engines import ends, with_bindings

STUCK = "import ctypes\nctypes.CDLL(None).pause()"  # llama.cpp that never comes back


def _start(launch: Launch) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        launch.command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=launch.child_environment(),
    )


def _converse(launch: Launch, text: bytes) -> tuple[int, list[bytes], bytes]:
    """Exit code, answer lines, and stderr of a worker that is given `text` and the end of its input."""
    with _start(launch) as process:
        out, err = process.communicate(text)
    return process.returncode, out.splitlines(), err


def test_the_end_of_the_input_is_the_end() -> None:
    assert _converse(Launch(), b"") == (0, [], b"")


def test_the_end_of_the_input_is_the_end_inside_native_code(tmp_path: Path) -> None:
    returncode, answers, _ = _converse(with_bindings(tmp_path, STUCK), b'{"id": 1, "do": "hello"}\n')
    assert (returncode, answers) == (0, [])


def test_half_a_request_is_not_answered() -> None:
    assert _converse(Launch(), b'{"id": 1, "do": "by') == (0, [], b"")


def test_it_says_goodbye() -> None:
    with _start(Launch()) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"id": 9, "do": "bye"}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline()) == {"id": 9, "answer": {}}
        assert process.wait() == 0


@pytest.mark.parametrize("line", [b"garbage", b"[]", b'{"do": "hello"}', b"\xff", b'{"id": 5}'])
def test_a_request_that_is_none_is_answered_with_an_error(line: bytes) -> None:
    with _start(Launch()) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert answer["error"]["kind"] == "bug"
        process.stdin.close()
        assert process.wait() == 0


def test_what_is_printed_does_not_reach_the_answers(tmp_path: Path) -> None:
    bindings = "import os\nprint('python')\nos.write(1, b'native\\n')\nraise RuntimeError('no')"
    with _start(with_bindings(tmp_path, bindings)) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b'{"id": 1, "do": "hello"}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["error"]["kind"] == "missing"
        process.stdin.close()
        assert process.wait() == 0
        assert b"native" in process.stderr.read()


def test_an_interrupt_is_for_the_parent() -> None:
    with _start(Launch()) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"id": 1, "do": "nothing"}\n')
        process.stdin.flush()
        process.stdout.readline()  # it runs
        process.send_signal(signal.SIGINT)
        process.stdin.write(b'{"id": 2, "do": "bye"}\n')
        process.stdin.flush()
        assert process.wait() == 0


PARENT = f"""
import os, signal, subprocess, sys
worker = subprocess.Popen([sys.executable, {str(WORKER)!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
worker.stdin.write(b'{{"id": 1, "do": "nothing"}}\\n')
worker.stdin.flush()
worker.stdout.readline()
holder = os.fork()
if holder == 0:
    os.close(1)
    signal.pause()  # holds the writing end of the worker's stdin: its end does not come
print(worker.pid, holder, flush=True)
signal.pause()
"""


def test_the_worker_ends_with_its_parent_even_if_its_input_does_not() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker, holder = map(int, parent.stdout.readline().split())
        handle = os.pidfd_open(worker)
        parent.kill()
        try:
            assert ends(handle)
        finally:
            os.kill(holder, signal.SIGKILL)
            os.close(handle)
