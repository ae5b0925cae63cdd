"""Ollama: /api/ps for what is loaded, /api/show for the file that a name stands for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.errors import AdvisorError
from advisor.export.asking.answer import Loaded, count, entries, text
from advisor.export.asking.server import Server

ADDRESS = "http://127.0.0.1:11434"  # envconfig/config.go: Host


def loaded(server: Server) -> Iterator[Loaded]:
    """server/routes.go: PsHandler. Raises AdvisorError (no-server)."""
    models = entries(server.asked("/api/ps"), "models")
    if models is None:
        raise server.strange()
    for model in models:
        name = text(model.get("name")) if isinstance(model, dict) else None
        if not isinstance(model, dict) or not name:
            raise server.strange()
        details = model.get("details")
        level = text(details.get("quantization_level")) if isinstance(details, dict) else None
        it = Loaded(
            name=name,
            n_ctx=count(model.get("context_length")),
            size_bytes=count(model.get("size")),
            on_gpu_bytes=count(model.get("size_vram")),
            quantization=level,
        )
        yield _with_file(it, server)


def _with_file(it: Loaded, server: Server) -> Loaded:
    """The same with its file, where Ollama shows it: without it the name has to do."""
    try:
        shown = server.asked("/api/show", {"model": it.name})
    except AdvisorError:
        return it
    if not isinstance(shown, dict):
        return it
    info = shown.get("model_info")
    architecture = text(info.get("general.architecture")) if isinstance(info, dict) else None
    return replace(it, path=_from_line(shown.get("modelfile")), architecture=architecture)


def _from_line(modelfile: object) -> str | None:
    """The blob after the first FROM (server/images.go: Model.String); that of a projector comes later."""
    if not isinstance(modelfile, str):
        return None
    lines = (line for line in modelfile.splitlines() if line.startswith("FROM "))
    return text(next((line.removeprefix("FROM ").strip() for line in lines), None))
