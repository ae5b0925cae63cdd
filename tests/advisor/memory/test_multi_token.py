from dataclasses import replace

import pytest

from advisor.basis import Basis
from advisor.errors import SettingsError
from advisor.memory.formula import Formula
from advisor.memory.multi_token import Prediction, prediction_companions
from advisor.memory.plan import Companion, CompanionKind, Target
from advisor.model.facts import Layer, ModelFacts, Recurrence, Role, Weight
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB, MiB
from tests.support.planning import a_model

F32 = 0
RAM_ONLY = (Target("CPU", "CPU", GiB),)
WITH_GPU = (Target("CUDA0", "CUDA", GiB), *RAM_ONLY)
SETTINGS = LoadSettings(n_ctx=8192, n_gpu_layers=99)
ROW_BYTES = 2 * 8 * 128 * 2  # K and V of 8 heads of 128 in f16


def predicting(n_layer: int = 2) -> ModelFacts:
    """A model with one block more, which predicts and is not loaded by itself."""
    facts = a_model(n_layer=n_layer)
    block = Weight(f"blk.{n_layer}.nextn.weight", Role.SKIPPED, n_layer, (512, 512), F32, MiB)
    layers = (*facts.layers, Layer(n_layer, None, None, 0, 0))
    return replace(facts, n_layer_all=n_layer + 1, layers=layers, weights=(block,))


def asked(
    facts: ModelFacts,
    targets: tuple[Target, ...] = RAM_ONLY,
    settings: LoadSettings = SETTINGS,
    prediction: Prediction | None = None,
) -> list[Companion]:
    return list(prediction_companions(prediction or Prediction(2), facts, settings, targets))


def test_a_file_without_such_blocks_is_refused_by_the_options_name() -> None:
    with pytest.raises(SettingsError) as caught:
        asked(a_model())
    assert caught.value.option == "--mtp"


def test_weights_cache_and_a_buffer_of_its_own() -> None:
    facts = predicting()
    exact, compute = asked(facts)
    assert {exact.kind, compute.kind} == {CompanionKind.PREDICTION}
    assert (exact.n_bytes, exact.basis) == (MiB + 8192 * ROW_BYTES, Basis.FORMULA)
    own = Formula(facts, RAM_ONLY).buffers(SETTINGS)[-1].compute_bytes
    assert (compute.n_bytes, compute.basis) == (own, Basis.ASSUMED)


def test_its_cache_has_the_drafts_types() -> None:
    exact, _ = asked(predicting(), prediction=Prediction(2, "q8_0", "q8_0"))
    assert exact.n_bytes == MiB + 8192 * ROW_BYTES * 34 // 64


def test_it_lies_with_its_block_and_the_cache_follows_the_caches() -> None:
    on_gpu, _ = asked(predicting(), WITH_GPU)
    assert (on_gpu.device, on_gpu.n_bytes) == ("CUDA0", MiB + 8192 * ROW_BYTES)
    weights, _, cache = asked(predicting(), WITH_GPU, replace(SETTINGS, offload_kqv=False))
    assert (weights.device, weights.n_bytes) == ("CUDA0", MiB)
    assert (cache.device, cache.n_bytes) == ("CPU", 8192 * ROW_BYTES)
    alone = asked(predicting(), WITH_GPU, replace(SETTINGS, n_gpu_layers=0))
    assert {companion.device for companion in alone} == {"CPU"}


def test_recurrent_blocks_keep_a_state_for_every_drafted_token() -> None:
    facts = predicting()
    hybrid = replace(facts.layers[0], attention=None, recurrence=Recurrence(100, 1000))
    facts = replace(facts, layers=(hybrid, *facts.layers[1:]))
    two = asked(facts)[0].n_bytes
    three = asked(facts, prediction=Prediction(3))[0].n_bytes
    assert three - two == 1100 * 4
    assert "states to go back to" in asked(facts)[0].reason
