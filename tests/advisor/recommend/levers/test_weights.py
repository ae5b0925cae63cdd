"""A smaller quantization: its size is that of the preset in that quantization, its lever an estimate."""

import pytest

from advisor.hardware.device import Hardware
from advisor.hardware.what_if import what_if
from advisor.model.build import facts as read_facts
from advisor.model.presets import preset_header
from advisor.recommend.levers.weights import OFFERED, quantized
from advisor.recommend.planner import Planner
from advisor.recommend.row import largest_row
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.lever_ground import levers_of
from tests.support.planning import a_model, ram

CARD = what_if(Hardware((ram(64 * GiB),)), gpus=("GeForce RTX 4070",))
KINDS = ("llama-3.1-8b", "llama-3.1-70b", "qwen3-30b-a3b", "mixtral-8x7b", "gemma-3-12b", "qwen3.5-9b")


def codes(name: str, quantization: str) -> list[str]:
    found = levers_of(read_facts(preset_header(name, quantization)), CARD, Request())
    return [code for code in found if code.startswith("quantization")]


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("quantization", OFFERED)
def test_the_size_is_that_of_the_file_in_that_quantization(name: str, quantization: str) -> None:
    large, small = (read_facts(preset_header(name, word)) for word in ("Q8_0", quantization))
    found = quantized(large, quantization)
    assert found.weights_bytes == small.weights_bytes
    assert [weight.ggml_type for weight in found.weights] == [weight.ggml_type for weight in small.weights]
    assert (found.quantization, abs(found.file_bytes - small.file_bytes) < 65536) == (quantization, True)


def test_a_small_one_is_not_made_smaller() -> None:
    assert codes("llama-3.1-8b", "Q4_K_M") == []
    assert codes("llama-3.1-8b", "Q3_K_M") == []


def test_the_next_and_the_smallest_are_offered() -> None:
    assert codes("llama-3.1-8b", "Q8_0") == ["quantization-Q4_K_M", "quantization-Q6_K"]
    assert codes("llama-3.1-8b", "Q5_K_M") == ["quantization-Q4_K_M"]


def test_it_holds_as_much_as_the_other_file_would() -> None:
    large, small = (read_facts(preset_header("llama-3.1-8b", word)) for word in ("Q8_0", "Q4_K_M"))
    lever = levers_of(large, CARD, Request())["quantization-Q4_K_M"]
    before, after = (
        largest_row(Request(), facts, Planner(facts, CARD)).n_ctx_max for facts in (large, small)
    )
    assert lever.gain_tokens == after - before > 0
    assert lever.gain_bytes == large.weights_bytes - small.weights_bytes
    assert "an estimate" in lever.detail
    assert lever.title == "A smaller quantization (Q4_K_M)"
    assert lever.request is None


def test_a_model_of_unknown_weights_has_no_such_lever() -> None:
    found = levers_of(a_model(), Hardware((ram(GiB),)), Request())
    assert found
    assert not [code for code in found if code.startswith("quantization")]
