"""The engine's answer to "what would this load take?", in the formula's own type: `Buffers`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from advisor.basis import Basis, Note
from advisor.engine import figures, placement
from advisor.engine.cache_tensors import cache_tensors
from advisor.engine.client import EngineClient
from advisor.engine.log_lines import parse
from advisor.engine.protocol import OpenedModel, OpenModel
from advisor.errors import EngineRefused
from advisor.memory.plan import Buffers
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.units import MiB

# Recurrent state is really allocated and zeroed by a dry run: up to here that is quick, above it the state
# of fewer slots is scaled.
STATE_BYTES = 512 * MiB
# Keeps compressor states of its own (src/llama-kv-cache-dsv4.cpp) without being called recurrent.
KEEPS_STATE = frozenset({"deepseek4"})


@dataclass(frozen=True, slots=True)
class DryRun:
    """What llama.cpp would allocate for one load. `buffers` has the GPUs first, the host ("CPU") last.

    `basis` is ENGINE (to the byte) or ENGINE_LOG (rounded to 0.01 MiB). `flash_attn` ("on" or "off") is what
    became of "auto".
    """

    buffers: tuple[Buffers, ...]
    basis: Basis
    n_ctx: int
    flash_attn: str
    notes: tuple[Note, ...] = ()


def dry_run(
    client: EngineClient, facts: ModelFacts, settings: LoadSettings, devices: tuple[str, ...] | None = None
) -> DryRun:
    """Asks llama.cpp, without loading the weights, what a load with `settings` would take.

    `devices` restricts the engine to devices named as ggml names them; empty: the CPU alone. The model stays
    open in the engine for the next question; only another placement of its layers opens it again. Raises an
    EngineError leaf, or Cancelled.
    """
    if facts.path is None:
        raise EngineRefused(
            "The engine plans files, and this model has none.", hint="Use --basis formula.", code="no-file"
        )
    if 0 < facts.n_position_rows < settings.n_ctx_per_slot:
        raise EngineRefused(
            f"This model knows {facts.n_position_rows:,} positions and no more.",
            hint=f"Use a context of at most {facts.n_position_rows:,} tokens.",
            code="above-position-table",
        )
    opened = client.open(
        OpenModel(
            path=str(facts.path.absolute()),
            n_gpu_layers=settings.n_gpu_layers,
            n_cpu_moe=settings.n_cpu_moe,
            override_tensor=settings.override_tensor,
            tensor_split=settings.tensor_split,
            split_mode=settings.split_mode,
            main_gpu=settings.main_gpu,
            devices=devices,
            architecture=facts.architecture,
            n_vocab=facts.n_vocab,
        )
    )
    keeps_state = opened.is_recurrent or opened.is_hybrid or facts.architecture in KEEPS_STATE
    if keeps_state and settings.n_seq_max > 1:
        return _by_slots(client, facts, opened, settings)
    return _ask(client, facts, opened, settings)


def _ask(client: EngineClient, facts: ModelFacts, opened: OpenedModel, settings: LoadSettings) -> DryRun:
    """One context with exactly these settings."""
    answer = client.context(settings, cache_tensors(facts, settings, placement.layer_devices(opened)))
    logged = parse(answer.lines)
    if answer.buffers is not None and figures.agree(answer.buffers, logged, facts.n_layer_all):
        buffers = figures.buffers_by_device(answer.buffers, logged, facts, settings)
        basis = Basis.ENGINE
    else:
        buffers = placement.buffers_by_device(opened, logged, facts, settings)
        basis = Basis.ENGINE_LOG
    flash_attn = logged.flash_attn or ("off" if settings.flash_attn == "off" else "on")
    return DryRun(buffers, basis, answer.n_ctx, flash_attn)


def _by_slots(client: EngineClient, facts: ModelFacts, opened: OpenedModel, settings: LoadSettings) -> DryRun:
    """Several slots of a model that keeps state: asked directly while that is cheap, else scaled from fewer.

    KV cache, state and output grow by the same bytes with every slot; the compute buffer nearly so.
    """
    one = _ask(client, facts, opened, _with_slots(settings, 1))
    state_bytes = sum(b.recurrent_state_bytes for b in one.buffers)
    n_asked = min(settings.n_seq_max, max(2, STATE_BYTES // max(state_bytes, 1)))
    some = _ask(client, facts, opened, _with_slots(settings, n_asked))
    if n_asked == settings.n_seq_max:
        return some
    buffers = tuple(
        _scaled(of_one, of_some, n_asked, settings.n_seq_max)
        for of_one, of_some in zip(one.buffers, some.buffers, strict=True)
    )
    note = Note(
        "scaled-by-slots",
        f"The engine was asked for {n_asked} slots and the answer scaled to {settings.n_seq_max}: "
        "it really allocates the state of every slot. The compute buffer may differ by a few percent.",
    )
    return DryRun(buffers, some.basis, settings.n_ctx, some.flash_attn, (note,))


def _with_slots(settings: LoadSettings, n_slots: int) -> LoadSettings:
    """The same load with fewer slots, each as large as before."""
    n_ctx = settings.n_ctx if settings.kv_unified else settings.n_ctx_per_slot * n_slots
    n_outputs_max = min(settings.n_outputs_max, n_slots)
    if settings.n_outputs_max > settings.n_seq_max:
        n_outputs_max = settings.n_outputs_max
    return replace(settings, n_ctx=n_ctx, n_seq_max=n_slots, n_outputs_max=n_outputs_max)


def _scaled(one: Buffers, some: Buffers, n_some: int, n_slots: int) -> Buffers:
    """The straight line through one slot and `n_some` slots, at `n_slots`."""

    def line(at_one: int, at_some: int) -> int:
        return at_some + (at_some - at_one) * (n_slots - n_some) // (n_some - 1)

    return replace(
        some,
        kv_cache_bytes=line(one.kv_cache_bytes, some.kv_cache_bytes),
        recurrent_state_bytes=line(one.recurrent_state_bytes, some.recurrent_state_bytes),
        compute_bytes=line(one.compute_bytes, some.compute_bytes),
        output_bytes=line(one.output_bytes, some.output_bytes),
    )
