from dataclasses import replace
from pathlib import Path

import pytest

from advisor.hardware.device import Hardware
from advisor.model.facts import ModelFacts
from advisor.recommend.planner import Planner
from advisor.recommend.programs.fitting import left_of_margin
from advisor.recommend.programs.left_open import decided
from advisor.settings.pasted.reading import read_pasted
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import GiB
from tests.support.planning import gpu, ram
from tests.support.small_models import small_llama


@pytest.fixture
def dense(tmp_path: Path) -> ModelFacts:
    return small_llama(tmp_path / "dense.gguf", n_layer=16, n_ff=32768)


@pytest.fixture
def experts(tmp_path: Path) -> ModelFacts:
    return small_llama(tmp_path / "experts.gguf", n_layer=16, n_ff=8192, n_expert=16)


def made(text: str, facts: ModelFacts, hardware: Hardware) -> tuple[Request, set[str], Planner]:
    pasted = read_pasted(text)
    planner = Planner(facts, hardware)
    request, notes = decided(pasted, pasted.request_for(facts), facts, hardware, planner)
    return request, {note.code for note in notes}, planner


def small_card(gib: float) -> Hardware:
    return Hardware((gpu(round(gib * GiB), reserve_bytes=0), ram(64 * GiB)))


def test_the_context_is_lowered_until_the_margin_is_free(dense: ModelFacts) -> None:
    hardware = small_card(10)
    request, codes, planner = made("llama-server -m x -np 1", dense, hardware)
    assert codes == {"context-by-runtime"}
    assert 4096 < (request.n_ctx or 0) < dense.n_ctx_train
    assert left_of_margin(planner.estimate(resolve(request, dense))) >= 0
    more = replace(request, n_ctx=(request.n_ctx or 0) + 256)
    assert left_of_margin(planner.estimate(resolve(more, dense))) < 0


def test_then_layers_go_to_the_cpu_and_no_more_than_must(dense: ModelFacts) -> None:
    request, codes, planner = made("llama-server -m x -np 1 -c 65536", dense, small_card(6))
    assert codes == {"layers-by-runtime"}
    layers = request.n_gpu_layers or 0
    assert 0 < layers < dense.all_gpu_layers
    assert left_of_margin(planner.estimate(resolve(request, dense))) >= 0
    assert left_of_margin(planner.estimate(resolve(replace(request, n_gpu_layers=layers + 1), dense))) < 0


def test_experts_go_before_layers(experts: ModelFacts) -> None:
    request, codes, planner = made("llama-server -m x -np 1 -c 4096", experts, small_card(6))
    assert codes == {"layers-by-runtime"}
    assert request.n_gpu_layers is None
    assert 0 < (request.n_cpu_moe or 0) < experts.n_layer_all
    assert left_of_margin(planner.estimate(resolve(request, experts))) >= 0


@pytest.mark.parametrize("words", ["-c 65536 -ngl 17", "-c 65536 -ts 1", "-c 65536 --fit off"])
def test_what_was_set_is_kept_even_if_it_does_not_fit(words: str, dense: ModelFacts) -> None:
    request, codes, _ = made(f"llama-server -m x -np 1 {words}", dense, small_card(6))
    assert codes == set()
    assert request.n_ctx == 65536


def test_what_leaves_the_margin_stays(dense: ModelFacts) -> None:
    request, codes, _ = made("llama-server -m x -np 1 -c 4096", dense, small_card(40))
    assert (request.n_gpu_layers, codes) == (None, set())


def test_ollama_takes_its_tier(dense: ModelFacts) -> None:
    assert made("FROM x", dense, small_card(8))[0].n_ctx == 4096
    assert made("FROM x", dense, small_card(24))[0].n_ctx == 32768
    assert made("FROM x\nPARAMETER num_ctx 2048", dense, small_card(24))[0].n_ctx == 2048
