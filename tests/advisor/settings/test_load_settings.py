import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.settings.load_settings import LoadSettings, engine_n_ctx


@pytest.mark.parametrize(
    ("n_ctx", "n_seq_max", "kv_unified", "total"),
    [
        (8192, 3, False, 8448),  # measured on the engine: it rounds each slot up
        (100, 3, False, 768),
        (8192, 4, False, 8192),
        (8192, 4, True, 8192),
        (1, 1, True, 256),
        (257, 1, False, 512),
    ],
)
def test_the_engines_own_rounding(n_ctx: int, n_seq_max: int, kv_unified: bool, total: int) -> None:
    assert engine_n_ctx(n_ctx, n_seq_max, kv_unified) == total


@given(st.integers(1, 2**24), st.integers(1, 256), st.booleans())
def test_rounding_never_takes_away_and_is_stable(n_ctx: int, n_seq_max: int, kv_unified: bool) -> None:
    once = engine_n_ctx(n_ctx, n_seq_max, kv_unified)
    assert once + 256 * n_seq_max > n_ctx  # floor division over the slots may lose less than one a slot
    assert engine_n_ctx(once, n_seq_max, kv_unified) == once


def test_what_one_slot_gets() -> None:
    split = LoadSettings(n_ctx=8192, n_seq_max=4, kv_unified=False)
    unified = LoadSettings(n_ctx=8192, n_seq_max=4, kv_unified=True)
    assert (split.n_ctx_per_slot, split.n_stream) == (2048, 4)
    assert (unified.n_ctx_per_slot, unified.n_stream) == (8192, 1)
