"""`assemble`: from buffers, whoever counted them, to a judged `MemoryPlan`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from advisor.basis import Basis, Note
from advisor.hardware.device import Device, Hardware
from advisor.memory.later import later
from advisor.memory.notes import device_notes, plan_notes
from advisor.memory.overhead import gpu_overhead, host_overhead
from advisor.memory.plan import Buffers, Companion, DeviceMemory, FormulaCheck, MemoryPlan, Target
from advisor.memory.verdict import Claim, claim_on, judge
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings

HOST = "CPU"
NOTHING_MEASURED: Mapping[str, int] = MappingProxyType({})

# Beyond these the formula does not know this architecture: shown, never hidden.
_ALARM_PERCENT = {"weights": 1.0, "kv_cache": 1.0, "recurrent_state": 1.0, "compute": 10.0}


def targets(hardware: Hardware) -> tuple[Target, ...]:
    """The GPUs that a load would use, named as ggml names them, and the host."""
    cards = [gpu for gpu in hardware.gpus if not gpu.shares_ram]
    used = cards or list(hardware.gpus[:1])
    counts: dict[str, int] = {}
    found = []
    for gpu in used:
        nth = counts.get(gpu.backend, 0)
        counts[gpu.backend] = nth + 1
        name = gpu.engine_device or f"{gpu.backend}{nth}"
        found.append(Target(name, gpu.backend, gpu.assumed_free_bytes, gpu.id))
    return (*found, Target(HOST, HOST, hardware.ram.assumed_free_bytes, hardware.ram.id))


def devices_by_name(hardware: Hardware) -> dict[str, Device]:
    """The devices that a load would use, by ggml's name, the host last."""
    devices = {device.id: device for device in hardware.devices}
    return {target.name: devices[target.device_id] for target in targets(hardware)}


def assemble(  # noqa: PLR0913 - a plan is made of all that
    facts: ModelFacts,
    settings: LoadSettings,
    hardware: Hardware,
    by_formula: Sequence[Buffers],
    by_engine: Sequence[Buffers] | None = None,
    *,
    basis: Basis = Basis.FORMULA,
    measured_overhead: Mapping[str, int] = NOTHING_MEASURED,
    notes: Iterable[Note] = (),
    companions: Sequence[Companion] = (),
) -> MemoryPlan:
    """The plan for one load. `by_engine` is the engine's own answer, of that `basis`, where there is one.

    `measured_overhead` holds what this machine measured beside the buffers, by backend; `companions` what is
    loaded beside the model.
    """
    device_of = devices_by_name(hardware)
    answer = _with_homes(by_formula if by_engine is None else by_engine, companions, list(device_of))
    lines = tuple(
        _line(
            facts,
            buffers,
            device_of[buffers.device],
            settings,
            basis,
            measured_overhead,
            [companion for companion in companions if companion.device == buffers.device],
        )
        for buffers in answer
    )
    claims = [_claim(line, device_of[line.device], companions) for line in lines]
    check = _check(by_formula, by_engine)
    return MemoryPlan(
        settings=settings,
        basis=basis,
        memory=lines,
        verdict=judge(claims[:-1], claims[-1]),
        formula=check,
        later=later(facts, settings),
        notes=(*notes, *plan_notes(facts, settings, check), *device_notes(settings, lines, device_of, basis)),
        companions=tuple(companions),
    )


def _with_homes(
    answer: Sequence[Buffers], companions: Sequence[Companion], devices: Sequence[str]
) -> list[Buffers]:
    """`answer` with the devices that only a companion uses; `devices` names all, in order."""
    used = {companion.device for companion in companions} - {buffers.device for buffers in answer}
    found = [*answer, *(Buffers(name) for name in used)]
    return sorted(found, key=lambda buffers: devices.index(buffers.device))


def _line(
    facts: ModelFacts,
    buffers: Buffers,
    device: Device,
    settings: LoadSettings,
    basis: Basis,
    measured: Mapping[str, int],
    companions: Sequence[Companion],
) -> DeviceMemory:
    is_host = buffers.device == HOST
    overhead = host_overhead(facts, settings, measured) if is_host else gpu_overhead(device, measured)
    parts = ("weights", "kv_cache", "recurrent_state", "compute", "output")
    sources = dict.fromkeys(parts, basis)
    sources["overhead"] = Basis.MEASURED if device.backend in measured else Basis.ASSUMED
    if companions:
        # The least sure of them speaks for all.
        sources["companions"] = min((companion.basis for companion in companions), key=list(Basis).index)
    return DeviceMemory(
        buffers=buffers,
        kind=str(device.kind),
        overhead_bytes=overhead if is_host or buffers.total_bytes or companions else 0,
        usable_bytes=device.usable_bytes,
        free_bytes=device.free_bytes,
        device_total_bytes=device.total_bytes,
        device_name=device.name,
        shares_ram=device.shares_ram,
        basis=sources,
        reserve_bytes=device.reserve_bytes,
        companions_bytes=sum(companion.n_bytes for companion in companions),
    )


def _claim(line: DeviceMemory, device: Device, companions: Sequence[Companion]) -> Claim:
    mapped = sum(companion.mapped_file_bytes for companion in companions if companion.device == line.device)
    return claim_on(device, line.total_bytes, line.buffers.mapped_file_bytes + mapped)


def _check(by_formula: Sequence[Buffers], by_engine: Sequence[Buffers] | None) -> FormulaCheck:
    """Our sums over all devices, and how far each is from the engine's."""
    ours = {part: _sum(by_formula, part) for part in _ALARM_PERCENT}
    percent = {}
    if by_engine is not None:
        percent = {part: _disagreement(ours[part], _sum(by_engine, part)) for part in _ALARM_PERCENT}
    return FormulaCheck(
        weights_bytes=ours["weights"],
        kv_cache_bytes=ours["kv_cache"],
        recurrent_state_bytes=ours["recurrent_state"],
        compute_bytes=ours["compute"],
        disagreement_percent=percent,
        alarm=any(share > _ALARM_PERCENT[part] for part, share in percent.items()),
    )


def _sum(buffers: Sequence[Buffers], part: str) -> int:
    return sum(getattr(b, f"{part}_bytes") for b in buffers)


def _disagreement(ours: int, engines: int) -> float:
    """Percent of the engine's figure; where that is nothing, all of ours is disagreement."""
    if ours == engines:
        return 0.0
    return round(100 * abs(ours - engines) / engines, 2) if engines else 100.0
