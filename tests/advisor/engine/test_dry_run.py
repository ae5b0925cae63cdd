"""What is asked for one plan, and what is made of the answers; the client is made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.basis import Basis
from advisor.engine.cache_tensors import CacheTensor
from advisor.engine.dry_run import DryRun, dry_run
from advisor.engine.protocol import BufferBytes, ContextAnswer, OpenedModel, OpenModel
from advisor.errors import EngineRefused
from advisor.memory.plan import Buffers
from advisor.model.facts import Attention, Layer, ModelFacts, Recurrence
from advisor.settings.load_settings import LoadSettings
from advisor.units import KiB, MiB

SETTINGS = LoadSettings(n_ctx=4096)
STATE_BYTES = 100 * MiB
FACTS = ModelFacts(
    path=Path("model.gguf"),
    shards=(),
    name="A model",
    architecture="mamba2",
    quantization="F16",
    n_layer=1,
    n_layer_all=1,
    n_ctx_train=4096,
    n_embd=64,
    n_vocab=262_144,
    n_expert=0,
    layers=(Layer(0, Attention(1, 1, 64, 64), Recurrence(0, STATE_BYTES // 4), 0, 0),),
    weights=(),
    file_bytes=0,
    n_params=0,
)


class Client:
    """A hybrid model: STATE_BYTES and 10 MiB of compute a slot beside 50 MiB; 1 KiB of KV cache a token."""

    def __init__(self, *, is_hybrid: bool = True) -> None:
        self.is_hybrid = is_hybrid
        self.opened: list[OpenModel] = []
        self.asked: list[LoadSettings] = []
        self.placement: tuple[str, ...] = ()
        self.checked: list[tuple[CacheTensor, ...]] = []

    def open(self, request: OpenModel) -> OpenedModel:
        self.opened.append(request)
        return OpenedModel(1, 4096, 128, False, self.is_hybrid, 0, 0, False, 0.0, self.placement, {})

    def context(self, settings: LoadSettings, cache: tuple[CacheTensor, ...] = ()) -> ContextAnswer:
        self.asked.append(settings)
        self.checked.append(cache)
        slots, kv = settings.n_seq_max, settings.n_ctx * KiB
        state, compute = slots * STATE_BYTES, (50 + 10 * slots) * MiB
        lines = (
            f"llama_context:        CPU  output buffer size = {slots:8.2f} MiB",
            f"llama_kv_cache: size = {kv / MiB:7.2f} MiB (  4096 cells",
            f"llama_memory_recurrent:        CPU RS buffer size = {state / MiB:8.2f} MiB",
            f"sched_reserve:        CPU compute buffer size = {compute / MiB:8.2f} MiB",
            "resolve_fused_ops: Flash Attention enabled",
        )
        buffers = (BufferBytes("CPU", "CPU", 7 * MiB, state + kv, compute),)
        return ContextAnswer(settings.n_ctx, settings.n_ctx_per_slot, 1, 1, slots, buffers, lines, 0.0)


def _run(client: Any, settings: LoadSettings = SETTINGS, facts: ModelFacts = FACTS) -> DryRun:
    return dry_run(client, facts, settings)


def test_a_model_without_a_file_is_not_for_the_engine() -> None:
    client = Client()
    with pytest.raises(EngineRefused) as raised:
        _run(client, facts=replace(FACTS, path=None))
    assert raised.value.code == "no-file"
    assert not client.opened


def test_a_context_above_the_position_table_is_not_asked_for() -> None:
    client = Client()
    facts = replace(FACTS, n_position_rows=4096)
    with pytest.raises(EngineRefused) as raised:
        _run(client, SETTINGS.with_n_ctx(4097), facts)
    assert raised.value.code == "above-position-table"
    assert not client.asked
    assert _run(client, SETTINGS, facts).n_ctx == 4096


def test_several_slots_share_the_position_table_only_when_unified() -> None:
    facts = replace(FACTS, n_position_rows=4096)
    split = LoadSettings(n_ctx=8192, n_seq_max=2, n_outputs_max=2, kv_unified=False)
    assert _run(Client(), split, facts).n_ctx == 8192
    with pytest.raises(EngineRefused):
        _run(Client(), replace(split, kv_unified=True), facts)


def test_the_model_is_opened_as_the_settings_place_it() -> None:
    client: Any = Client(is_hybrid=False)
    settings = LoadSettings(
        n_ctx=4096,
        n_gpu_layers=3,
        n_cpu_moe=2,
        override_tensor=(("a", "CPU"),),
        tensor_split=(1.0, 2.0),
        split_mode="row",
        main_gpu=1,
    )
    dry_run(client, FACTS, settings, devices=("CUDA1",))
    assert client.opened == [
        OpenModel(
            path=str(Path("model.gguf").absolute()),
            n_gpu_layers=3,
            n_cpu_moe=2,
            override_tensor=(("a", "CPU"),),
            tensor_split=(1.0, 2.0),
            split_mode="row",
            main_gpu=1,
            devices=("CUDA1",),
            architecture="mamba2",
            n_vocab=262_144,
        )
    ]


def test_a_device_is_asked_about_what_the_engine_placed_there() -> None:
    client = Client(is_hybrid=False)
    _run(client)
    client.placement = ("load_tensors: layer   0 assigned to device CUDA1, is_swa = 0",)
    _run(client)
    assert client.checked == [(), (CacheTensor("cache_k_l0", "CUDA1", "f16", 64, 4096, 512),)]


def test_one_slot_is_one_question() -> None:
    client = Client()
    answer = _run(client)
    assert client.asked == [SETTINGS]
    assert answer == DryRun(
        buffers=(
            Buffers(
                "CPU",
                weights_bytes=7 * MiB,
                kv_cache_bytes=4 * MiB,
                recurrent_state_bytes=STATE_BYTES,
                compute_bytes=60 * MiB,
                output_bytes=MiB,
                mapped_file_bytes=7 * MiB,
            ),
        ),
        basis=Basis.ENGINE,
        n_ctx=4096,
        flash_attn="on",
    )


def test_slots_of_a_plain_model_are_asked_for_directly() -> None:
    client = Client(is_hybrid=False)
    settings = replace(SETTINGS, n_seq_max=64, n_outputs_max=64)
    assert not _run(client, settings).notes
    assert client.asked == [settings]


def test_few_slots_of_state_are_asked_for_directly() -> None:
    client = Client()
    settings = replace(SETTINGS, n_seq_max=5, n_outputs_max=5)
    answer = _run(client, settings)
    assert [asked.n_seq_max for asked in client.asked] == [1, 5]
    assert client.asked[-1] == settings
    assert answer.buffers[0].recurrent_state_bytes == 5 * STATE_BYTES
    assert not answer.notes


@pytest.mark.parametrize("kv_unified", [True, False])
def test_many_slots_of_state_are_scaled_from_few(kv_unified: bool) -> None:
    client = Client()
    settings = LoadSettings(n_ctx=64 * 256, n_seq_max=64, n_outputs_max=64, kv_unified=kv_unified)
    answer = _run(client, settings)
    assert [asked.n_seq_max for asked in client.asked] == [1, 5]
    assert [asked.n_outputs_max for asked in client.asked] == [1, 5]
    assert [asked.n_ctx_per_slot for asked in client.asked] == [settings.n_ctx_per_slot] * 2
    assert answer.n_ctx == settings.n_ctx
    assert answer.buffers == (
        Buffers(
            "CPU",
            weights_bytes=7 * MiB,
            kv_cache_bytes=16 * MiB,
            recurrent_state_bytes=64 * STATE_BYTES,
            compute_bytes=690 * MiB,
            output_bytes=64 * MiB,
            mapped_file_bytes=7 * MiB,
        ),
    )
    assert [note.code for note in answer.notes] == ["scaled-by-slots"]


def test_a_breakdown_that_the_log_contradicts_is_not_used() -> None:
    class Contradicting(Client):
        def context(self, settings: LoadSettings, cache: tuple[CacheTensor, ...] = ()) -> ContextAnswer:
            answer = super().context(settings, cache)
            return replace(answer, buffers=(BufferBytes("CPU", "CPU", 0, 2**60, 0),))

    answer = _run(Contradicting())
    assert answer.basis is Basis.ENGINE_LOG
    assert answer.buffers[0].kv_cache_bytes == 4 * MiB
