"""Whole answers made by hand, as the window is shown them: models, computers and linear memory.

The figures are of no real model, but they agree with one another: buffers add up to plans, and the
largest contexts are those that the memory allows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from advisor.basis import Basis, Note
from advisor.hardware.device import Device, Hardware, Holder, Kind
from advisor.memory.companions import NO_COMPANIONS, Companions
from advisor.memory.plan import (
    Buffers,
    Companion,
    CompanionKind,
    DeviceMemory,
    FormulaCheck,
    MemoryPlan,
    Verdict,
)
from advisor.model.facts import ModelFacts
from advisor.recommend.result import (
    Alternative,
    DecodeSpeed,
    Goal,
    Lever,
    Recommendation,
    Speed,
    Unchanged,
)
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.units import GiB, KiB, MiB, format_tokens
from tests.support import devices
from ui.charts.chart_layout import ContextCurves, Curve, Point

# Bytes of an element of the cache, in 32nds (a q8_0 block: 34 bytes for 32 elements).
_THIRTY_SECONDS = {"f16": 64, "q8_0": 34, "q5_1": 24, "q4_0": 18}
_PAIRS = (("f16", "f16"), ("q8_0", "q8_0"), ("q8_0", "q4_0"), ("q4_0", "q4_0"))

CHAT = Goal("chat", "Chat", "Everyday conversation", 16384, 1, ("f16", "q8_0"))
LONGEST = Goal("longest-context", "Longest context", "As much as there is", None, 1, ("f16", "q8_0", "q4_0"))
SERVER = Goal("several-users", "Several users", "Four at once", 8192, 4, ("f16", "q8_0"))
GOALS = {goal.name: goal for goal in (CHAT, LONGEST, SERVER)}


@dataclass(frozen=True, slots=True)
class Model:
    """A model whose memory is linear in the context."""

    facts: ModelFacts
    weights_bytes: int
    kv_bytes_per_token: int  # at f16, all layers
    compute_bytes: int = 300 * MiB
    output_bytes: int = 512 * KiB
    state_bytes: int = 0


def model(
    name: str = "Llama 3.1 8B Instruct",
    *,
    path: Path | None = None,
    architecture: str = "llama",
    quantization: str = "Q4_K_M",
    n_layer: int = 32,
    n_ctx_train: int = 131072,
    n_params: int = 8_030_261_248,
    weights_bytes: int = 4680 * MiB,
    kv_bytes_per_token: int = 128 * KiB,
    n_expert: int = 0,
    state_bytes: int = 0,
    compute_bytes: int = 300 * MiB,
) -> Model:
    place = path or Path(f"/models/{name.lower().replace(' ', '-')}.gguf")
    facts = ModelFacts(
        path=place,
        shards=(place,),
        name=name,
        architecture=architecture,
        quantization=quantization,
        n_layer=n_layer,
        n_layer_all=n_layer,
        n_ctx_train=n_ctx_train,
        n_embd=4096,
        n_vocab=128256,
        n_expert=n_expert,
        layers=(),
        weights=(),
        file_bytes=weights_bytes + 4 * MiB,
        n_params=n_params,
    )
    return Model(facts, weights_bytes, kv_bytes_per_token, compute_bytes, state_bytes=state_bytes)


def ram(total: int = 32 * GiB, free: int | None = 22 * GiB, reserve: int = 3 * GiB) -> Device:
    return replace(
        devices.RAM,
        total_bytes=total,
        free_bytes=free,
        reserve_bytes=reserve,
        usable_if_others_closed_bytes=total - reserve,
    )


def gpu(
    index: int = 0,
    name: str = "NVIDIA GeForce RTX 4070",
    total: int = 12 * GiB,
    free: int | None = 10 * GiB,
    reserve: int = GiB,
    holders: tuple[Holder, ...] = (),
) -> Device:
    return replace(
        devices.CARD,
        id=f"nvidia:{index}",
        name=name,
        total_bytes=total,
        free_bytes=free,
        reserve_bytes=reserve,
        usable_if_others_closed_bytes=total - reserve,
        engine_device=f"CUDA{index}",
        holders=holders,
    )


def computer(*gpus: Device, memory: Device | None = None, findings: tuple[Note, ...] = ()) -> Hardware:
    return Hardware((*gpus, memory or ram()), findings)


def plan(
    of: Model,
    hardware: Hardware,
    settings: LoadSettings,
    basis: Basis = Basis.ENGINE,
    companions: Companions = NO_COMPANIONS,
) -> MemoryPlan:
    """The layers' part is shared evenly by the GPUs; what is not on them is in RAM.

    Companions are on the first device.
    """
    on_gpu = settings.n_gpu_layers / of.facts.all_gpu_layers if hardware.gpus else 0.0
    k, v = _THIRTY_SECONDS[settings.cache_type_k], _THIRTY_SECONDS[settings.cache_type_v]
    kv = settings.n_ctx * of.kv_bytes_per_token * (k + v) // 128
    lines = [
        _line(device, of, kv, on_gpu / len(hardware.gpus), basis, overhead=180 * MiB)
        for device in hardware.gpus
    ]
    rest = _line(hardware.ram, of, kv, 1 - on_gpu, basis, overhead=90 * MiB)
    if hardware.gpus:  # embeddings stay in RAM
        rest = replace(
            rest, buffers=replace(rest.buffers, weights_bytes=rest.buffers.weights_bytes + 210 * MiB)
        )
    lines = [*lines, rest]
    beside = _beside(companions, lines[0].device)
    if beside:
        n_bytes = sum(companion.n_bytes for companion in beside)
        sources = {**lines[0].basis, "companions": Basis.FORMULA}
        lines[0] = replace(lines[0], companions_bytes=n_bytes, basis=sources)
    memory = tuple(lines)
    check = FormulaCheck(
        weights_bytes=of.weights_bytes,
        kv_cache_bytes=kv,
        recurrent_state_bytes=of.state_bytes,
        compute_bytes=of.compute_bytes,
        disagreement_percent={"weights": 0.0, "kv_cache": 0.0, "compute": 0.2},
        alarm=False,
    )
    return MemoryPlan(settings, basis, memory, _verdict(memory, hardware), check, companions=beside)


def _beside(companions: Companions, device: str) -> tuple[Companion, ...]:
    projector, draft = companions.projector, companions.draft
    found = []
    if projector:
        kind, words = CompanionKind.PROJECTOR, "all its weights"
        found.append(Companion(kind, projector.name, device, projector.weights_bytes, Basis.FORMULA, words))
    if draft:
        kind, words = CompanionKind.DRAFT_MODEL, "weights and KV cache"
        n_bytes = draft.facts.file_bytes
        found.append(Companion(kind, draft.facts.name, device, n_bytes, Basis.FORMULA, words))
    for adapter in companions.adapters:
        kind, words = CompanionKind.ADAPTER, "its matrices"
        n_bytes = sum(pair.a.n_bytes + pair.b.n_bytes for pair in adapter.pairs)
        found.append(Companion(kind, adapter.name, device, n_bytes, Basis.FORMULA, words))
    return tuple(found)


def recommendation(
    of: Model | None = None,
    hardware: Hardware | None = None,
    goal: Goal = LONGEST,
    *,
    basis: Basis = Basis.ENGINE,
    runtime: str = "llama-server",
    speed: Speed | None = None,
    notes: tuple[Note, ...] = (),
    companions: Companions = NO_COMPANIONS,
) -> Recommendation:
    """The answer for a model on a computer, by the goal's preference."""
    of = of or model()
    hardware = hardware or computer(gpu())
    rows = tuple(_row(of, hardware, k, v, runtime, goal.users, basis, companions) for k, v in _PAIRS)
    wish = min((goal.n_ctx or of.facts.n_ctx_train) * goal.users, of.facts.n_ctx_train * goal.users)
    preferred = [row for t in goal.cache_types for row in rows if _types(row) == (t, t)]
    chosen = next((row for row in preferred if row.n_ctx_max >= wish), None) or max(
        preferred, key=lambda row: row.n_ctx_max
    )
    n_ctx = min(wish, chosen.n_ctx_max)
    settings = replace(chosen.settings, n_ctx=n_ctx or 256)
    made = replace(plan(of, hardware, settings, basis, companions), notes=notes)
    untouched = plan(of, hardware, replace(settings, n_ctx=4096), Basis.FORMULA)
    return Recommendation(
        model=of.facts,
        hardware=hardware,
        goal=goal,
        if_you_change_nothing=Unchanged(
            runtime,
            4096,
            untouched,
            "llama-server opens 4 slots and takes about 4,096 tokens: 5.4 GiB in all.",
        ),
        settings=settings,
        plan=made,
        n_ctx=n_ctx,
        n_ctx_safe=chosen.n_ctx_max,
        n_ctx_comfortable=None,
        reasons=_reasons(chosen, of),
        speed=speed or Speed(None, (), None, Basis.ASSUMED),
        alternatives=rows,
        levers=_levers(rows, chosen),
    )


def fast() -> Speed:
    return Speed(2500.0, (DecodeSpeed(0, 88.0), DecodeSpeed(49152, 50.0)), 21.0, Basis.ASSUMED)


def curves(
    answer: Recommendation, of: Model | None = None, companions: Companions = NO_COMPANIONS
) -> ContextCurves:
    """The chart for an answer: three straight lines on the device that fills first."""
    of = of or model()
    tightest = min(range(len(answer.plan.memory)), key=lambda i: _left(answer.plan.memory[i]))
    highest = min(
        answer.model.n_ctx_train, max(4096, *(int(row.n_ctx_max * 1.25) for row in answer.alternatives))
    )
    contexts = sorted({256, *range(highest // 64, highest, max(1, highest // 64)), highest})

    def at(cache_type: str, n_ctx: int) -> Point:
        settings = replace(answer.settings, n_ctx=n_ctx, cache_type_k=cache_type, cache_type_v=cache_type)
        made = plan(of, answer.hardware, settings, companions=companions)
        return Point(n_ctx, made.memory[tightest].total_bytes)

    line = answer.plan.memory[tightest]
    return ContextCurves(
        device_name=line.device_name,
        budget_bytes=line.usable_bytes,
        n_ctx_train=answer.model.n_ctx_train,
        curves=tuple(Curve(t, tuple(at(t, n) for n in contexts)) for t in ("f16", "q8_0", "q4_0")),
        answer=Point(answer.settings.n_ctx, line.total_bytes),
        answer_name=answer.settings.cache_type_k,
    )


def _line(device: Device, of: Model, kv: int, share: float, basis: Basis, overhead: int) -> DeviceMemory:
    is_ram = device.kind is Kind.CPU
    compute = of.compute_bytes if share else 24 * MiB
    buffers = Buffers(
        device=device.engine_device or "CPU",
        weights_bytes=round(of.weights_bytes * share),
        kv_cache_bytes=round(kv * share),
        recurrent_state_bytes=round(of.state_bytes * share),
        compute_bytes=compute,
        output_bytes=of.output_bytes if is_ram else 0,
        mapped_file_bytes=round(of.weights_bytes * share) if is_ram else 0,
    )
    parts = ("weights", "kv_cache", "recurrent_state", "compute", "output")
    return DeviceMemory(
        buffers=buffers,
        kind=str(device.kind),
        overhead_bytes=overhead,
        usable_bytes=device.usable_bytes,
        free_bytes=device.free_bytes,
        device_total_bytes=device.total_bytes,
        device_name=device.name,
        shares_ram=device.shares_ram,
        basis={**dict.fromkeys(parts, basis), "overhead": Basis.ASSUMED},
    )


def _row(
    of: Model,
    hardware: Hardware,
    k: str,
    v: str,
    runtime: str,
    users: int,
    basis: Basis,
    companions: Companions,
) -> Alternative:
    def at(n_ctx: int) -> MemoryPlan:
        settings = LoadSettings(
            n_ctx=n_ctx,
            runtime=runtime,
            cache_type_k=k,
            cache_type_v=v,
            n_seq_max=users,
            kv_unified=users == 1,
            n_gpu_layers=of.facts.all_gpu_layers if hardware.gpus else 0,
        )
        return plan(of, hardware, settings, basis, companions)

    step = 256 * users
    low, high = 0, of.facts.n_ctx_train * users // step + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if at(middle * step).fits else (low, middle)
    made = at((low or 1) * step)
    speed = (DecodeSpeed(0, 88.0), DecodeSpeed(made.settings.n_ctx, 47.0))
    return Alternative(made.settings, low * step, made, speed=speed)


def _verdict(memory: tuple[DeviceMemory, ...], hardware: Hardware) -> Verdict:
    if all(_left(line) >= 0 for line in memory):
        return Verdict.FITS
    by_total = [
        (line.total_bytes, device.usable_if_others_closed_bytes)
        for line, device in zip(memory, hardware.devices, strict=True)
    ]
    return Verdict.CLOSE_OTHER_APPS if all(n <= there for n, there in by_total) else Verdict.DOES_NOT_FIT


def _left(line: DeviceMemory) -> int:
    return line.usable_bytes - line.total_bytes


def _types(row: Alternative) -> tuple[str, str]:
    return row.settings.cache_type_k, row.settings.cache_type_v


def _reasons(chosen: Alternative, of: Model) -> tuple[Note, ...]:
    if not chosen.n_ctx_max:
        return (Note("does-not-fit", f"Even 256 tokens of {of.facts.name} take more than is usable here."),)
    return (
        Note("memory", f"Memory is the limit at {format_tokens(chosen.n_ctx_max)} tokens."),
        Note("cache-type", f"A {chosen.settings.cache_type_k} KV cache holds the most here."),
    )


def _levers(rows: tuple[Alternative, ...], chosen: Alternative) -> tuple[Lever, ...]:
    found = []
    for row in rows:
        gain = row.n_ctx_max - chosen.n_ctx_max
        if gain > 0:
            k, v = _types(row)
            name = k if k == v else f"{k}/{v}"
            found.append(
                Lever(
                    f"cache-type-{k}-{v}",
                    f"{name} KV cache: +{format_tokens(gain)} tokens",
                    gain,
                    0,
                    title=f"{name} KV cache",
                    request=Request(
                        runtime=row.settings.runtime, n_ctx=row.n_ctx_max, cache_type_k=k, cache_type_v=v
                    ),
                )
            )
    found.append(Lever("ubatch", "ubatch 256: frees 128.0 MiB", 0, 128 * MiB, title="ubatch 256"))
    found.append(
        Lever(
            "unload",
            "unload qwen3:4b from Ollama: +21,504 tokens",
            21504,
            0,
            title="Unload qwen3:4b",
            detail="it is asked for again when it is used",
            command="ollama stop qwen3:4b",
        )
    )
    return tuple(found)
