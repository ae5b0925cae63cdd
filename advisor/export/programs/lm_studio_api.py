"""LM Studio's settings as its SDKs and its REST address take them: each has fewer words than the file."""

from __future__ import annotations

import json
from collections.abc import Mapping

from advisor.export.export import File, Load

# lmstudio 1.5.0 (Python) drops these without a word; @lmstudio/sdk 2.0.0 has them.
NOT_IN_PYTHON = (
    *("autoFit", "maxParallelPredictions", "useUnifiedKvCache", "physicalBatchSize"),
    "gpu.numCpuExpertLayersRatio",
)


def sdk_config(
    load: Load, ratio: float | str, experts: float | None, frequencies: Mapping[str, float]
) -> File:
    """The `config` of client.llm.load of @lmstudio/sdk, and of lmstudio.llm in Python."""
    settings = load.settings
    gpu: dict[str, object] = {"ratio": ratio}
    if experts is not None:
        gpu["numCpuExpertLayersRatio"] = experts
    config: dict[str, object] = {
        "autoFit": False,
        "contextLength": settings.n_ctx,
        "gpu": gpu,
        "maxParallelPredictions": settings.n_seq_max,
        "useUnifiedKvCache": settings.kv_unified,
        "offloadKVCacheToGpu": settings.offload_kqv,
        "flashAttention": load.with_flash_attn,
        "evalBatchSize": settings.n_batch,
        "physicalBatchSize": settings.n_ubatch,
        "tryMmap": settings.use_mmap,
        "llamaKCacheQuantizationType": settings.cache_type_k,
        "llamaVCacheQuantizationType": settings.cache_type_v,
    }
    config |= {f"ropeFrequency{word}": number for word, number in frequencies.items()}
    return File("sdk-load-config.json", json.dumps(config, indent=1) + "\n")


def rest_body(load: Load, key: str) -> File:
    """The body of POST /api/v1/models/load, which refuses every other word: no layers, no cache types."""
    settings = load.settings
    body = {
        "model": key,
        "context_length": settings.n_ctx,
        "eval_batch_size": settings.n_batch,
        "flash_attention": load.with_flash_attn,
        "offload_kv_cache_to_gpu": settings.offload_kqv,
        "echo_load_config": True,
    }
    return File("rest-load.json", json.dumps(body, indent=1, ensure_ascii=False) + "\n")
