"""`RealContext`: a context that is really allocated, and decodes."""

from __future__ import annotations

import array
import ctypes
import os
import random
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from .context import context_parameters
from .library import Library
from .limits import check_context
from .log import EngineLog
from .native import Native
from .real_model import RealModel
from .refusal import Refusal

# llama_decode (include/llama.h): 0 is success.
NO_SLOT, ALLOCATION_FAILED = 1, -2
SEED = 1
EXHAUSTED = ("failed to allocate", "unable to allocate", "out of memory", "bad_alloc", "insufficient memory")


class RealContext:
    """The context of one request. Raises Refusal with llama.cpp's own words if it cannot be made."""

    def __init__(self, library: Library, log: EngineLog, model: RealModel, request: dict[str, Any]) -> None:
        check_context(request)
        self._llama, self._log = library.llama, log
        params = context_parameters(library.llama, request)
        params.n_threads = params.n_threads_batch = n_cores()
        self.handle = library.llama.llama_init_from_model(model.handle, params)
        if not self.handle:
            raise Refusal("engine", "llama.cpp does not make this context.", log.complaints)
        self.n_ctx: int = self._llama.llama_n_ctx(self.handle)
        self.n_ctx_seq: int = self._llama.llama_n_ctx_seq(self.handle)
        self.n_batch: int = self._llama.llama_n_batch(self.handle)
        self.n_ubatch: int = self._llama.llama_n_ubatch(self.handle)
        self.memory: Native = self._llama.llama_get_memory(self.handle)
        chosen = random.Random(SEED)  # noqa: S311 - nothing secret: any tokens do
        self._tokens = array.array("i", (chosen.randrange(model.n_vocab) for _ in range(self.n_batch)))
        self._batch = self._llama.llama_batch_init(self.n_batch, 0, 1)
        ctypes.memmove(self._batch.token, self._tokens.buffer_info()[0], 4 * self.n_batch)

    def close(self) -> None:
        self._llama.llama_batch_free(self._batch)
        self._llama.llama_free(self.handle)

    def decode(self, n: int, first: int, seq: int = 0) -> float:
        """The seconds of decoding `n` tokens at once, the first at position `first`; raises Refusal.

        `n` is at most `n_batch`. Only the last token's logits are asked for.
        """
        started = time.perf_counter()
        code = self.try_decode(n, first, seq)
        if code != 0:
            raise _refused(code, self._log.complaints)
        return time.perf_counter() - started

    def try_decode(self, n: int, first: int, seq: int = 0) -> int:
        """What llama_decode returns; not waited for unless it is 0."""
        batch = self._batch
        batch.n_tokens = n
        positions = array.array("i", range(first, first + n))
        ctypes.memmove(batch.pos, positions.buffer_info()[0], 4 * n)
        ctypes.memset(batch.logits, 0, n)
        batch.logits[n - 1] = 1
        for index in range(n):
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = seq
        code: int = self._llama.llama_decode(self.handle, batch)
        if code == 0:
            self._llama.llama_synchronize(self.handle)
        return code

    def state_bytes(self, seq: int = 0) -> int:
        """The size of a sequence's saved state: it counts the cells in use."""
        size: int = self._llama.llama_state_seq_get_size(self.handle, seq)
        return size


def n_cores() -> int:
    """The cores that this process may use, without the second threads of each: what llama.cpp's programs use.

    A container or an affinity can leave it fewer than the computer has; more threads than that are very slow.
    """
    allowed = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    cores = set()
    with suppress(OSError):
        for file in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/thread_siblings_list"):
            cores.add(file.read_text(encoding="ascii"))
    return min(allowed, len(cores) or max(1, (os.cpu_count() or 2) // 2))


def _refused(code: int, complaints: tuple[str, ...]) -> Refusal:
    said = " ".join(complaints).lower()
    is_memory = code == ALLOCATION_FAILED or any(words in said for words in EXHAUSTED)
    if is_memory:
        return Refusal("memory", "llama.cpp ran out of memory while decoding.", complaints)
    if code == NO_SLOT:
        return Refusal("engine", "llama.cpp finds no free cell for these tokens.", complaints)
    return Refusal("engine", f"llama.cpp could not decode (code {code}).", complaints)
