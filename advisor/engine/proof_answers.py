"""The worker's answers about real loads, as the types of `proof.py`.

Each raises KeyError, TypeError or ValueError for an answer that is not one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor.engine.proof import (
    Allocation,
    Filling,
    FillMethod,
    LoadedModel,
    MemorySample,
    Progress,
    SpeedPoint,
)
from advisor.engine.protocol import buffer_bytes


def progress(event: Mapping[str, Any]) -> Progress:
    return Progress(
        stage=str(event["stage"]),
        n_ctx=int(event["n_ctx"]),
        n_filled=int(event["n_filled"]),
        tokens_per_second=_number(event["tokens_per_second"]),
        memory=memory_sample(event["memory"]),
        fraction=_number(event["fraction"]),
    )


def loaded_model(answer: Mapping[str, Any]) -> LoadedModel:
    return LoadedModel(
        seconds=float(answer["seconds"]),
        has_vocabulary=bool(answer["has_vocabulary"]),
        is_recurrent=bool(answer["is_recurrent"]),
        is_hybrid=bool(answer["is_hybrid"]),
        memory=memory_sample(answer["memory"]),
        guard_bytes=_count(answer["guard_bytes"]),
        warm_up_bytes=_count(answer["warm_up_bytes"]),
    )


def allocation(answer: Mapping[str, Any]) -> Allocation:
    buffers = answer["buffers"]
    return Allocation(
        n_ctx=int(answer["n_ctx"]),
        buffers=None if buffers is None else tuple(buffer_bytes(entry) for entry in buffers),
        memory=memory_sample(answer["memory"]),
        speed=_speed_point(answer["speed"]),
        seconds=float(answer["seconds"]),
    )


def filling(answer: Mapping[str, Any]) -> Filling:
    refused = answer["refused_one_more"]
    return Filling(
        n_ctx=int(answer["n_ctx"]),
        filled_tokens=int(answer["filled_tokens"]),
        method=FillMethod(answer["method"]),
        state_bytes=int(answer["state_bytes"]),
        refused_one_more=None if refused is None else bool(refused),
        speed=tuple(_speed_point(point) for point in answer["speed"]),
        memory=memory_sample(answer["memory"]),
        seconds=float(answer["seconds"]),
        measuring_seconds=float(answer["measuring_seconds"]),
        grown_bytes=_count(answer["grown_bytes"]),
        last_prompt_tokens=int(answer["last_prompt_tokens"]),
    )


def memory_sample(answer: Mapping[str, Any]) -> MemorySample:
    return MemorySample(
        rss_bytes=_count(answer["rss_bytes"]),
        mapped_bytes=_count(answer["mapped_bytes"]),
        peak_rss_bytes=_count(answer["peak_rss_bytes"]),
        data_bytes=_count(answer["data_bytes"]),
        devices={str(name): int(n_bytes) for name, n_bytes in answer["devices"].items()},
    )


def _speed_point(answer: Mapping[str, Any]) -> SpeedPoint:
    return SpeedPoint(
        depth=int(answer["depth"]),
        prefill_tokens_per_second=_number(answer["prefill_tokens_per_second"]),
        decode_tokens_per_second=_number(answer["decode_tokens_per_second"]),
    )


def _count(value: int | None) -> int | None:
    return None if value is None else int(value)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
