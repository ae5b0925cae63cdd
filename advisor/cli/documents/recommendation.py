"""The JSON of a recommendation, and of what a text needs. Fields may be added, never renamed."""

from __future__ import annotations

from dataclasses import asdict

from advisor.cli.documents.document import Document, notes_to_list
from advisor.cli.documents.plan import plan_to_dict, settings_to_dict
from advisor.engine.protocol import EngineInfo
from advisor.recommend.need import NeedAnswer, Part, in_words
from advisor.recommend.result import (
    Alternative,
    Goal,
    Lever,
    Recommendation,
    Speed,
    Unchanged,
    WhatIfType,
)
from advisor.settings.request import Request


def goal_to_dict(chosen: Goal) -> Document:
    return {
        "name": chosen.name,
        "title": chosen.title,
        "n_ctx": chosen.n_ctx,
        "users": chosen.users,
        "cache_types": list(chosen.cache_types),
        "patience": asdict(chosen.patience) if chosen.patience else None,
    }


def need_to_dict(answer: NeedAnswer) -> Document:
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
        "verdict": notes_to_list((answer.verdict,))[0],
        "levers": [{"code": it.code, "text": it.text, "gain_tokens": it.gain_tokens} for it in answer.levers],
    }


def _need_part(part: Part) -> Document:
    return {
        "name": part.name,
        "tokens": part.n_tokens,
        "basis": str(part.basis) if part.basis else None,
        "notes": notes_to_list((part.note,) if part.note else ()),
    }


def recommended_to_dict(answer: Recommendation, asked: EngineInfo | None) -> Document:
    return {
        "n_ctx": answer.n_ctx,
        "n_ctx_in_words": in_words(answer.settings.n_ctx_per_slot) if answer.n_ctx else None,
        "n_ctx_safe": answer.n_ctx_safe,
        "n_ctx_comfortable": answer.n_ctx_comfortable,
        "settings": settings_to_dict(answer.settings),
        "plan": plan_to_dict(answer.plan, asked),
        "reasons": notes_to_list(answer.reasons),
        "speed": _speed(answer.speed),
    }


def unchanged_to_dict(answer: Unchanged) -> Document:
    return {
        "runtime": answer.runtime,
        "n_ctx": answer.n_ctx,
        "verdict": str(answer.plan.verdict),
        "total_bytes": answer.plan.total_bytes,
        "text": answer.text,
    }


def alternative_to_dict(row: Alternative) -> Document:
    return {
        "cache_type_k": row.settings.cache_type_k,
        "cache_type_v": row.settings.cache_type_v,
        "n_gpu_layers": row.settings.n_gpu_layers,
        "n_ctx_max": row.n_ctx_max,
        "verdict": str(row.verdict),
        "total_bytes": row.plan.total_bytes,
        "basis": str(row.plan.basis),
    }


def recommendation_to_dict(answer: Recommendation, asked: EngineInfo | None) -> Document:
    """The parts of `recommend --json` beside the model and the hardware."""
    return {
        "goal": goal_to_dict(answer.goal),
        "if_you_change_nothing": unchanged_to_dict(answer.if_you_change_nothing),
        "recommended": recommended_to_dict(answer, asked),
        "alternatives": [alternative_to_dict(row) for row in answer.alternatives],
        "levers": [lever_to_dict(it) for it in answer.levers],
        "what_if_types": [_what_if_type(it) for it in answer.what_if_types],
    }


def lever_to_dict(it: Lever) -> Document:
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
        "cost": str(it.cost),
    }


_NOTHING_SAID = asdict(Request())


def _what_if_type(it: WhatIfType) -> Document:
    """A cache type that only a fork has, by formula."""
    return {
        "name": it.name,
        "fork": it.fork,
        "bytes_per_token": it.bytes_per_token,
        "n_ctx_max": it.n_ctx_max,
        "note": notes_to_list([it.note])[0],
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
        "first_token_s": [
            {"prompt_tokens": it.prompt_tokens, "low": round(it.low_s, 2), "high": round(it.high_s, 2)}
            for it in speed.first_token
        ],
        "basis": str(speed.basis),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _range(low: float | None, high: float | None) -> Document | None:
    return None if low is None or high is None else {"low": round(low, 2), "high": round(high, 2)}
