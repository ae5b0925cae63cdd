"""Words for a proof: its stages, how attempts ended, what bound the limit."""

from __future__ import annotations

from advisor.engine.proof import FillMethod
from advisor.history.comparison import comparisons
from advisor.history.record import ProbeRecord
from advisor.probe.events import Event
from advisor.probe.result import BoundBy, Outcome, ProbeResult
from advisor.settings.load_settings import LoadSettings
from advisor.units import format_bytes, format_seconds, format_tokens
from PySide6.QtCore import QCoreApplication

translate = QCoreApplication.translate


def stage_words(now: Event | None) -> str:
    """What is being done."""
    if now is None:
        return translate("proof", "Looking at this computer")
    words = {
        "planning": translate("proof", "Asking llama.cpp where the limit should be"),
        "loading": translate("proof", "Loading the model"),
        "warming-up": translate("proof", "Warming up"),
        "allocating": translate("proof", "Allocating {n_ctx} tokens"),
        "measuring": translate("proof", "Measuring memory and speed at {n_ctx} tokens"),
        "filling": translate("proof", "Filling {n_ctx} tokens"),
    }.get(now.stage, now.stage)
    return words.format(n_ctx=format_tokens(now.n_ctx))


def outcome_words(outcome: Outcome) -> str:
    return {
        Outcome.OK: translate("proof", "worked"),
        Outcome.REFUSED: translate("proof", "was refused"),
        Outcome.OUT_OF_MEMORY: translate("proof", "did not fit"),
        Outcome.SPILLED: translate("proof", "spilled into slower memory"),
        Outcome.KILLED: translate("proof", "was ended from outside"),
        Outcome.CRASHED: translate("proof", "crashed llama.cpp, which means that it did not fit"),
        Outcome.TIMEOUT: translate("proof", "did not end in time"),
        Outcome.CANCELLED: translate("proof", "was cancelled"),
    }[outcome]


def bound_words(bound: BoundBy) -> str:
    """Why the limit is where it is."""
    return {
        BoundBy.MEMORY: translate("proof", "more does not fit into memory"),
        BoundBy.RESERVE: translate("proof", "more would take the RAM that is kept in reserve"),
        BoundBy.TRAINING_CONTEXT: translate("proof", "the model was trained for no more"),
        BoundBy.REQUESTED: translate("proof", "no more was asked for"),
        BoundBy.TIME: translate("proof", "the time was up; more may be possible"),
    }[bound]


def limit_words(found: ProbeResult) -> str:
    """ "51,200 tokens really worked: more does not fit into memory"."""
    return translate("proof", "{n} tokens really worked: {why}").format(
        n=format_tokens(found.limit_n_ctx), why=bound_words(found.bound_by)
    )


def filled_words(found: ProbeResult) -> str:
    """How the context was filled, and how long all of it took."""
    filled, whole = format_tokens(found.filled_tokens), format_tokens(found.proved_n_ctx)
    if found.filled_tokens == found.proved_n_ctx:
        part = translate("proof", "Filled to the last of {n} tokens").format(n=whole)
    else:
        part = translate("proof", "{filled} of {n} tokens filled").format(filled=filled, n=whole)
    how = (
        translate("proof", "by copies of one decoded chunk")
        if found.method is FillMethod.COPY
        else translate("proof", "token by token")
    )
    took = translate("proof", "{s} in all").format(s=format_seconds(found.seconds))
    return f"{part}, {how} \u00b7 {took}"


def off_words(error_percent: float | None) -> str:
    """How far a prediction was above what was measured."""
    if error_percent is None:
        return "\u2013"
    return f"{error_percent:+.1f} %".replace("-", "\u2212")


def settings_words(settings: LoadSettings, *, n_gpus: int) -> str:
    """ "q8_0 KV cache, 33 layers on the GPU"; without a GPU the layers are nowhere else than in RAM."""
    k, v = settings.cache_type_k, settings.cache_type_v
    cache = translate("proof", "{types} KV cache").format(types=k if k == v else f"{k} / {v}")
    if not n_gpus or not settings.n_gpu_layers:
        return cache
    words = (
        translate("proof", "{n} layers on the GPU")
        if n_gpus == 1
        else translate("proof", "{n} layers on {gpus} GPUs")
    )
    layers = words.format(n=settings.n_gpu_layers, gpus=n_gpus)
    return f"{cache}, {layers}"


def worst_error(record: ProbeRecord) -> float | None:
    """The prediction's largest error on any device, in percent of what was measured."""
    errors = [it.error_percent for it in comparisons(record) if it.error_percent is not None]
    return max(errors, key=abs, default=None)


def promise_words(ceiling_bytes: int) -> str:
    """What a proof does to the computer."""
    text = translate(
        "proof",
        "Loads the model for real, with up to {size} of RAM. The computer stays usable; cancel at any time.",
    )
    return text.format(size=format_bytes(ceiling_bytes))
