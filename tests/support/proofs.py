"""Proofs that never ran: what one says on its way, and what it finds, for the models of `answers`."""

from __future__ import annotations

from advisor.basis import Note
from advisor.engine.proof import FillMethod, MemorySample, SpeedPoint
from advisor.probe.events import Event
from advisor.probe.result import Attempt, BoundBy, Outcome, ProbeResult
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB, MiB

WORKED = Attempt(49152, Outcome.OK, "", 1.4)
TOO_LARGE = Attempt(131072, Outcome.OUT_OF_MEMORY, "llama.cpp ran out of memory on CUDA0.", 0.8)
SETTINGS = LoadSettings(n_ctx=49152, cache_type_k="q8_0", cache_type_v="q8_0", n_gpu_layers=33)


def memory(n_bytes: int) -> MemorySample:
    return MemorySample(n_bytes, n_bytes // 2, n_bytes, n_bytes, {"CUDA0": 2 * GiB})


def filling(share: float, rate: float = 9000.0) -> Event:
    """A moment of the fill of `WORKED`."""
    held = round((1 + share) * 900 * MiB)
    return Event(
        stage="filling",
        seconds=4 + 20 * share,
        n_ctx=WORKED.n_ctx,
        n_filled=round(WORKED.n_ctx * share),
        tokens_per_second=rate,
        seconds_left=20 * (1 - share),
        memory=memory(held),
        peak_rss_bytes=held + 20 * MiB,
        devices={"CUDA0": round((6 + 3 * share) * GiB)},
    )


def on_its_way() -> tuple[Event, ...]:
    """From the start to the middle of the fill."""
    return (
        Event("planning", 0.1),
        Event("loading", 0.5, memory=memory(300 * MiB), devices={"CUDA0": 4 * GiB}),
        Event("allocating", 2.5, TOO_LARGE.n_ctx, memory=memory(800 * MiB), devices={"CUDA0": 11 * GiB}),
        Event("attempt", 3.2, TOO_LARGE.n_ctx, attempt=TOO_LARGE),
        Event("attempt", 4.0, WORKED.n_ctx, attempt=WORKED),
        *(filling(i / 40, 9000 - 90 * i + 700 * (i % 3)) for i in range(1, 25)),
    )


def result(**changes: object) -> ProbeResult:
    """49,152 tokens worked and 46,080 are safe; `changes` by field."""
    fields = {
        "settings": SETTINGS,
        "limit_n_ctx": 49152,
        "bound_by": BoundBy.MEMORY,
        "safe_n_ctx": 46080,
        "proved_n_ctx": 49152,
        "filled_tokens": 49152,
        "method": FillMethod.COPY,
        "predicted_bytes": {"CUDA0": 9 * GiB, "CPU": 620 * MiB},
        "measured_peak_bytes": {"CUDA0": 9 * GiB - 60 * MiB, "CPU": 640 * MiB},
        "measured_notes": (
            Note("mapped-file", "Of the 640.0 MiB in RAM, 210.0 MiB are mapped files, mostly the model's."),
        ),
        "speed": tuple(
            SpeedPoint(depth, 2400.0 - depth / 40, 88.0 - depth / 1300)
            for depth in (0, 12288, 24576, 36864, 49152)
        ),
        "attempts": (TOO_LARGE, WORKED),
        "seconds": 24.3,
    }
    return ProbeResult(**{**fields, **changes})
