"""Words for the domain's values: verdicts, bases, counts. The domain's sentences are its own."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.basis import Basis
from advisor.hardware.device import Device, Kind
from advisor.memory.plan import DeviceMemory, MemoryPlan, Verdict
from advisor.model.facts import ModelFacts
from advisor.recommend.places import places
from advisor.recommend.reasons import format_rate
from advisor.recommend.result import DecodeSpeed, Lever, Recommendation
from advisor.settings.asking import request_of
from advisor.settings.load_settings import LoadSettings
from advisor.units import format_bytes, format_seconds, format_tokens
from PySide6.QtCore import QCoreApplication

from ui.theme import Tone

translate = QCoreApplication.translate

# English prose, as the makers of tokenizers give it: three words in four tokens, 300 words on a page.
WORDS_PER_TOKEN = 0.75
WORDS_PER_PAGE = 300


def basis_words(basis: Basis) -> str:
    return {
        Basis.ASSUMED: translate("wording", "assumed"),
        Basis.FORMULA: translate("wording", "by formula"),
        Basis.ENGINE_LOG: translate("wording", "asked from llama.cpp, to 0.01 MiB"),
        Basis.ENGINE: translate("wording", "exact, asked from llama.cpp"),
        Basis.MEASURED: translate("wording", "measured on this computer"),
    }[basis]


def speed_words(point: DecodeSpeed) -> str:
    """ "37 to 63": the cautious figure and the hopeful one."""
    low = format_rate(point.tokens_per_second)
    if point.high is None:
        return low
    return translate("wording", "{low} to {high}").format(low=low, high=format_rate(point.high))


def wait_words(soonest: float | None, latest: float) -> str:
    """ "12 s", or "12 to 21 s", "12 s to 3 min" where it is estimated."""
    low, high = format_seconds(latest if soonest is None else soonest), format_seconds(latest)
    number, _, unit = low.partition(" ")
    if high.endswith(f" {unit}"):
        low = number
    same = soonest is None or low == high.partition(" ")[0]
    return high if same else translate("wording", "{low} to {high}").format(low=low, high=high)


def verdict_words(verdict: Verdict) -> str:
    return {
        Verdict.FITS: translate("wording", "fits"),
        Verdict.TIGHT: translate("wording", "tight, uses the reserve"),
        Verdict.PAGES_FROM_DISK: translate("wording", "reads from disk, slow"),
        Verdict.CLOSE_OTHER_APPS: translate("wording", "close other programs"),
        Verdict.NEEDS_OFFLOAD: translate("wording", "some layers must be on the CPU"),
        Verdict.DOES_NOT_FIT: translate("wording", "does not fit"),
        Verdict.UNKNOWN: translate("wording", "free memory is not known"),
    }[verdict]


def verdict_tone(verdict: Verdict) -> Tone:
    if verdict is Verdict.FITS:
        return Tone.GOOD
    return Tone.BAD if verdict is Verdict.DOES_NOT_FIT else Tone.CAUTION


def parameters(n_params: int) -> str:
    """ "8.03 B", "268 M"."""
    for size, letter in ((10**12, "T"), (10**9, "B"), (10**6, "M")):
        if n_params >= size:
            value = n_params / size
            return f"{value:.0f} {letter}" if value >= 100 else f"{value:.3g} {letter}"
    return f"{n_params:,}"


def model_line(facts: ModelFacts) -> str:
    """The facts beside a model's name."""
    parts = [
        facts.architecture,
        parameters(facts.n_params),
        facts.quantization,
        translate("wording", "{n} layers").format(n=facts.n_layer),
        format_bytes(facts.file_bytes),
        translate("wording", "trained for {n}").format(n=format_tokens(facts.n_ctx_train)),
    ]
    if facts.n_expert:
        parts.insert(4, translate("wording", "{n} experts").format(n=facts.n_expert))
    return " · ".join(parts)


def cache_words(settings: LoadSettings) -> str:
    """ "q8_0", or "q8_0 / q4_0" where K and V differ."""
    k, v = settings.cache_type_k, settings.cache_type_v
    return k if k == v else f"{k} / {v}"


def layers_words(plan: MemoryPlan, facts: ModelFacts) -> str:
    """Where the layers are, for a sentence."""
    gpus = _gpus_used(plan)
    if not gpus:
        return translate("wording", "in RAM, on the CPU")
    layers, every = plan.settings.n_gpu_layers, facts.all_gpu_layers
    where = (
        translate("wording", "on the GPU")
        if gpus == 1
        else translate("wording", "on {n} GPUs").format(n=gpus)
    )
    if layers >= every:
        return translate("wording", "all {n} layers {where}").format(n=every, where=where)
    return translate("wording", "{n} of {every} layers {where}").format(n=layers, every=every, where=where)


def layers_cell(plan: MemoryPlan, facts: ModelFacts) -> str:
    """The same for a table's cell, with what else lies in the RAM."""
    if not _gpus_used(plan):
        return translate("wording", "none")
    settings, every = plan.settings, facts.all_gpu_layers
    if settings.n_gpu_layers >= every:
        text = translate("wording", "all {n}").format(n=every)
    else:
        text = translate("wording", "{n} of {every}").format(n=settings.n_gpu_layers, every=every)
    if settings.n_cpu_moe:
        text += translate("wording", ", {n} experts on CPU").format(n=settings.n_cpu_moe)
    if not settings.offload_kqv:
        text += translate("wording", ", KV in RAM")
    return text


def _gpus_used(plan: MemoryPlan) -> int:
    return sum(1 for memory in plan.memory[:-1] if memory.buffers.total_bytes)


def in_print(settings: LoadSettings) -> str:
    """How much text one user's context is: "about 36,900 words or 120 pages"."""
    n_words = settings.n_ctx_per_slot * WORDS_PER_TOKEN
    words, pages = _rounded(n_words), max(1, _rounded(n_words / WORDS_PER_PAGE))
    if pages == 1:
        text = translate("wording", "about {words} words, a page")
    else:
        text = translate("wording", "about {words} words or {pages} pages")
    text = text.format(words=f"{words:,}", pages=f"{pages:,}")
    if settings.n_ctx_per_slot < settings.n_ctx:
        return translate("wording", "{text} each").format(text=text)
    return text


def lever_name(lever: Lever) -> str:
    """What is to be changed. What it buys and what else it does have their own places."""
    return lever.title or lever.text


def lever_gain(lever: Lever) -> str:
    if lever.gain_tokens:
        return translate("wording", "{n} tokens").format(n=f"{lever.gain_tokens:+,}".replace("-", "\u2212"))
    if lever.gain_bytes < 0:
        return translate("wording", "takes {size}").format(size=format_bytes(-lever.gain_bytes))
    return translate("wording", "frees {size}").format(size=format_bytes(lever.gain_bytes))


def nearest_lever(answer: Recommendation) -> tuple[Lever, ...]:
    """Where nothing fits as it is: what would, as the first thing to change."""
    nearest = answer.nearest
    if answer.n_ctx or nearest is None or not nearest.n_ctx_max:
        return ()
    where = places(nearest.settings, answer.model, has_gpu=bool(answer.hardware.gpus))
    detail = translate("wording", "{cache} KV cache, {places}")
    return (
        Lever(
            "nearest",
            translate("wording", "This would fit"),
            nearest.n_ctx_max,
            0,
            title=translate("wording", "This would fit"),
            detail=detail.format(cache=cache_words(nearest.settings), places=where),
            request=nearest.request or request_of(nearest.settings, answer.model),
        ),
    )


def lever_details(lever: Lever) -> tuple[str, ...]:
    """What does not stand in the column of gains: bytes beside tokens, and what else the lever does."""
    found = []
    if lever.gain_tokens and lever.gain_bytes > 0:
        frees = translate("wording", "frees {size} at the same context")
        found.append(frees.format(size=format_bytes(lever.gain_bytes)))
    elif lever.gain_tokens and lever.gain_bytes < 0:
        takes = translate("wording", "takes {size} more at the same context")
        found.append(takes.format(size=format_bytes(-lever.gain_bytes)))
    if lever.detail:
        found.append(lever.detail)
    return tuple(found)


def device_names(memory: Sequence[DeviceMemory], *, with_engines: bool = False) -> dict[str, str]:
    """By ggml's name what a person calls each device of a plan: "NVIDIA GeForce RTX 4070".

    Cards of one name, or all `with_engines`, have ggml's name behind it, too: "Tesla T4 (CUDA1)".
    """
    names = [line.device_name for line in memory]
    found = {}
    for line in memory:
        name = line.device_name
        is_card = line.kind != Kind.CPU and line.device != name
        if is_card and (with_engines or names.count(name) > 1):
            name = translate("wording", "{name} ({engine})").format(name=name, engine=line.device)
        found[line.device] = name
    return found


def device_line(device: Device) -> str:
    """One memory: how much there is, how much is free, how much of that a model may take."""
    total = format_bytes(device.total_bytes)
    usable = _in_unit_of(total, device.usable_bytes)
    if device.free_bytes is None:
        return translate("wording", "{total}, free is not known, {usable} usable").format(
            total=total, usable=usable
        )
    return translate("wording", "{total}, {free} free, {usable} usable").format(
        total=total, free=_in_unit_of(total, device.free_bytes), usable=usable
    )


def _in_unit_of(first: str, n_bytes: int) -> str:
    """The size without its unit where that is the unit of `first`: "12.0 GiB, 9.8 free"."""
    size = format_bytes(n_bytes)
    number, _, unit = size.partition(" ")
    return number if first.endswith(f" {unit}") else size


def _rounded(value: float) -> int:
    """To two or three significant figures: it is a rough measure and should look like one."""
    digits = len(str(int(value)))
    step: int = 10 ** max(0, digits - (3 if digits > 3 else 2))
    return round(value / step) * step
