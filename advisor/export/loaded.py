"""What a running Ollama or llama-server has loaded now, asked of itself, and how that compares with a plan.

Only this computer is asked, only when a person wants it, and for a bounded time and size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from advisor.errors import UsageError
from advisor.export.choices import TARGETS
from advisor.export.local_server import asked, no_server
from advisor.settings.load_settings import LoadSettings
from advisor.units import format_bytes, format_tokens

ADDRESSES = {"ollama": "http://127.0.0.1:11434", "llama-server": "http://127.0.0.1:8080"}

_SECONDS = 5.0
_IN_MEMORY = frozenset({"loaded", "sleeping"})  # as a router calls it (tools/server/server-models.h)


@dataclass(frozen=True, slots=True)
class Loaded:
    """One model in a server's memory. `n_ctx` is one slot's; None for what the server does not say."""

    name: str
    n_ctx: int | None
    n_slots: int | None = None
    size_bytes: int | None = None
    on_gpu_bytes: int | None = None


def ask(to: str, address: str | None = None, *, seconds: float = _SECONDS) -> tuple[Loaded, ...]:
    """What the server behind `to` has loaded; none is an answer.

    Raises UsageError for a program that cannot be asked and for an address that is not this computer's,
    AdvisorError (no-server) where none answers as it should.
    """
    profile = TARGETS[to].profile
    if profile not in ADDRESSES or to == "vllm":
        raise UsageError(
            f"--check: {TARGETS[to].title} cannot be asked what it has loaded.",
            hint="It works for Ollama and llama-server, and what runs on top of them.",
        )
    address = address or ADDRESSES[profile]
    if profile == "ollama":
        return tuple(_of_ollama(asked(address, "/api/ps", seconds), address))
    if to == "llama-swap":
        return tuple(_of_llama_swap(address, seconds))
    return tuple(_of_llama_server(address, seconds))


def differences(it: Loaded, wanted: LoadSettings) -> tuple[str, ...]:
    """Where the load is not what was planned, in sentences; none where it is."""
    return tuple(_differences(it, wanted))


def _differences(it: Loaded, wanted: LoadSettings) -> Iterator[str]:
    n_ctx = wanted.n_ctx_per_slot
    if it.n_ctx is not None and it.n_ctx < n_ctx:
        yield (
            f"{it.name} has {format_tokens(it.n_ctx)} tokens of context instead of {format_tokens(n_ctx)}: "
            "longer texts are cut."
        )
    if it.n_ctx is not None and it.n_ctx > n_ctx:
        yield (
            f"{it.name} has {format_tokens(it.n_ctx)} tokens of context, more than the planned "
            f"{format_tokens(n_ctx)}: it takes more memory."
        )
    if it.n_slots is not None and it.n_slots != wanted.n_seq_max:
        yield f"It has {it.n_slots} slots instead of {wanted.n_seq_max}."
    gpu_wanted = wanted.n_gpu_layers > 0
    if gpu_wanted and it.size_bytes and it.on_gpu_bytes is not None and it.on_gpu_bytes < it.size_bytes:
        beside = format_bytes(it.size_bytes - it.on_gpu_bytes)
        yield f"{beside} of {format_bytes(it.size_bytes)} are not on the GPU, where all is faster."


def _of_ollama(answer: object, address: str) -> Iterator[Loaded]:
    """server/routes.go: PsHandler."""
    models = answer.get("models") if isinstance(answer, dict) else None
    if not isinstance(models, list):
        raise no_server(address, "its answer is not Ollama's")
    for model in models:
        if not isinstance(model, dict) or not isinstance(model.get("name"), str):
            raise no_server(address, "its answer is not Ollama's")
        yield Loaded(
            name=model["name"],
            n_ctx=_count(model.get("context_length")),
            size_bytes=_count(model.get("size")),
            on_gpu_bytes=_count(model.get("size_vram")),
        )


def _of_llama_swap(address: str, seconds: float) -> Iterator[Loaded]:
    """internal/server/api.go: what is ready, each asked through llama-swap itself, which then loads none."""
    answer = asked(address, "/running", seconds)
    running = answer.get("running") if isinstance(answer, dict) else None
    if not isinstance(running, list):
        raise no_server(address, "its answer is not llama-swap's")
    for model in running:
        name = model.get("model") if isinstance(model, dict) else None
        if not isinstance(name, str):
            raise no_server(address, "its answer is not llama-swap's")
        if model.get("state") == "ready":
            path = f"/upstream/{quote(name)}/props"
            yield replace(_of_props(asked(address, path, seconds), address), name=name)


def _of_llama_server(address: str, seconds: float) -> Iterator[Loaded]:
    """Its model; a router's models that are in memory, none of which is loaded for the question."""
    answer = asked(address, "/props", seconds)
    if not isinstance(answer, dict) or answer.get("role") != "router":
        yield _of_props(answer, address)
        return
    for name in _in_memory(asked(address, "/models", seconds), address):
        path = f"/props?model={quote(name, safe='')}&autoload=false"
        yield replace(_of_props(asked(address, path, seconds), address), name=name)


def _in_memory(answer: object, address: str) -> Iterator[str]:
    """tools/server/server-models.cpp: get_router_models."""
    models = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(models, list):
        raise no_server(address, "its answer is not llama-server's")
    for model in models:
        status = model.get("status") if isinstance(model, dict) else None
        if not isinstance(status, dict) or not isinstance(model.get("id"), str):
            raise no_server(address, "its answer is not llama-server's")
        if status.get("value") in _IN_MEMORY:
            yield model["id"]


def _of_props(answer: object, address: str) -> Loaded:
    """tools/server/server-context.cpp: get_props."""
    settings = answer.get("default_generation_settings") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(settings, dict):
        raise no_server(address, "its answer is not llama-server's")
    path = answer.get("model_path")
    return Loaded(
        name=path if isinstance(path, str) and path else "The model",
        n_ctx=_count(settings.get("n_ctx")),
        n_slots=_count(answer.get("total_slots")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
