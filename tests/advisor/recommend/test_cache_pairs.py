"""Which pairs of cache types a runtime can be asked for, and how."""

import pytest

from advisor.errors import SettingsError
from advisor.recommend.cache_pairs import possible_pairs, with_cache_types
from advisor.settings.request import Request


def test_an_unknown_runtime_is_refused() -> None:
    with pytest.raises(SettingsError):
        possible_pairs(Request(runtime="word-perfect"))


def test_uneven_pairs_need_a_runtime_that_can_say_them() -> None:
    pairs = possible_pairs(Request())
    assert pairs == (("f16", "f16"), ("q8_0", "q8_0"), ("q8_0", "q4_0"), ("q4_0", "q4_0"))
    assert possible_pairs(Request(runtime="ollama")) == tuple(pair for pair in pairs if pair[0] == pair[1])


@pytest.mark.parametrize(
    ("request_", "first"),
    [
        (Request(cache_type_k="q5_0"), ("q5_0", "f16")),
        (Request(cache_type_v="q8_0"), ("f16", "q8_0")),
        (Request(runtime="ollama", cache_type_v="q4_0"), ("q4_0", "q4_0")),
    ],
)
def test_what_was_named_comes_first_and_once(request_: Request, first: tuple[str, str]) -> None:
    pairs = possible_pairs(request_)
    assert pairs[0] == first
    assert len(pairs) == len(set(pairs))


def test_flash_attention_is_asked_for_where_a_quantized_v_needs_it() -> None:
    python = Request(runtime="llama-cpp-python")
    assert with_cache_types(python, "q8_0", "q8_0").flash_attn == "on"
    assert with_cache_types(python, "q8_0", "f16").flash_attn is None
    assert with_cache_types(Request(), "q8_0", "q8_0").flash_attn is None
    assert with_cache_types(Request(flash_attn="off"), "f16", "q8_0").flash_attn == "off"
