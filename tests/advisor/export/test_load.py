"""What `Load` (advisor/export/export.py) makes of settings and paths."""

from dataclasses import replace

import pytest

from advisor.export.export import Load
from advisor.settings.load_settings import CACHE_TYPES
from tests.support.export_settings import PLAIN
from tests.support.planning import a_model


def load(model_path: str = "x.gguf", **settings: object) -> Load:
    return Load(settings=replace(PLAIN, **settings), facts=a_model(), model_path=model_path)


@pytest.mark.parametrize(
    ("path", "file_name", "plain_name"),
    [
        ("/m/Some Model.Q4_K_M.gguf", "Some Model.Q4_K_M.gguf", "Some-Model.Q4_K_M"),
        ("C:\\Modelle\\größe 漢.gguf", "größe 漢.gguf", "gr-e"),
        ("gemma3:4b", "gemma3:4b", "gemma3-4b"),
        ("/m/漢.gguf", "漢.gguf", "model"),
    ],
)
def test_the_names_of_a_path(path: str, file_name: str, plain_name: str) -> None:
    assert (load(path).file_name, load(path).plain_name) == (file_name, plain_name)


@pytest.mark.parametrize("cache_type_v", CACHE_TYPES)
def test_a_quantized_v_cache_turns_flash_attention_on(cache_type_v: str) -> None:
    quantized = cache_type_v not in {"f32", "f16", "bf16"}
    for said in ("on", "off", "auto"):
        it = load(cache_type_v=cache_type_v, flash_attn=said)
        assert it.flash_attn == ("on" if quantized else said)
        assert it.with_flash_attn == (quantized or said != "off")


def test_all_layers_are_the_blocks_and_the_output() -> None:
    assert load(n_gpu_layers=33).all_layers
    assert not load(n_gpu_layers=32).all_layers
