"""The loop: one request, one answer, until the parent is gone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from . import breakdown as breakdowns
from .cache_check import CacheCheck
from .channel import Answers, start_reading
from .context import make_context
from .devices import Devices
from .library import Library
from .limits import cap_memory, check_context
from .log import EngineLog
from .model import OpenModel, open_model
from .real_load import RealLoad
from .refusal import Refusal
from .vocabulary import Vocabulary


class Engine:
    """llama.cpp, loaded once; the model that is open."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self.send = send  # what happens during a request, to who made it
        self.model: OpenModel | None = None
        self.library = Library()
        if self.library.unfit:
            return
        self.breakdown = breakdowns.find(self.library)
        self.log = EngineLog(self.library.llama)
        self.library.start()
        self.devices = Devices(self.library)
        self.cache_check = CacheCheck(self.library, self.devices)
        self.vocabulary = Vocabulary(self.library, self.log)
        self.real_load = RealLoad(self.library, self.devices, self.breakdown, self.log)

    def hello(self, request: dict[str, Any]) -> dict[str, Any]:
        library = self.library
        answer: dict[str, Any] = {
            "binding": library.binding,
            "library": library.path,
            "python": "{}.{}.{}".format(*sys.version_info[:3]),
            "executable": sys.executable,
            "unfit": library.unfit,
            "backends": [],
            "devices": [],
            "supports_gpu_offload": False,
            "has_breakdown": False,
            "notes": [],
        }
        if library.unfit:
            return answer
        answer["backends"] = self.devices.backends()
        answer["devices"] = self.devices.all()
        answer["supports_gpu_offload"] = library.llama.llama_supports_gpu_offload()
        answer["has_breakdown"] = self.breakdown is not None
        answer["notes"] = library.notes
        # After the backends have started: what they took by then is not counted.
        cap_memory(request["allowance_bytes"])
        return answer

    def open(self, request: dict[str, Any]) -> dict[str, Any]:
        self._trust()
        self.close({})
        self.log.start()
        started = time.perf_counter()
        self.model = open_model(self.library, self.devices, self.log, request)
        seconds = time.perf_counter() - started
        placement = [line for line in self.log.lines if line.startswith("load_tensors: ")]
        return {
            **self.model.description(),
            "seconds": seconds,
            "placement": placement,
            "buffer_devices": self.devices.devices_of_buffers(),
        }

    def context(self, request: dict[str, Any]) -> dict[str, Any]:
        self._trust()
        if self.model is None:
            raise Refusal("request", "No model is open.")
        self.log.start()
        check_context(request)
        self.cache_check.check(request["cache"])
        return make_context(self.library, self.devices, self.breakdown, self.log, self.model, request)

    def close(self, _request: dict[str, Any]) -> dict[str, Any]:
        self.vocabulary.close()
        if self.model is not None:
            self.model.close()
            self.model = None
        return {}

    def tokenize(self, request: dict[str, Any]) -> dict[str, Any]:
        self._trust()
        return self.vocabulary.count(request)

    def load(self, request: dict[str, Any]) -> dict[str, Any]:
        self._trust()
        self.close({})
        return self.real_load.load(request, self.send)

    def allocate(self, request: dict[str, Any]) -> dict[str, Any]:
        self._trust()
        return self.real_load.allocate(request, self.send)

    def fill(self, request: dict[str, Any]) -> dict[str, Any]:
        self._trust()
        return self.real_load.fill(request, self.send)

    def _trust(self) -> None:
        if self.library.unfit:
            raise Refusal("unfit", self.library.unfit)


class Worker:
    """Answers requests. llama.cpp is loaded by the first one, so that a failure to load has an asker."""

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self.finished = False
        self._send = send
        self._request_id = 0
        self._engine: Engine | None = None

    def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one request line; never raises."""
        request_id = 0
        try:
            request = json.loads(line)
            request_id = self._request_id = request["id"]
            return {"id": request_id, "answer": self._do(request)}
        except Refusal as refusal:
            error = {"kind": refusal.kind, "message": refusal.message, "lines": list(refusal.lines)}
        except MemoryError:
            error = {"kind": "memory", "message": "The engine's process ran out of memory.", "lines": []}
        except Exception as unexpected:  # noqa: BLE001 - whatever it is, the parent must hear of it
            report = traceback.format_exc().splitlines()
            error = {"kind": "bug", "message": repr(unexpected), "lines": report[-12:]}
        return {"id": request_id, "error": error}

    def _do(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "bye":
            self.finished = True
            return {}
        if self._engine is None:
            self._engine = Engine(self._tell)
        engine = self._engine
        handlers = {
            "hello": engine.hello,
            "open": engine.open,
            "context": engine.context,
            "close": engine.close,
            "tokenize": engine.tokenize,
            "load": engine.load,
            "allocate": engine.allocate,
            "fill": engine.fill,
        }
        if request["do"] not in handlers:
            raise Refusal("request", f'There is no request "{request["do"]}".')
        return handlers[request["do"]](request)

    def _tell(self, event: dict[str, Any]) -> None:
        self._send({"id": self._request_id, "event": event})


def serve() -> None:
    """Reads requests and writes answers; ends with the process."""
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")  # else an abort forks a debugger for seconds
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to judge
    answers = Answers()
    requests = start_reading()
    worker = Worker(answers.send)
    with contextlib.suppress(OSError):  # nobody reads the answers any more
        while not worker.finished:
            answers.send(worker.answer(requests.get()))
    os._exit(0)  # at once: a driver's or llama.cpp's own way out may hang
