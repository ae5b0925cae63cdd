"""What a runtime really passes to llama.cpp for what the user typed: `Request` in, `LoadSettings` out.

The rules that do not fit into the table of `runtimes.py` are functions here.
"""

from __future__ import annotations

from advisor.errors import SettingsError
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings, engine_n_ctx
from advisor.settings.request import ALL_LAYERS, Request
from advisor.settings.rope import TRAINED_ROPE, Rope, check_trained, stretched
from advisor.settings.runtimes import OLLAMA_ONE_SLOT, Runtime, runtime_named
from advisor.units import CONTEXT_STEP


def resolve(request: Request, facts: ModelFacts, n_ctx: int | None = None) -> LoadSettings:
    """The settings that the runtime would really pass for `request`.

    `n_ctx` overrides the request's context and means the same as there: the runtime's own word. Without
    either it is the training context, down to a multiple of 256. Raises SettingsError where what was asked
    cannot be.
    """
    request.check()
    runtime = runtime_named(request.runtime)
    n_seq_max = request.users or request.n_seq_max or runtime.n_seq_max
    if runtime.name == "ollama" and facts.architecture in OLLAMA_ONE_SLOT:
        n_seq_max = 1
    kv_unified = _kv_unified(request, runtime, n_seq_max)
    asked = n_ctx or request.n_ctx or max(CONTEXT_STEP, facts.n_ctx_train // CONTEXT_STEP * CONTEXT_STEP)
    total = engine_n_ctx(asked * n_seq_max if asks_per_slot(request) else asked, n_seq_max, kv_unified)
    n_batch, n_ubatch = _batches(request, runtime, total)
    cache_type_k, cache_type_v = _cache_types(request, runtime)
    settings = LoadSettings(
        runtime=runtime.name,
        n_ctx=total,
        n_batch=n_batch,
        n_ubatch=n_ubatch,
        n_seq_max=n_seq_max,
        kv_unified=kv_unified,
        swa_full=runtime.swa_full if request.swa_full is None else request.swa_full,
        n_outputs_max=n_batch if runtime.all_outputs or not facts.has_cache else n_seq_max,
        cache_type_k=cache_type_k,
        cache_type_v=cache_type_v,
        flash_attn=request.flash_attn or runtime.flash_attn,
        n_gpu_layers=_gpu_layers(request, facts),
        offload_kqv=request.offload_kqv is not False,
        op_offload=request.op_offload is not False,
        use_mmap=request.use_mmap is not False,
        n_cpu_moe=min(request.n_cpu_moe or 0, facts.n_layer_all),
        override_tensor=request.override_tensor,
        split_mode=request.split_mode or _split_mode(request, runtime),
        main_gpu=request.main_gpu or 0,
        tensor_split=request.tensor_split,
        devices=request.devices,
        rope=_rope(request, runtime, facts, total if kv_unified else total // n_seq_max),
    )
    _check_flash_attn(settings, runtime)
    _check_positions(settings, facts)
    return settings


def check_within_training(request: Request, facts: ModelFacts) -> None:
    """Raise SettingsError for a context beyond the training one that nobody stretches on purpose.

    For what recommends: a plan only says so.
    """
    if request.n_ctx is None:
        return
    check_trained(
        facts,
        resolve(request, facts).n_ctx_per_slot,
        above_training=request.above_training or request.rope != TRAINED_ROPE,
        says_yarn=runtime_named(request.runtime).says_yarn,
    )


def asks_per_slot(request: Request) -> bool:
    """True if the request's context is one slot's or one user's share, False if it is the total."""
    return request.users is not None or runtime_named(request.runtime).n_ctx_is_per_slot


def asked_n_ctx(request: Request, settings: LoadSettings) -> int:
    """The context of resolved settings in the request's own word (see `Request.n_ctx`)."""
    return settings.n_ctx // settings.n_seq_max if asks_per_slot(request) else settings.n_ctx


def _kv_unified(request: Request, runtime: Runtime, n_seq_max: int) -> bool:
    if request.kv_unified is not None:
        return request.kv_unified
    # tools/server/server.cpp: naming the slots without -kvu splits the cache among them.
    if runtime.name == "llama-server" and n_seq_max > 1:
        return False
    return runtime.kv_unified


def _cache_types(request: Request, runtime: Runtime) -> tuple[str, str]:
    k, v = request.cache_type_k, request.cache_type_v
    if runtime.one_cache_type:
        if k and v and k != v:
            raise SettingsError(
                "--cache-type-v",
                f"{runtime.title} has one cache type for K and V.",
                hint=f"Give both as {k}, or choose another --runtime.",
            )
        k = v = k or v
    return k or "f16", v or "f16"


def _batches(request: Request, runtime: Runtime, n_ctx: int) -> tuple[int, int]:
    if runtime.name == "ollama":
        # server/sched.go: one figure for both, by context, where there is headroom.
        automatic = 512 if n_ctx <= 4096 else 1024 if n_ctx <= 32768 else 2048
        batch = request.n_batch or request.n_ubatch or automatic
        return batch, request.n_ubatch or batch
    n_batch = request.n_batch or runtime.n_batch
    return n_batch, min(request.n_ubatch or runtime.n_ubatch, n_batch)


def _gpu_layers(request: Request, facts: ModelFacts) -> int:
    if request.n_gpu_layers is None or request.n_gpu_layers == ALL_LAYERS:
        return facts.all_gpu_layers
    return min(request.n_gpu_layers, facts.all_gpu_layers)


def _split_mode(request: Request, runtime: Runtime) -> str:
    # llm/llama_server.go of Ollama: a main_gpu comes with --split-mode none, and takes the whole model.
    return "none" if runtime.name == "ollama" and request.main_gpu is not None else "layer"


def _rope(request: Request, runtime: Runtime, facts: ModelFacts, n_ctx_per_slot: int) -> Rope:
    """What was said, else YaRN where the request goes beyond the training context on purpose."""
    wanted = request.above_training and request.rope == TRAINED_ROPE and runtime.says_yarn
    return stretched(facts, n_ctx_per_slot) if wanted else request.rope


def _check_flash_attn(settings: LoadSettings, runtime: Runtime) -> None:
    quantized_v = settings.cache_type_v not in {"f32", "f16", "bf16"}
    if quantized_v and settings.flash_attn == "off":
        hint = (
            "Say flash_attn=True there, which is -fa on here."
            if not runtime.quantized_v_turns_flash_attn_on
            else "Leave out -fa off, or keep V at f16 with -ctv f16."
        )
        raise SettingsError(
            "--cache-type-v",
            f"a {settings.cache_type_v} V cache needs flash attention, which is off"
            f"{' by default in ' + runtime.title if runtime.flash_attn == 'off' else ''}.",
            hint=hint,
        )


def _check_positions(settings: LoadSettings, facts: ModelFacts) -> None:
    if facts.n_position_rows and settings.n_ctx_per_slot > facts.n_position_rows:
        raise SettingsError(
            "--ctx-size",
            f"this model has a table of {facts.n_position_rows:,} positions and no more.",
            hint=f"Choose at most {facts.n_position_rows // CONTEXT_STEP * CONTEXT_STEP:,}.",
        )
