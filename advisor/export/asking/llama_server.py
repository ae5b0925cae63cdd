"""llama-server, its router and llama-swap: /props of each model that is in memory. None is loaded for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import quote

from advisor.export.asking.answer import Loaded, count, entries, text
from advisor.export.asking.server import Server

ADDRESS = "http://127.0.0.1:8080"  # common/common.h: port; llama-swap's default is the same

_IN_MEMORY = frozenset({"loaded", "sleeping"})  # as a router calls it (tools/server/server-models.h)


def loaded(server: Server) -> Iterator[Loaded]:
    """Its model, or a router's models that are in memory. Raises AdvisorError (no-server)."""
    answer = server.asked("/props")
    if not isinstance(answer, dict) or answer.get("role") != "router":
        yield _of_props(answer, server)
        return
    for name, aliases in _in_memory(server):
        path = f"/props?model={quote(name, safe='')}&autoload=false"
        yield replace(_of_props(server.asked(path), server), name=name, names=aliases)


def loaded_by_llama_swap(server: Server) -> Iterator[Loaded]:
    """internal/server/api.go: what is ready, each asked through llama-swap itself, which then loads none."""
    running = entries(server.asked("/running"), "running")
    if running is None:
        raise server.strange()
    for model in running:
        name = text(model.get("model")) if isinstance(model, dict) else None
        if not isinstance(model, dict) or not name:
            raise server.strange()
        if model.get("state") == "ready":
            yield replace(_of_props(server.asked(f"/upstream/{quote(name)}/props"), server), name=name)


def _in_memory(server: Server) -> Iterator[tuple[str, tuple[str, ...]]]:
    """tools/server/server-models.cpp: get_router_models."""
    models = entries(server.asked("/models"), "data")
    if models is None:
        raise server.strange()
    for model in models:
        status = model.get("status") if isinstance(model, dict) else None
        name = text(model.get("id")) if isinstance(model, dict) else None
        if not isinstance(model, dict) or not isinstance(status, dict) or not name:
            raise server.strange()
        if status.get("value") in _IN_MEMORY:
            aliases = entries(model, "aliases") or []
            yield name, tuple(alias for alias in aliases if isinstance(alias, str))


def _of_props(answer: object, server: Server) -> Loaded:
    """tools/server/server-context.cpp: get_props."""
    settings = answer.get("default_generation_settings") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(settings, dict):
        raise server.strange()
    path = text(answer.get("model_path"))
    return Loaded(
        name=path or "The model",
        n_ctx=count(settings.get("n_ctx")),
        n_slots=count(answer.get("total_slots")),
        path=path,
    )
