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
from advisor.recommend.need import NeedAnswer, Part, in_words
from advisor.recommend.other_runtimes import OtherRuntime
from advisor.recommend.result import (
    Alternative,
    Goal,
    Lever,
    Recommendation,
    Speed,
    Unchanged,
    WhatIfType,
)
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from advisor.settings.request import Request

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


def goal(chosen: Goal) -> Document:
    return {
        "name": chosen.name,
        "title": chosen.title,
        "n_ctx": chosen.n_ctx,
        "users": chosen.users,
        "cache_types": list(chosen.cache_types),
        "patience": asdict(chosen.patience) if chosen.patience else None,
    }


def need(answer: NeedAnswer) -> Document:
    """What the text needs, and whether the recommended context holds it."""
    wanted = answer.need
    return {
        "prompt": [_need_part(part) for part in wanted.prompt],
        "system": _need_part(wanted.system) if wanted.system else None,
        "template_tokens": wanted.template_tokens,
        "prompt_tokens": wanted.prompt_tokens,
        "answer_tokens": wanted.answer_tokens,
        "total_tokens": wanted.total_tokens,
        "n_ctx": wanted.n_ctx,
        "basis": str(wanted.basis),
        "fits": answer.fits,
        "n_ctx_recommended": answer.n_ctx,
        "n_ctx_safe": answer.n_ctx_safe,
        "short_by_tokens": answer.short_by,
        "verdict": notes((answer.verdict,))[0],
        "levers": [{"code": it.code, "text": it.text, "gain_tokens": it.gain_tokens} for it in answer.levers],
    }


def _need_part(part: Part) -> Document:
    return {
        "name": part.name,
        "tokens": part.n_tokens,
        "basis": str(part.basis) if part.basis else None,
        "notes": notes((part.note,) if part.note else ()),
    }


def recommended(answer: Recommendation, asked: EngineInfo | None) -> Document:
    return {
        "n_ctx": answer.n_ctx,
        "n_ctx_in_words": in_words(answer.settings.n_ctx_per_slot) if answer.n_ctx else None,
        "n_ctx_safe": answer.n_ctx_safe,
        "n_ctx_comfortable": answer.n_ctx_comfortable,
        "settings": settings(answer.settings),
        "plan": plan(answer.plan, asked),
        "reasons": notes(answer.reasons),
        "speed": _speed(answer.speed),
    }


def unchanged(answer: Unchanged) -> Document:
    return {
        "runtime": answer.runtime,
        "n_ctx": answer.n_ctx,
        "verdict": str(answer.plan.verdict),
        "total_bytes": answer.plan.total_bytes,
        "text": answer.text,
    }


def alternative(row: Alternative) -> Document:
    return {
        "cache_type_k": row.settings.cache_type_k,
        "cache_type_v": row.settings.cache_type_v,
        "n_gpu_layers": row.settings.n_gpu_layers,
        "n_ctx_max": row.n_ctx_max,
        "verdict": str(row.verdict),
        "total_bytes": row.plan.total_bytes,
        "basis": str(row.plan.basis),
    }


def recommendation(answer: Recommendation, asked: EngineInfo | None) -> Document:
    """The parts of `recommend --json` beside the model and the hardware."""
    return {
        "goal": goal(answer.goal),
        "if_you_change_nothing": unchanged(answer.if_you_change_nothing),
        "recommended": recommended(answer, asked),
        "alternatives": [alternative(row) for row in answer.alternatives],
        "levers": [lever(it) for it in answer.levers],
        "what_if_types": [_what_if_type(it) for it in answer.what_if_types],
    }


def lever(it: Lever) -> Document:
    """One change. `request` holds what to ask for, in llama.cpp's names; null where it is done elsewhere."""
    asked = None
    if it.request:
        said = asdict(it.request)
        asked = {name: value for name, value in said.items() if value != _NOTHING_SAID[name]}
    return {
        "code": it.code,
        "text": it.text,
        "gain_tokens": it.gain_tokens,
        "gain_bytes": it.gain_bytes,
        "title": it.title,
        "detail": it.detail,
        "request": asked,
        "command": it.command,
    }


_NOTHING_SAID = asdict(Request())


def _what_if_type(it: WhatIfType) -> Document:
    """A cache type that only a fork has, by formula."""
    return {
        "name": it.name,
        "fork": it.fork,
        "bytes_per_token": it.bytes_per_token,
        "n_ctx_max": it.n_ctx_max,
        "note": notes([it.note])[0],
    }


def _speed(speed: Speed) -> Document:
    return {
        "prefill_tokens_per_second": _rounded(speed.prefill_tokens_per_second),
        "prefill_tokens_per_second_range": _range(speed.prefill_tokens_per_second, speed.prefill_high),
        "decode_tokens_per_second": [
            {"depth": point.depth, "value": round(point.tokens_per_second, 2)} for point in speed.decode
        ],
        "decode_tokens_per_second_range": [
            {"depth": point.depth, "low": round(point.tokens_per_second, 2), "high": round(point.high, 2)}
            for point in speed.decode
            if point.high is not None
        ],
        "time_to_first_token_s": _rounded(speed.time_to_first_token_s),
        "time_to_first_token_s_range": _range(speed.time_to_first_token_low_s, speed.time_to_first_token_s),
        "basis": str(speed.basis),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _range(low: float | None, high: float | None) -> Document | None:
    return None if low is None or high is None else {"low": round(low, 2), "high": round(high, 2)}
