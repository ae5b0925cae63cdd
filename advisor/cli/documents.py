"""The JSON answers: the contract that scripts are written against. Fields may be added, never renamed.

Each function makes the plain dict of one document from the domain's own dataclasses.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from advisor.basis import Note
from advisor.engine.protocol import EngineInfo
from advisor.errors import AdvisorError
from advisor.memory.kv_cache import bytes_per_token
from advisor.memory.plan import Companion, DeviceMemory, MemoryPlan
from advisor.model import AttentionSummary, ModelFacts
from advisor.recommend.programs.other_runtimes import OtherRuntime
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings

SCHEMA_VERSION = 1

Document = dict[str, Any]


def document(**parts: object) -> Document:
    """One answer: the schema version first, then its parts."""
    return {"schema_version": SCHEMA_VERSION, **parts}


def error(problem: AdvisorError) -> Document:
    """The document of an error."""
    return document(error={"code": problem.code, "message": problem.message, "hint": problem.hint})


def notes(items: Iterable[Note]) -> list[Document]:
    """Each with the figures and names of its text, so that no script has to read sentences."""
    return [{"code": note.code, "text": note.text, "values": dict(note.values)} for note in items]


def model(facts: ModelFacts) -> Document:
    """The model's facts that scripts ask for; null for a cache type that its head size forbids."""
    return {
        "path": str(facts.path) if facts.path else None,
        "name": facts.name,
        "architecture": facts.architecture,
        "quantization": facts.quantization,
        "n_layer": facts.n_layer,
        "n_ctx_train": facts.n_ctx_train,
        "n_embd": facts.n_embd,
        "n_vocab": facts.n_vocab,
        "n_expert": facts.n_expert,
        "file_bytes": facts.file_bytes,
        "weights_bytes": facts.weights_bytes,
        "n_params": facts.n_params,
        "shards": [str(shard) for shard in facts.shards],
        "kv_bytes_per_token": {name: bytes_per_token(facts, name) for name in CACHE_TYPES},
        "verified": facts.verified,
    }


def settings(chosen: LoadSettings) -> Document:
    return {
        "runtime": chosen.runtime,
        "n_ctx": chosen.n_ctx,
        "n_ctx_per_slot": chosen.n_ctx_per_slot,
        "n_batch": chosen.n_batch,
        "n_ubatch": chosen.n_ubatch,
        "n_seq_max": chosen.n_seq_max,
        "kv_unified": chosen.kv_unified,
        "swa_full": chosen.swa_full,
        "n_outputs_max": chosen.n_outputs_max,
        "cache_type_k": chosen.cache_type_k,
        "cache_type_v": chosen.cache_type_v,
        "flash_attn": chosen.flash_attn,
        "n_gpu_layers": chosen.n_gpu_layers,
        "offload_kqv": chosen.offload_kqv,
        "n_cpu_moe": chosen.n_cpu_moe,
        "override_tensor": [f"{pattern}={buffer}" for pattern, buffer in chosen.override_tensor],
        "split_mode": chosen.split_mode,
        "main_gpu": chosen.main_gpu,
        "tensor_split": list(chosen.tensor_split),
        "devices": list(chosen.devices),
        "rope": asdict(chosen.rope),
    }


def attention(found: AttentionSummary) -> Document:
    """What the layers keep: counts of each kind, and the sentences about them."""
    return {**asdict(found.counts), "notes": notes(found.notes)}


def engine(info: EngineInfo | None) -> Document | None:
    """Who answered, None if nobody could be asked."""
    if info is None:
        return None
    return {"name": "llama.cpp", "binding": info.binding, "backends": list(info.backends)}


def plan(answer: MemoryPlan, asked: EngineInfo | None) -> Document:
    """The plan's own fields; `asked` is the engine that there is, None without one."""
    return {
        "settings": settings(answer.settings),
        "basis": str(answer.basis),
        "engine": engine(asked),
        "memory": [_device_memory(line) for line in answer.memory],
        "companions": [_companion(it) for it in answer.companions],
        "later": [{"what": it.what, "device": it.device, "bytes": it.n_bytes} for it in answer.later],
        "formula": {
            "weights_bytes": answer.formula.weights_bytes,
            "kv_cache_bytes": answer.formula.kv_cache_bytes,
            "recurrent_state_bytes": answer.formula.recurrent_state_bytes,
            "compute_bytes": answer.formula.compute_bytes,
            "disagreement_percent": dict(answer.formula.disagreement_percent),
            "alarm": answer.formula.alarm,
        },
        "verdict": str(answer.verdict),
        "notes": notes(answer.notes),
    }


def _device_memory(line: DeviceMemory) -> Document:
    return {
        "device": line.device,
        "name": line.device_name,
        "kind": line.kind,
        "weights_bytes": line.buffers.weights_bytes,
        "mapped_file_bytes": line.buffers.mapped_file_bytes,
        "kv_cache_bytes": line.buffers.kv_cache_bytes,
        "recurrent_state_bytes": line.buffers.recurrent_state_bytes,
        "compute_bytes": line.buffers.compute_bytes,
        "output_bytes": line.buffers.output_bytes,
        "companions_bytes": line.companions_bytes,
        "overhead_bytes": line.overhead_bytes,
        "total_bytes": line.total_bytes,
        "usable_bytes": line.usable_bytes,
        "free_bytes": line.free_bytes,
        "device_total_bytes": line.device_total_bytes,
        "basis": {part: str(basis) for part, basis in line.basis.items()},
    }


def _companion(it: Companion) -> Document:
    """What one file beside the model takes on one device."""
    return {
        "kind": str(it.kind),
        "name": it.name,
        "device": it.device,
        "bytes": it.n_bytes,
        "basis": str(it.basis),
        "reason": it.reason,
    }


def other_runtime(other: OtherRuntime) -> Document:
    """What another runtime would load for the same words, by formula."""
    return {
        "runtime": other.runtime,
        "title": other.title,
        "settings": settings(other.plan.settings),
        "total_bytes": other.plan.total_bytes,
        "verdict": str(other.plan.verdict),
        "differs_by": list(other.reasons),
        "basis": str(other.plan.basis),
    }
