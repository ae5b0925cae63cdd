"""Which tensors a device is asked about, and that these are all that the cache is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from advisor.engine.cache_tensors import CacheTensor, cache_tensors
from advisor.memory.kv_cache import BLOCKS, largest_tensor_bytes, layer_bytes
from advisor.model.facts import Attention, Layer, ModelFacts
from advisor.settings.load_settings import LoadSettings
from tests.support.gguf_bytes import head_names
from tests.support.planning import a_model

GPU = "CUDA0"
# 8 heads of 128 values.
SETTINGS = LoadSettings(n_ctx=4096, n_gpu_layers=33)
ATTENTION = Attention(head_count=32, head_count_kv=8, key_length=128, value_length=128)
K = CacheTensor("cache_k_l0", GPU, "f16", 1024, 4096, 512)
V = replace(K, name="cache_v_l0")


def layers(*attentions: Attention | None) -> ModelFacts:
    """A model of these layers."""
    made = tuple(Layer(index, attention, None, 14336, 0) for index, attention in enumerate(attentions))
    return replace(a_model(n_layer=len(made)), layers=made)


def found(facts: ModelFacts, settings: LoadSettings = SETTINGS, device: str = GPU) -> tuple[CacheTensor, ...]:
    return cache_tensors(facts, settings, dict.fromkeys(range(facts.n_layer_all + 1), device))


def test_nothing_is_said_of_shapes_that_were_never_compared() -> None:
    assert not found(replace(a_model(), verified=False))


def test_what_is_not_on_a_gpu_has_no_limit() -> None:
    facts = a_model()
    assert not found(facts, device="CPU")
    assert not cache_tensors(facts, SETTINGS, {})
    assert not found(facts, replace(SETTINGS, offload_kqv=False))


def test_layers_without_a_cache_of_their_own_have_no_tensors() -> None:
    assert not found(replace(a_model(), has_cache=False))
    assert not found(layers(None, replace(ATTENTION, shares_cache_of=0)))


def test_equal_tensors_are_asked_about_once_a_device() -> None:
    assert found(layers(ATTENTION, ATTENTION)) == (K,)
    both = cache_tensors(layers(None, ATTENTION, ATTENTION), SETTINGS, {0: GPU, 1: GPU, 2: "CUDA1"})
    assert both == (replace(K, name="cache_k_l1"), replace(K, name="cache_k_l2", device="CUDA1"))


def test_each_has_its_own_type() -> None:
    mixed = replace(SETTINGS, cache_type_k="q8_0", cache_type_v="q4_0")
    assert found(layers(ATTENTION), mixed) == (replace(K, cache_type="q8_0"), replace(V, cache_type="q4_0"))


def test_without_flash_attention_values_are_written_one_by_one_in_the_widest_row() -> None:
    facts = replace(layers(ATTENTION), value_row_max=2048)
    key, value = found(facts, replace(SETTINGS, flash_attn="off"))
    assert key == K
    assert value == replace(V, n_elements=1, n_rows=4096 * 2048, n_written=512 * 2048)


def test_streams_lie_in_one_tensor() -> None:
    slots = replace(SETTINGS, n_seq_max=3, n_outputs_max=3)
    # A graph is reserved for as many tokens of every slot: 513.
    assert found(layers(ATTENTION), slots)[0] == replace(K, n_written=513)
    split = replace(slots, n_ctx=3 * 4096, kv_unified=False)
    assert found(layers(ATTENTION), split)[0] == replace(K, n_rows=3 * 4096, n_written=513)


def test_a_small_context_writes_no_more_than_itself() -> None:
    assert found(layers(ATTENTION), replace(SETTINGS, n_ctx=256))[0] == replace(K, n_rows=256, n_written=256)


def test_a_window_keeps_less_unless_it_is_to_keep_all() -> None:
    facts = layers(replace(ATTENTION, window=1024))
    assert found(facts)[0] == replace(K, n_rows=1536)
    assert found(facts, replace(SETTINGS, swa_full=True))[0] == K


def test_an_indexer_has_keys_of_its_own() -> None:
    latent = Attention(128, 1, 576, 512, keys_only=True, indexer_key_length=128)
    row = replace(K, n_elements=576)
    assert found(layers(latent)) == (row, replace(row, n_elements=128))


def test_compressed_keys_are_fewer() -> None:
    compressed = Attention(64, 1, 512, 512, window=128, keys_only=True, indexer_key_length=128)
    facts = layers(replace(compressed, compress_ratio=4))
    window, keys, indexer = found(facts)
    assert window == replace(K, n_elements=512, n_rows=768)
    assert keys == replace(K, n_elements=512, n_rows=1024, n_written=1)
    assert indexer == replace(keys, n_elements=128)


@pytest.mark.parametrize("name", head_names())
@pytest.mark.parametrize("flash_attn", ["auto", "off"])
def test_of_every_architecture_they_make_up_the_whole_cache(
    head: Callable[[str], ModelFacts], name: str, flash_attn: str
) -> None:
    facts = head(name)
    settings = LoadSettings(n_ctx=65536, flash_attn=flash_attn, n_gpu_layers=facts.all_gpu_layers)
    for layer in facts.layers:
        tensors = cache_tensors(facts, settings, {layer.index: GPU})
        n_bytes = [_n_bytes(tensor) for tensor in tensors]
        # Keys and values of one shape are asked about once.
        values = 1 if len(tensors) == 1 and layer.attention and not layer.attention.keys_only else 0
        wanted = layer_bytes(facts, settings, layer.attention) if layer.attention else 0
        assert sum(n_bytes) + sum(n_bytes) * values == wanted
        assert all(tensor.n_written <= tensor.n_rows for tensor in tensors)
    everywhere = found(facts, settings)
    assert max(map(_n_bytes, everywhere), default=0) == largest_tensor_bytes(facts, settings)


def _n_bytes(tensor: CacheTensor) -> int:
    block = BLOCKS[tensor.cache_type]
    return tensor.n_rows * tensor.n_elements // block.block_elements * block.block_bytes
