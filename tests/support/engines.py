"""Engine processes for tests: small scripts that speak the protocol, well or badly."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from advisor.engine.launch import WORKER, Launch

# What every script starts with: `serve(handle)` answers each request with what `handle` returns, or with the
# answer of a healthy engine if that is None.
_PRELUDE = """
import ctypes, json, os, resource, signal, sys, threading
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

CPU = {"name": "CPU", "description": "A processor", "type": "cpu", "total_bytes": 2, "free_bytes": 1,
       "pci_id": None}
HELLO = {"binding": "0.0.1", "library": "libllama.so", "python": "3.11.0", "executable": sys.executable,
         "unfit": None, "backends": ["CPU"], "devices": [CPU], "supports_gpu_offload": False,
         "has_breakdown": True, "notes": []}
OPENED = {"n_layer": 2, "n_ctx_train": 4096, "n_vocab": 128, "is_recurrent": False, "is_hybrid": False,
          "size_bytes": 10, "n_params": 5, "with_vocabulary": False, "seconds": 0.1, "placement": [],
          "buffer_devices": {"CPU": "CPU"}}
BUFFER = {"buffer": "CPU", "device": "CPU", "weights_bytes": 1, "context_bytes": 2, "compute_bytes": 3}
CONTEXT = {"n_ctx": 4096, "n_ctx_seq": 4096, "n_batch": 2048, "n_ubatch": 512, "n_seq_max": 1, "lines": [],
           "seconds": 0.001, "buffers": [BUFFER]}
MEMORY = {"rss_bytes": 9, "mapped_bytes": 3, "peak_rss_bytes": 10, "data_bytes": 6, "devices": {"GPU0": 7}}
SPEED = {"depth": 0, "prefill_tokens_per_second": 20.0, "decode_tokens_per_second": 2.0}
LOADED = {"seconds": 0.1, "has_vocabulary": True, "is_recurrent": False, "is_hybrid": False, "memory": MEMORY,
          "guard_bytes": None, "warm_up_bytes": None}
ALLOCATED = {"n_ctx": 4096, "buffers": [BUFFER], "memory": MEMORY, "speed": SPEED, "seconds": 0.1}
FILLED = {"n_ctx": 4096, "filled_tokens": 4096, "method": "full", "state_bytes": 5, "refused_one_more": True,
          "speed": [SPEED], "memory": MEMORY, "seconds": 0.1, "measuring_seconds": 0.05, "grown_bytes": 8,
          "last_prompt_tokens": 512}
EVENT = {"stage": "filling", "n_ctx": 4096, "n_filled": 512, "tokens_per_second": 80.5, "fraction": None,
         "memory": MEMORY}
HEALTHY = {"hello": HELLO, "open": OPENED, "context": CONTEXT, "close": {}, "load": LOADED,
           "allocate": ALLOCATED, "fill": FILLED}

def write(text):
    sys.stdout.write(text)
    sys.stdout.flush()

def send(request_id, **message):
    write(json.dumps({"id": request_id, **message}) + "\\n")

def refuse(request, kind, message, lines=()):
    send(request["id"], error={"kind": kind, "message": message, "lines": list(lines)})
    return True

def wait_forever():
    while True:
        signal.pause()

def serve(handle):
    for line in sys.stdin:
        request = json.loads(line)
        if not handle(request):
            send(request["id"], answer=HEALTHY[request["do"]])
"""


def script(directory: Path, body: str) -> Launch:
    """A worker made of the prelude above and `body`."""
    path = directory / "fake_worker.py"
    path.write_text(_PRELUDE + textwrap.dedent(body))
    return Launch(worker=path)


def handling(directory: Path, body: str) -> Launch:
    """A worker that does `body` with each `request`; without a `return True` the healthy answer follows."""
    return script(
        directory, f"def handle(request):\n{textwrap.indent(textwrap.dedent(body), '    ')}\nserve(handle)\n"
    )


def with_bindings(directory: Path, bindings: str) -> Launch:
    """The real worker, with `bindings` as the text of its llama_cpp/llama_cpp.py."""
    package = directory / "path" / "llama_cpp"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "0.0.1"\n')
    (package / "llama_cpp.py").write_text(textwrap.dedent(bindings))
    return Launch(environment={"PYTHONPATH": str(package.parent)})


def patched(directory: Path, body: str) -> Launch:
    """The real worker, with `body` run between its import (as `worker`) and its start."""
    path = directory / "patched_worker.py"
    path.write_text(
        f"import sys\nsys.path.insert(0, {str(WORKER.parent)!r})\n"
        f"import worker.serve\n{textwrap.dedent(body)}\nworker.serve.serve()\n"
    )
    return Launch(worker=path)


def ends(pid_handle: int, within_seconds: float = 30.0) -> bool:
    """True once the process behind a pidfd has ended, zombie or not; False if it still runs at the end."""
    waiting = select.poll()
    waiting.register(pid_handle, select.POLLIN)
    return bool(waiting.poll(within_seconds * 1000))


def kill(pid: int) -> bool:
    """Kills a process that another part of the test has started; True once it has ended."""
    handle = os.pidfd_open(pid)
    try:
        os.kill(pid, signal.SIGKILL)
        return ends(handle)
    finally:
        os.close(handle)


def ends_with(program: str) -> bool:
    """Kills a program (Python, as text) that has printed its worker's id; True once the worker has ended."""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        handle = os.pidfd_open(int(parent.stdout.readline()))
        try:
            parent.kill()
            return ends(handle)
        finally:
            os.close(handle)


class Meeting:
    """A place in a worker's code at which another thread waits for it. `line` goes into the worker's body."""

    def __init__(self, directory: Path) -> None:
        self._place = directory / "meeting"
        os.mkfifo(self._place)
        self.line = f'open({str(self._place)!r}, "w").close()'

    @contextlib.contextmanager
    def then(self, act: Callable[[], None]) -> Iterator[None]:
        """During the block another thread does `act` once a worker has come to the line."""

        def wait_and_act() -> None:
            self._place.open().close()  # opens when the other side does
            act()

        thread = threading.Thread(target=wait_and_act, daemon=True)
        thread.start()
        yield
        thread.join()
