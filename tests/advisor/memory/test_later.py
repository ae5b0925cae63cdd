from dataclasses import replace

import pytest

from advisor.memory.later import later
from advisor.settings.load_settings import LoadSettings
from advisor.units import GiB
from tests.support.planning import a_model

SETTINGS = LoadSettings(n_ctx=8192)


@pytest.mark.parametrize("runtime", ["llama-server", "ollama"])
def test_llama_servers_keep_prompts_in_ram(runtime: str) -> None:
    found = later(a_model(), replace(SETTINGS, runtime=runtime))
    assert [(it.what, it.device, it.n_bytes) for it in found] == [("prompt cache", "CPU", 8 * GiB)]


@pytest.mark.parametrize("runtime", ["llama-cpp-python", "lm-studio"])
def test_others_do_not(runtime: str) -> None:
    assert later(a_model(), replace(SETTINGS, runtime=runtime)) == ()


def test_nor_does_a_model_without_a_cache() -> None:
    assert later(replace(a_model(), has_cache=False), SETTINGS) == ()


def test_windowed_models_have_checkpoints_for_every_slot() -> None:
    facts = a_model(n_layer=2)
    windowed, full = facts.layers
    assert windowed.attention is not None
    windowed = replace(windowed, attention=replace(windowed.attention, window=1024))
    facts = replace(facts, layers=(windowed, full))
    one = later(facts, SETTINGS)[1]
    assert one.what == "context checkpoints"
    assert one.n_bytes == 32 * 1024 * (128 + 128) * 8 * 2
    assert later(facts, replace(SETTINGS, n_seq_max=4))[1].n_bytes == 4 * one.n_bytes
