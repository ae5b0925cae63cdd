"""What one proof teaches about this computer: what a load takes beside its buffers, and how fast it is.

Speed is learned from loads that lie on one device alone: of two that take turns nothing tells how long each
of them took. Memory is learned where it was really measured and is no less than the buffers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from advisor.basis import Note
from advisor.hardware.device import Hardware
from advisor.memory.assemble import HOST, targets
from advisor.memory.formula import Formula
from advisor.memory.overhead import host_part
from advisor.memory.plan import Target
from advisor.model.facts import ModelFacts
from advisor.probe.result import ProbeResult
from advisor.settings.calibration import Calibration
from advisor.settings.load_settings import LoadSettings
from advisor.speed.decoding import bandwidth, step_bytes
from advisor.speed.prefill import attention_flops
from advisor.speed.work import Work, divide

# Notes of a proof that spoil a figure of memory: see advisor/probe/measured.py.
_WITHOUT_THE_START = "measured-by-ggml"
_HOLDS_ANOTHER = "rss-holds-device"


def learn(facts: ModelFacts, result: ProbeResult, hardware: Hardware) -> Calibration:
    """What one proof of this model measured on this computer. `unlearned` says what it could not.

    Raises SettingsError for an --override-tensor that is no regular expression.
    """
    decode: dict[str, float] = {}
    prefill: dict[str, float] = {}
    if alone := _alone(facts, result, hardware):
        settings = _one_slot(result.settings)
        peak = bandwidth(alone.device, hardware)
        shares = [
            point.decode_tokens_per_second * step_bytes(facts, settings, alone, point.depth) / peak
            for point in result.speed
            if peak and point.decode_tokens_per_second
        ]
        flops = [
            point.prefill_tokens_per_second * (alone.flops + attention_flops(alone.attentions, point.depth))
            for point in result.speed
            if point.prefill_tokens_per_second
        ]
        if shares:
            decode[alone.device.id] = median(shares)
        if flops and median(flops):
            prefill[alone.device.id] = median(flops)
    has_experts = any(weight.is_expert for weight in facts.weights)
    return Calibration(
        overhead_bytes=_overhead(facts, result, hardware),
        decode_share={} if has_experts else decode,
        prefill_flops_per_second={} if has_experts else prefill,
        n_probes=1,
        expert_decode_share=decode if has_experts else {},
        expert_prefill_flops_per_second=prefill if has_experts else {},
    )


def unlearned(facts: ModelFacts, result: ProbeResult, hardware: Hardware) -> tuple[Note, ...]:
    """What a proof could not teach, and why."""
    notes = []
    if not _alone(facts, result, hardware):
        text = (
            "The model lay on more than one device, so how fast each of them is cannot be told. A proof of a "
            "model that lies on one alone teaches it."
        )
        notes.append(Note("speed-not-learned", text))
    missing = {target.backend for target in _used(result, hardware)} - set(_overhead(facts, result, hardware))
    if missing:
        names = ", ".join(sorted(missing))
        text = f"What a load takes beside its buffers was not measured well enough to be learned: {names}."
        notes.append(Note("overhead-not-learned", text))
    return tuple(notes)


def _alone(facts: ModelFacts, result: ProbeResult, hardware: Hardware) -> Work | None:
    """The one device that all of the load lies on, None where there are more."""
    if not facts.weights:
        return None
    shares = divide(facts, _one_slot(result.settings), hardware)
    return shares[0] if len(shares) == 1 else None


def _one_slot(settings: LoadSettings) -> LoadSettings:
    """A proof measures the speed of one sequence, whatever the slots."""
    return replace(settings, n_ctx=settings.n_ctx_per_slot, n_seq_max=1, kv_unified=True)


def _used(result: ProbeResult, hardware: Hardware) -> list[Target]:
    return [target for target in targets(hardware) if target.name in result.measured_peak_bytes]


def _overhead(facts: ModelFacts, result: ProbeResult, hardware: Hardware) -> dict[str, int]:
    """By backend, the most that was measured beside the buffers on any of its devices."""
    found: dict[str, int] = {}
    for backend, n_bytes in _beside(facts, result, hardware):
        found[backend] = max(n_bytes, found.get(backend, 0))
    return found


def _beside(facts: ModelFacts, result: ProbeResult, hardware: Hardware) -> Iterator[tuple[str, int]]:
    formula = Formula(facts, targets(hardware))
    buffers = {line.device: line.total_bytes for line in formula.buffers(result.settings)}
    codes = {note.code for note in result.measured_notes}
    for target in _used(result, hardware):
        peak = result.measured_peak_bytes[target.name]
        held = buffers.get(target.name, 0)
        if target.name == HOST and result.host_overhead_bytes is not None:
            # Of a large context not every page is ever touched, and it brings some that are in no buffer.
            beside = 0 if peak is None else host_part(max(0, peak - held), result.settings)
            yield target.backend, max(result.host_overhead_bytes, beside)
            continue
        if peak is None or not held or peak < held:
            continue
        if target.name == HOST:
            if _HOLDS_ANOTHER not in codes:
                yield target.backend, host_part(peak - held, result.settings)
        elif not _lacks_its_start(target.name, result.measured_notes):
            yield target.backend, peak - held


def _lacks_its_start(device: str, notes: Sequence[Note]) -> bool:
    return any(note.code == _WITHOUT_THE_START and note.text.startswith(f"{device} ") for note in notes)
