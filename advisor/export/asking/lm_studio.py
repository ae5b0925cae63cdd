"""LM Studio: the loaded instances in GET /api/v1/models, as its documentation of the REST API has them."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.export.asking.answer import Loaded, count, entries, switch, text
from advisor.export.asking.server import Server

ADDRESS = "http://127.0.0.1:1234"


def loaded(server: Server) -> Iterator[Loaded]:
    """Each instance of each model; one that is only on the disk has none. Raises AdvisorError (no-server)."""
    answer = server.asked("/api/v1/models")
    models = answer.get("models") if isinstance(answer, dict) else None
    if not isinstance(models, list):
        raise server.strange()
    for model in models:
        instances = entries(model, "loaded_instances")
        if not isinstance(model, dict) or instances is None:
            raise server.strange()
        for instance in instances:
            yield _instance(instance, model, server)


def _instance(instance: object, model: dict[str, object], server: Server) -> Loaded:
    config = instance.get("config") if isinstance(instance, dict) else None
    name = text(instance.get("id")) if isinstance(instance, dict) else None
    if not isinstance(config, dict) or not name:
        raise server.strange()
    quantization = model.get("quantization")
    key = text(model.get("key"))
    return Loaded(
        name=name,
        n_ctx=count(config.get("context_length")),
        file_bytes=count(model.get("size_bytes")),
        architecture=text(model.get("architecture")),
        quantization=text(quantization.get("name")) if isinstance(quantization, dict) else None,
        names=(key,) if key else (),
        flash_attn=switch(config.get("flash_attention")),
        offload_kqv=switch(config.get("offload_kv_cache_to_gpu")),
    )
