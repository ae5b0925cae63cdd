from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.basis import Basis
from advisor.engine import dry_run as module
from advisor.engine.client import EngineClient
from advisor.engine.dry_run import DryRun, dry_run
from advisor.engine.launch import Launch
from advisor.engine.protocol import BufferBytes, ContextAnswer, OpenedModel, OpenModel
from advisor.errors import EngineMissing, EngineRefused
from advisor.gguf.reader import read_header
from advisor.memory.plan import Buffers
from advisor.model.build import facts as read_facts
from advisor.model.facts import Attention, Layer, ModelFacts, Recurrence
from advisor.settings.load_settings import LoadSettings
from advisor.units import KiB, MiB
from tests.support.engines import patched
from tests.support.gguf_bytes import HEADS, expand_head

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

    def open(self, request: OpenModel) -> OpenedModel:
        self.opened.append(request)
        return OpenedModel(1, 4096, 128, False, self.is_hybrid, 0, 0, False, 0.0, (), {})

    def context(self, settings: LoadSettings) -> ContextAnswer:
        self.asked.append(settings)
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
        def context(self, settings: LoadSettings) -> ContextAnswer:
            answer = super().context(settings)
            return replace(answer, buffers=(BufferBytes("CPU", "CPU", 0, 2**60, 0),))

    answer = _run(Contradicting())
    assert answer.basis is Basis.ENGINE_LOG
    assert answer.buffers[0].kv_cache_bytes == 4 * MiB


# ---- the engine itself ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineClient]:
    with EngineClient() as client:
        client.hello()
        yield client


def _head(name: str, directory: Path) -> ModelFacts:
    return read_facts(read_header(expand_head(name, directory)))


NAMES = sorted(path.name.removesuffix(".head.gz") for path in HEADS.glob("*.head.gz"))


@pytest.mark.engine
@pytest.mark.parametrize("name", NAMES)
def test_every_architecture_is_answered_to_the_byte_or_refused_plainly(
    engine: EngineClient, tmp_path: Path, name: str
) -> None:
    facts = _head(name, tmp_path)
    for n_ctx in (256, 4096, 131_072):
        if 0 < facts.n_position_rows < n_ctx:
            with pytest.raises(EngineRefused, match="positions"):
                dry_run(engine, facts, LoadSettings(n_ctx=n_ctx))
            continue
        answer = dry_run(engine, facts, LoadSettings(n_ctx=n_ctx))
        assert answer.basis is Basis.ENGINE
        assert answer.n_ctx == n_ctx
        (cpu,) = answer.buffers
        assert cpu.weights_bytes == pytest.approx(facts.weights_bytes, rel=0.01)
        assert cpu.compute_bytes > 0
        assert (cpu.kv_cache_bytes > 0) == any(layer.attention for layer in facts.layers if facts.has_cache)
        assert (cpu.recurrent_state_bytes > 0) == any(layer.recurrence for layer in facts.layers)


@pytest.mark.engine
@pytest.mark.parametrize(
    "name", ["llama-moe", "gemma3-dense", "deepseek32-moe", "lfm2moe-moe", "mamba2-dense"]
)
def test_the_sizes_are_the_same_without_the_vocabulary(
    engine: EngineClient, tmp_path: Path, name: str
) -> None:
    facts = _head(name, tmp_path)
    request = OpenModel(path=str(facts.path), architecture=facts.architecture, n_vocab=facts.n_vocab)
    assert not engine.open(request).with_vocabulary
    without = engine.context(SETTINGS)
    assert engine.open(OpenModel(path=str(facts.path))).with_vocabulary
    assert engine.context(SETTINGS).buffers == without.buffers


@pytest.mark.engine
def test_a_plain_cache_is_what_the_arithmetic_says(engine: EngineClient, tmp_path: Path) -> None:
    facts = _head("llama-moe", tmp_path)
    attentions = [layer.attention for layer in facts.layers if layer.attention]
    elements = sum(a.head_count_kv * (a.key_length + a.value_length) for a in attentions)
    for cache_type, bits in (
        ("f16", 16),
        ("bf16", 16),
        ("f32", 32),
        ("q8_0", 8.5),
        ("q4_0", 4.5),
        ("iq4_nl", 4.5),
    ):
        settings = replace(SETTINGS, cache_type_k=cache_type, cache_type_v=cache_type)
        assert dry_run(engine, facts, settings).buffers[0].kv_cache_bytes == 4096 * elements * bits / 8


@pytest.mark.engine
@pytest.mark.parametrize("name", ["mamba2-dense", "qwen35-dense", "lfm2moe-moe", "nemotron_h_moe-dense"])
@pytest.mark.parametrize("kv_unified", [True, False])
def test_scaled_slots_are_close_to_real_ones(
    engine: EngineClient, tmp_path: Path, name: str, kv_unified: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = _head(name, tmp_path)
    settings = LoadSettings(n_ctx=4096, n_seq_max=4, n_outputs_max=4, kv_unified=kv_unified)
    (real,) = dry_run(engine, facts, settings).buffers
    monkeypatch.setattr(module, "STATE_BYTES", 0)
    answer = dry_run(engine, facts, settings)
    (scaled,) = answer.buffers
    assert answer.notes
    assert replace(scaled, compute_bytes=0) == replace(real, compute_bytes=0)
    assert scaled.compute_bytes == pytest.approx(real.compute_bytes, rel=0.1)


@pytest.mark.engine
@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("laguna-moe", {"cache_type_k": "q8_0", "cache_type_v": "q8_0"}, "cache-type-refused"),
        ("llama-moe", {"cache_type_v": "q8_0", "flash_attn": "off"}, "cache-type-refused"),
        ("llama-moe", {"cache_type_k": "q4_K"}, "engine-request"),
        ("llama-moe", {"n_ctx": 2**30}, "engine-request"),
        ("llama-moe", {"n_seq_max": 4}, "engine-request"),
        ("llama-moe", {"flash_attn": "perhaps"}, "engine-request"),
        ("llama-moe", {"split_mode": "in two"}, "engine-request"),
        ("llama-moe", {"override_tensor": (("exps", "CUDA0"),)}, "engine-request"),
        ("llama-moe", {"override_tensor": (("(", "CPU"),)}, "engine-refused"),
        ("llama-moe", {"tensor_split": (1.0,) * 100}, "engine-request"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    engine: EngineClient, tmp_path: Path, name: str, change: dict[str, Any], code: str
) -> None:
    facts = _head(name, tmp_path)
    with pytest.raises(EngineRefused) as raised:
        dry_run(engine, facts, replace(SETTINGS, **change))
    assert raised.value.code == code
    assert dry_run(engine, facts, SETTINGS).basis is Basis.ENGINE


@pytest.mark.engine
def test_experts_can_be_kept_on_the_host(engine: EngineClient, tmp_path: Path) -> None:
    facts = _head("llama-moe", tmp_path)
    plain = dry_run(engine, facts, SETTINGS)
    settings = replace(SETTINGS, n_cpu_moe=1, override_tensor=(("output", "CPU"),))
    assert dry_run(engine, facts, settings).buffers == plain.buffers


@pytest.mark.engine
def test_the_cpu_can_be_asked_for_alone_and_an_unknown_device_is_refused(
    engine: EngineClient, tmp_path: Path
) -> None:
    facts = _head("llama-moe", tmp_path)
    assert dry_run(engine, facts, SETTINGS, devices=()).buffers == dry_run(engine, facts, SETTINGS).buffers
    with pytest.raises(EngineRefused, match="CUDA7"):
        dry_run(engine, facts, SETTINGS, devices=("CUDA7",))


@pytest.mark.engine
@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model", b"GGUF\3\0\0\0" + b"\xff" * 100])
def test_a_file_that_is_no_model_is_refused(engine: EngineClient, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(content)
    with pytest.raises(EngineRefused) as raised:
        dry_run(engine, replace(FACTS, path=file), SETTINGS)
    assert raised.value.message.startswith("llama.cpp refuses")


@pytest.mark.engine
def test_a_truncated_model_and_an_unknown_architecture_are_named(
    engine: EngineClient, tmp_path: Path
) -> None:
    facts = _head("llama-moe", tmp_path)
    assert facts.path is not None
    content = facts.path.read_bytes()
    facts.path.write_bytes(content[:-4096])
    with pytest.raises(EngineRefused) as raised:
        dry_run(engine, facts, SETTINGS)
    assert raised.value.code == "model-truncated"
    facts.path.write_bytes(content.replace(b"llama", b"xyzab"))
    with pytest.raises(EngineRefused, match="xyzab") as raised:
        dry_run(engine, facts, SETTINGS)
    assert raised.value.code == "unknown-architecture"


@pytest.mark.engine
@pytest.mark.parametrize("name", ["llama-moe", "gemma3-dense", "qwen35-dense", "mamba2-dense"])
def test_without_a_breakdown_the_log_says_nearly_the_same(
    engine: EngineClient, tmp_path: Path, name: str
) -> None:
    facts = _head(name, tmp_path)
    (exact,) = dry_run(engine, facts, SETTINGS).buffers
    with EngineClient(patched(tmp_path, "worker.breakdown.LAYOUTS.clear()")) as client:
        assert not client.hello().has_breakdown
        answer = dry_run(client, facts, SETTINGS)
    (logged,) = answer.buffers
    assert answer.basis is Basis.ENGINE_LOG
    assert logged.weights_bytes == pytest.approx(exact.weights_bytes, abs=4 * KiB)
    assert logged.output_bytes == exact.output_bytes
    for name_ in ("kv_cache_bytes", "recurrent_state_bytes", "compute_bytes"):
        assert getattr(logged, name_) == pytest.approx(getattr(exact, name_), abs=11 * KiB)


@pytest.mark.engine
def test_a_cap_on_memory_is_a_refusal(tmp_path: Path) -> None:
    facts = _head("mamba2-dense", tmp_path)
    with EngineClient(allowance_bytes=32 * MiB) as client:
        assert dry_run(client, facts, SETTINGS).basis is Basis.ENGINE
        many = replace(SETTINGS, n_seq_max=256, n_outputs_max=256)
        with pytest.raises(EngineRefused) as raised:
            dry_run(client, facts, many)
        assert raised.value.code == "engine-out-of-memory"


@pytest.mark.engine
def test_the_engine_says_who_it_is(engine: EngineClient) -> None:
    info = engine.hello()
    assert info.unfit is None
    assert "CPU" in info.backends
    assert info.devices[-1].type == "cpu"
    assert info.devices[-1].total_bytes > 0
    assert info.executable == sys.executable
    assert info.binding
    assert Path(info.library).is_file()


@pytest.mark.engine
def test_another_library_is_loaded_from_its_folder(engine: EngineClient, tmp_path: Path) -> None:
    folder = tmp_path / "lib"
    folder.symlink_to(Path(engine.hello().library).parent)
    with EngineClient(Launch(library_dir=folder)) as client:
        assert Path(client.hello().library).parent == folder
    (tmp_path / "empty").mkdir()
    with EngineClient(Launch(library_dir=tmp_path / "empty")) as client, pytest.raises(EngineMissing):
        client.hello()


@pytest.mark.engine
def test_a_backend_library_that_cannot_be_loaded_is_noted(tmp_path: Path) -> None:
    launch = Launch(environment={"GGML_BACKEND_PATH": str(tmp_path / "libggml-none.so")})
    with EngineClient(launch) as client:
        (note,) = client.hello().notes
    assert "libggml-none.so" in note
