"""What companions take, where, and what a plan makes of it; files are built in memory."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.basis import Basis
from advisor.errors import SettingsError
from advisor.memory.companions import (
    CompanionFormula,
    Companions,
    Draft,
    draft_settings,
    mtp_note,
    nearby_note,
)
from advisor.memory.formula import Formula
from advisor.memory.plan import Companion, CompanionKind, Target
from advisor.model.adapter import AdapterPair, read_adapter
from advisor.model.facts import ModelFacts, Role
from advisor.model.projector import Projector, read_projector
from advisor.model.read import read_model
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB, MiB
from tests.support.companion_files import adapter, projector, query_adapter
from tests.support.planning import a_model
from tests.support.shapes import write_shape

RAM_ONLY = (Target("CPU", "CPU"),)
ONE_GPU = (Target("CUDA0", "CUDA"), *RAM_ONLY)
TWO_GPUS = (Target("CUDA0", "CUDA", GiB), Target("CUDA1", "CUDA", GiB), *RAM_ONLY)
SETTINGS = LoadSettings(n_ctx=8192, n_gpu_layers=17)
A_PROJECTOR = Projector(Path("mmproj.gguf"), weights_bytes=800 * MiB, file_bytes=801 * MiB)
# A row of A and a column of B for each of 2,048 inputs and outputs, rank 8, in f32.
BYTES_PER_LAYER = 2 * 8 * 2048 * 4


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> ModelFacts:
    """Llama 3.2 1B: 16 blocks, 2,048 wide, a tied output."""
    return read_model(write_shape("llama-3.2-1b", tmp_path_factory.mktemp("llama")))


@pytest.fixture(scope="module")
def queries(llama: ModelFacts, tmp_path_factory: pytest.TempPathFactory) -> Companions:
    path = query_adapter(llama.n_layer, llama.n_embd).write(tmp_path_factory.mktemp("lora") / "q.gguf")
    return Companions(adapters=(read_adapter(path),))


def by_device(found: tuple[Companion, ...]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for companion in found:
        sums[companion.device] = sums.get(companion.device, 0) + companion.n_bytes
    return sums


@pytest.mark.parametrize(
    ("changed", "architecture", "finding"),
    [
        ({"blk.0.attn_q.weight": (2048, 2048)}, "qwen3", "made for the architecture qwen3"),
        ({"blk.0.attn_q.weight": (2048, 2048)}, "", "made for the architecture nothing it names"),
        ({"blk.16.attn_q.weight": (2048, 2048)}, "llama", 'changes "blk.16.attn_q.weight"'),
        ({"blk.0.attn_q.weight": (4096, 2048)}, "llama", "of another size"),
        ({"blk.0.attn_q.weight": (2048, 1024)}, "llama", "of another size"),
    ],
)
def test_an_adapter_of_another_model_is_refused(
    changed: dict[str, tuple[int, int]], architecture: str, finding: str, llama: ModelFacts, tmp_path: Path
) -> None:
    path = adapter(changed, architecture=architecture).write(tmp_path / "adapter.gguf")
    with pytest.raises(SettingsError) as caught:
        CompanionFormula(Companions(adapters=(read_adapter(path),)), llama, ONE_GPU)
    assert caught.value.option == "--lora"
    assert finding in caught.value.message


def test_an_adapter_that_is_not_transposed_is_refused(llama: ModelFacts, queries: Companions) -> None:
    pair = queries.adapters[0].pairs[0]
    turned = AdapterPair(pair.of, pair.a, replace(pair.b, dims=(16, 2048)))
    wrong = Companions(adapters=(replace(queries.adapters[0], pairs=(turned,)),))
    with pytest.raises(SettingsError, match="another size"):
        CompanionFormula(wrong, llama, ONE_GPU)


@pytest.mark.parametrize("silent", [{"is_encoder": True}, {"has_cache": False}])
def test_what_does_not_write_cannot_draft(silent: dict[str, bool], llama: ModelFacts) -> None:
    with pytest.raises(SettingsError) as caught:
        CompanionFormula(Companions(draft=Draft(replace(llama, **silent))), llama, ONE_GPU)
    assert caught.value.option == "--model-draft"


def test_a_cache_type_that_the_draft_cannot_have_names_the_drafts_option(llama: ModelFacts) -> None:
    company = CompanionFormula(Companions(draft=Draft(llama, cache_type_v="q8_0")), llama, RAM_ONLY)
    with pytest.raises(SettingsError) as caught:
        company.companions(replace(SETTINGS, flash_attn="off"))
    assert caught.value.option == "--cache-type-v-draft"
    assert caught.value.message == "--cache-type-v-draft: a q8_0 V cache needs flash attention."


def test_nothing_given_is_nothing_counted(llama: ModelFacts) -> None:
    company = CompanionFormula(Companions(), llama, ONE_GPU)
    assert company.companions(SETTINGS) == ()
    assert company.notes(SETTINGS) == ()
    assert company.as_loaded(SETTINGS) == SETTINGS


@pytest.mark.parametrize(("targets", "device"), [(RAM_ONLY, "CPU"), (ONE_GPU, "CUDA0"), (TWO_GPUS, "CUDA0")])
def test_a_projector_lies_on_the_first_gpu_wherever_the_layers_are(
    targets: tuple[Target, ...], device: str, llama: ModelFacts
) -> None:
    company = CompanionFormula(Companions(projector=A_PROJECTOR), llama, targets)
    for settings in (SETTINGS, replace(SETTINGS, n_gpu_layers=0)):
        weights, compute = company.companions(settings)
        assert (weights.device, compute.device) == (device, device)
        assert (weights.n_bytes, weights.basis) == (800 * MiB, Basis.FORMULA)
        assert (compute.n_bytes, compute.basis) == (801 * MiB * 6 // 10, Basis.ASSUMED)


def test_a_projector_is_never_expected_to_take_less_than_was_seen(llama: ModelFacts) -> None:
    seen = Projector(Path("mmproj.gguf"), weights_bytes=884 * MiB, file_bytes=884 * MiB)
    found = by_device(CompanionFormula(Companions(projector=seen), llama, ONE_GPU).companions(SETTINGS))
    assert found["CUDA0"] >= 1158 * MiB  # published for a file of this size
    assert found["CUDA0"] >= 1.55 * 884 * MiB  # Qwen2.5-VL, by llama.cpp's own dry run


def test_a_draft_has_the_models_context_and_all_else_of_its_own(llama: ModelFacts) -> None:
    settings = replace(
        SETTINGS,
        cache_type_k="q8_0",
        cache_type_v="q8_0",
        n_gpu_layers=0,
        n_cpu_moe=3,
        override_tensor=(("ffn", "CPU"),),
        n_seq_max=2,
        n_outputs_max=512,
    )
    load = draft_settings(Draft(llama), settings)
    assert (load.n_ctx, load.n_seq_max, load.n_outputs_max) == (8192, 2, 2)
    assert (load.cache_type_k, load.cache_type_v, load.n_gpu_layers) == ("f16", "f16", 17)
    assert (load.n_cpu_moe, load.override_tensor) == (0, ())
    assert draft_settings(Draft(llama, "q8_0", "q4_0", 5), settings).n_gpu_layers == 5
    assert draft_settings(Draft(llama, n_gpu_layers=99), settings).n_gpu_layers == 17


@pytest.mark.parametrize("targets", [RAM_ONLY, ONE_GPU, TWO_GPUS])
def test_a_draft_takes_what_it_would_take_alone(targets: tuple[Target, ...], llama: ModelFacts) -> None:
    draft = Draft(llama, n_gpu_layers=9)
    found = CompanionFormula(Companions(draft=draft), a_model(), targets).companions(SETTINGS)
    alone = Formula(llama, targets).buffers(draft_settings(draft, SETTINGS))
    assert by_device(found) == {b.device: b.total_bytes for b in alone if b.total_bytes}
    assert sum(it.mapped_file_bytes for it in found) == sum(b.mapped_file_bytes for b in alone) > 0
    assert all("KV cache" in it.reason for it in found)
    assert "8,192 tokens, f16/f16" in found[0].reason


def test_an_adapter_lies_with_the_layers_that_it_changes(llama: ModelFacts, queries: Companions) -> None:
    company = CompanionFormula(queries, llama, TWO_GPUS)
    assert by_device(company.companions(SETTINGS)) == {
        "CUDA0": 9 * BYTES_PER_LAYER,  # of 17 layers the first card has 9, the second 7 and the output
        "CUDA1": 7 * BYTES_PER_LAYER,
    }
    half = by_device(company.companions(replace(SETTINGS, n_gpu_layers=9)))
    assert half == {
        "CUDA0": 5 * BYTES_PER_LAYER,
        "CUDA1": 3 * BYTES_PER_LAYER,
        "CPU": 8 * BYTES_PER_LAYER,
    }


def test_an_adapter_follows_an_overridden_weight(llama: ModelFacts, queries: Companions) -> None:
    moved = replace(SETTINGS, override_tensor=((r"blk\.[0-3]\.attn_q\.weight$", "CPU"),))
    found = by_device(CompanionFormula(queries, llama, ONE_GPU).companions(moved))
    assert found == {"CUDA0": 12 * BYTES_PER_LAYER, "CPU": 4 * BYTES_PER_LAYER}


def test_an_adapter_of_a_tied_embedding_is_kept_once(llama: ModelFacts, tmp_path: Path) -> None:
    changed = {"token_embd.weight": (llama.n_embd, llama.n_vocab)}
    given = Companions(adapters=(read_adapter(adapter(changed).write(tmp_path / "e.gguf")),))
    found = by_device(CompanionFormula(given, llama, ONE_GPU).companions(SETTINGS))
    assert found == {"CPU": 8 * 4 * (llama.n_embd + llama.n_vocab)}


@given(n_gpu_layers=st.integers(0, 40), cards=st.sampled_from([RAM_ONLY, ONE_GPU, TWO_GPUS]))
def test_no_byte_of_an_adapter_is_lost_or_counted_twice(
    n_gpu_layers: int, cards: tuple[Target, ...], llama: ModelFacts, queries: Companions
) -> None:
    found = CompanionFormula(queries, llama, cards).companions(replace(SETTINGS, n_gpu_layers=n_gpu_layers))
    assert sum(it.n_bytes for it in found) == 16 * BYTES_PER_LAYER
    assert not any(it.mapped_file_bytes for it in found)


def test_only_llama_cpp_python_stops_mapping_for_an_adapter(llama: ModelFacts, queries: Companions) -> None:
    company = CompanionFormula(queries, llama, RAM_ONLY)
    in_python = replace(SETTINGS, runtime="llama-cpp-python")
    assert not company.as_loaded(in_python).use_mmap
    assert [note.code for note in company.notes(in_python)] == ["adapter-unmaps"]
    assert company.as_loaded(SETTINGS).use_mmap
    assert company.notes(SETTINGS) == ()
    assert CompanionFormula(Companions(), llama, RAM_ONLY).as_loaded(in_python).use_mmap


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"n_vocab": 128256 + 128}, []),
        ({"n_vocab": 128256 + 129}, ["draft-vocabulary"]),
        ({"n_ctx_train": 2048}, ["draft-context"]),
        ({"architecture": "eagle3", "n_vocab": 0}, ["draft-unverified"]),
    ],
)
def test_what_speaks_against_a_draft_is_said(
    changes: dict[str, object], codes: list[str], llama: ModelFacts
) -> None:
    given = Companions(draft=Draft(replace(llama, **changes)))
    assert [note.code for note in CompanionFormula(given, llama, RAM_ONLY).notes(SETTINGS)] == codes


def test_blocks_for_prediction_are_said_with_their_bytes(llama: ModelFacts, tmp_path: Path) -> None:
    facts = read_model(write_shape("qwen3.5-like", tmp_path))
    skipped = sum(weight.n_bytes for weight in facts.weights if weight.role is Role.SKIPPED)
    assert skipped > 100 * MiB
    note = mtp_note(facts)
    assert note is not None
    assert (note.code, f"{skipped / MiB:.1f} MiB" in note.text) == ("prediction-blocks", True)
    assert CompanionFormula(Companions(), facts, ONE_GPU).notes(SETTINGS) == (note,)
    assert mtp_note(llama) is None


def test_the_smallest_projector_nearby_is_named_with_what_it_would_take() -> None:
    assert nearby_note(()) is None
    larger = replace(A_PROJECTOR, path=Path("mmproj-F32.gguf"), weights_bytes=GiB)
    note = nearby_note((A_PROJECTOR, larger))
    assert note is not None
    assert note.code == "projector-nearby"
    assert "mmproj.gguf, the smallest of 2, takes about 1.3 GiB more" in note.text
    assert '--mmproj "mmproj.gguf"' in note.text


def test_a_projector_read_from_a_file_is_counted(llama: ModelFacts, tmp_path: Path) -> None:
    given = Companions(projector=read_projector(projector().write(tmp_path / "mmproj.gguf")))
    weights, _ = CompanionFormula(given, llama, ONE_GPU).companions(SETTINGS)
    assert weights.n_bytes == 2 * 64 * (14 * 14 * 3 + 2 * 4 * 64)
    assert (weights.kind, weights.name) == (CompanionKind.PROJECTOR, "mmproj.gguf")
