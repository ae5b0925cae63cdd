"""The JSON of a plan: the settings, the memory on each device, and the same words under another runtime."""

from __future__ import annotations

from dataclasses import asdict

from advisor.cli.documents.document import Document, notes_to_list
from advisor.engine.protocol import EngineInfo
from advisor.memory.plan import Companion, DeviceMemory, MemoryPlan
from advisor.recommend.programs.other_runtimes import OtherRuntime
from advisor.settings.load_settings import LoadSettings
from advisor.settings.pasted.pasted import Pasted


def settings_to_dict(chosen: LoadSettings) -> Document:
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


def engine_to_dict(info: EngineInfo | None) -> Document | None:
    """Who answered, None if nobody could be asked."""
    if info is None:
        return None
    return {"name": "llama.cpp", "binding": info.binding, "backends": list(info.backends)}


def plan_to_dict(answer: MemoryPlan, asked: EngineInfo | None) -> Document:
    """The plan's own fields; `asked` is the engine that there is, None without one."""
    return {
        "settings": settings_to_dict(answer.settings),
        "basis": str(answer.basis),
        "engine": engine_to_dict(asked),
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
        "notes": notes_to_list(answer.notes),
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


def other_runtime_to_dict(other: OtherRuntime) -> Document:
    """What another runtime would load for the same words, by formula."""
    return {
        "runtime": other.runtime,
        "title": other.title,
        "settings": settings_to_dict(other.plan.settings),
        "total_bytes": other.plan.total_bytes,
        "verdict": str(other.plan.verdict),
        "differs_by": list(other.reasons),
        "basis": str(other.plan.basis),
    }


def pasted_to_dict(pasted: Pasted) -> Document:
    """What was read: the format, the words that are not known, and what should be known of the rest."""
    return {
        "format": pasted.format,
        "model": pasted.model,
        "unknown": list(pasted.unknown),
        "notes": notes_to_list(pasted.notes),
    }
