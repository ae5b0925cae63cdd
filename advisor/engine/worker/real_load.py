"""`RealLoad`: a model that is really loaded, contexts really allocated and filled, and what it took."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

from . import filling, guard, memory_sample
from .breakdown import Breakdown
from .context import buffers_of
from .copy_fill import Copier, check_model, own_context
from .devices import Devices
from .library import Library
from .log import EngineLog
from .real_context import RealContext
from .real_model import RealModel, load_model
from .refusal import Refusal
from .watch import Watch, watching

Send = Callable[[dict[str, Any]], None]

# Starts threads, pools and kernels, and is enough for a GPU to be given the work of the host's layers.
N_WARM_UP = 32
# Models that attend both ways give an output for every token.
WARM_UP: dict[str, Any] = {
    "n_ctx": 256,
    "n_batch": N_WARM_UP,
    "n_ubatch": N_WARM_UP,
    "n_seq_max": 1,
    "n_outputs_max": N_WARM_UP,
    "kv_unified": True,
    "swa_full": False,
    "cache_type_k": "f16",
    "cache_type_v": "f16",
    "flash_attn": "auto",
    "offload_kqv": True,
    "op_offload": True,
}
# Where a GPU takes part, a context of the user's own is filled so far: flash attention has other kernels from
# 1,024 cells on, split matrices from 2,048 (ggml-vulkan.cpp: get_fa_tuning_params, ggml_vk_guess_split_k),
# and what the driver keeps of them would else count as the context's.
DEEP_WARM_UP = 2304
# Speed without depth: single tokens after the first, as long as they are quick.
MAX_SINGLE, SINGLE_SECONDS = 16, 1.0


class RealLoad:
    """The one model of this process that has its weights. Requests and answers as `proof.py` has them."""

    def __init__(
        self, library: Library, devices: Devices, breakdown: Breakdown | None, log: EngineLog
    ) -> None:
        self._library, self._devices, self._breakdown, self._log = library, devices, breakdown, log
        self._model: RealModel | None = None

    def load(self, request: dict[str, Any], send: Send) -> dict[str, Any]:
        """Loads the model, decodes once, and then limits what this process may still allocate."""
        self.close()
        guard.die_first()
        usable_bytes, cap_bytes = request["host_usable_bytes"], request["cap_bytes"]
        before = memory_sample.sample()
        if usable_bytes is not None and cap_bytes is None:
            guard.limit_load(usable_bytes)
        self._log.start()
        started = time.perf_counter()
        with watching(send, self._devices.free_bytes) as watch:
            watch.now(stage="loading", fraction=0.0)
            model = load_model(self._library, self._devices, self._log, request, watch)
            self._model = model
            lines = self._log.lines
            model.check()
            cold_bytes = memory_sample.sample()["data_bytes"]
            watch.now(stage="warming-up", fraction=None)
            with closing(RealContext(self._library, self._log, model, WARM_UP)) as context:
                context.decode(N_WARM_UP, 0)
            if request["warm_up"] and self._devices.free_bytes():
                self._warm_up_deep(model, request["warm_up"], watch)
            # What remains, not the most: contexts are measured against it.
            memory = watch.take()
        guard_bytes = None
        if cap_bytes is not None:
            guard_bytes = guard.set_limit(cap_bytes)
        elif usable_bytes is not None:
            guard_bytes = guard.limit_contexts(usable_bytes, before, lines)
        return {
            "seconds": time.perf_counter() - started,
            "has_vocabulary": model.has_vocabulary,
            "is_recurrent": model.is_recurrent,
            "is_hybrid": model.is_hybrid,
            "memory": memory,
            "warm_up_bytes": None if cold_bytes is None else memory["data_bytes"] - cold_bytes,
            "guard_bytes": guard_bytes,
        }

    def allocate(self, request: dict[str, Any], send: Send) -> dict[str, Any]:
        """A context with exactly these settings: a full ubatch and a few single tokens decoded."""
        model = self._loaded()
        self._log.start()
        started = time.perf_counter()
        with watching(send, self._devices.free_bytes, request["n_ctx"]) as watch:
            watch.now(stage="allocating")
            with closing(RealContext(self._library, self._log, model, request)) as context:
                watch.now(stage="measuring", n_ctx=context.n_ctx)
                n_single = min(MAX_SINGLE, context.n_ctx_seq // 8) + 1
                n_prompt = min(context.n_ubatch, context.n_ctx_seq - n_single)
                prompt_seconds = context.decode(n_prompt, 0)
                context.decode(1, n_prompt)
                singles: list[float] = []
                while len(singles) < n_single - 1 and sum(singles) < SINGLE_SECONDS:
                    singles.append(context.decode(1, n_prompt + 1 + len(singles)))
                return {
                    "n_ctx": context.n_ctx,
                    "buffers": buffers_of(self._devices, self._breakdown, context.handle),
                    "memory": watch.most(),
                    "speed": filling.speed_point(0, n_prompt, prompt_seconds, singles),
                    "seconds": time.perf_counter() - started,
                }

    def fill(self, request: dict[str, Any], send: Send) -> dict[str, Any]:
        """A context filled to its last token; raises Refusal("copy") where copies cannot do it."""
        model = self._loaded()
        is_copy = request["method"] == "copy"
        if is_copy:
            check_model(model, request)
        self._log.start()
        started = time.perf_counter()
        with watching(send, self._devices.free_bytes, request["n_ctx"]) as watch:
            watch.now(stage="allocating")
            made = own_context(request) if is_copy else request
            with closing(RealContext(self._library, self._log, model, made)) as context:
                watch.now(stage="filling", n_ctx=context.n_ctx)
                meter, growth = filling.Meter(watch), memory_sample.Growth()
                speeds = self._filled(context, model, meter, growth, request)
                return {
                    "n_ctx": context.n_ctx,
                    "filled_tokens": meter.n_filled,
                    "method": request["method"],
                    "state_bytes": context.state_bytes(),
                    "refused_one_more": filling.refuses_one_more(
                        self._library.llama, context, is_recurrent=model.is_recurrent
                    ),
                    "speed": speeds.points,
                    "measuring_seconds": speeds.measuring_seconds,
                    "last_prompt_tokens": speeds.n_last_prompt,
                    "grown_bytes": growth.n_bytes,
                    "memory": watch.most(),
                    "seconds": time.perf_counter() - started,
                }

    def close(self) -> None:
        if self._model is not None:
            self._model.close()
            self._model = None

    def _warm_up_deep(self, model: RealModel, wanted: dict[str, Any], watch: Watch) -> None:
        """A prompt and a token, at the start and behind copies. What does not fit is met again later."""
        request = own_context({**wanted, "n_ctx": min(wanted["n_ctx"], DEEP_WARM_UP)})
        try:
            check_model(model, request)
            with closing(RealContext(self._library, self._log, model, request)) as context:
                n_prompt = min(context.n_ubatch, context.n_ctx_seq // 8)
                context.decode(n_prompt, 0)
                context.decode(1, n_prompt)
                copier = Copier(self._library, context, model, filling.Meter(watch))
                deep = copier.fill_gap(n_prompt + 1, context.n_ctx_seq - n_prompt - 1)
                context.decode(n_prompt, deep)
                context.decode(1, deep + n_prompt)
        except Refusal:
            return

    def _filled(
        self,
        context: RealContext,
        model: RealModel,
        meter: filling.Meter,
        growth: memory_sample.Growth,
        request: dict[str, Any],
    ) -> filling.Speeds:
        """The speed by depth; `growth` has looked when there was little in the context, and at the end."""
        if not context.memory:
            raise Refusal("request", "This model keeps no cache: there is nothing to fill.")
        if request["method"] == "copy":
            copier = Copier(self._library, context, model, meter)

            def check(n_filled: int) -> None:
                growth.look()
                copier.check_mark(n_filled)

            return filling.fill(context, copier.fill_gap, check, meter)
        plainly = partial(filling.decode_gap, context, meter)
        speeds = filling.fill(context, plainly, lambda _n: growth.look(), meter)
        if not request["kv_unified"]:
            for seq in range(1, request["n_seq_max"]):
                filling.decode_gap(context, meter, 0, context.n_ctx_seq, seq)
        return speeds

    def _loaded(self) -> RealModel:
        if self._model is None:
            raise Refusal("request", "No model is loaded.")
        return self._model
