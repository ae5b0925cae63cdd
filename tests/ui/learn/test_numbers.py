"""A chat in its context by the model's own numbers, and the pixels of its drawing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.model.facts import Attention, Layer, ModelFacts
from advisor.settings.load_settings import LoadSettings
from advisor.terms import load_terms
from tests.support import answers
from ui.learn.layout import Piece, filled_width, token_spans
from ui.learn.numbers import Pile, pile, row_groups
from ui.learn.words import matches, pile_sentences, row_sums, term_page


def facts(*attentions: Attention | None) -> ModelFacts:
    layers = tuple(Layer(i, attention, None, 0, 0) for i, attention in enumerate(attentions))
    return replace(answers.model(n_layer=len(layers)).facts, layers=layers)


LLAMA = Attention(head_count=32, head_count_kv=8, key_length=128, value_length=128)
LOCAL = replace(LLAMA, window=1024)
LATENT = Attention(head_count=16, head_count_kv=1, key_length=576, value_length=512, keys_only=True)


def test_the_row_of_a_llama_is_the_fields_own_formula() -> None:
    it = facts(*[LLAMA] * 32)
    assert row_sums(it, LoadSettings(n_ctx=8192)) == (
        "2 \u00d7 32 layers \u00d7 8 KV heads \u00d7 128 \u00d7 2 bytes = 131,072 bytes a token",
    )
    (group,) = row_groups(it, LoadSettings(n_ctx=8192))
    assert group.token_bytes * 8192 == 2**30


def test_types_apart_are_added() -> None:
    settings = LoadSettings(n_ctx=8192, cache_type_k="q8_0", cache_type_v="q4_0")
    (line,) = row_sums(facts(*[LLAMA] * 32), settings)
    assert "(128 \u00d7 1.0625 + 128 \u00d7 0.5625 bytes) = 53,248 bytes a token" in line


def test_windows_latents_and_layers_without_a_cache_are_told() -> None:
    lines = row_sums(facts(LLAMA, LOCAL, LOCAL, LATENT, None), LoadSettings(n_ctx=65536))
    assert len(lines) == 4
    assert "with room for 1,536 tokens: a window of 1,024" in lines[1]
    assert "576 \u00d7 2 bytes (one row for K and V) = 1,152 bytes a token" in lines[2]
    assert lines[3] == "layers that keep no row for a token: 1"


def test_a_compressed_cache_has_no_such_sum() -> None:
    assert row_sums(facts(replace(LLAMA, compress_ratio=4)), LoadSettings(n_ctx=8192)) == ()
    assert row_sums(facts(None, None), LoadSettings(n_ctx=8192)) == ()


def test_a_chat_fills_what_was_reserved() -> None:
    plan = answers.plan(answers.model(), answers.computer(), LoadSettings(n_ctx=8192))
    made = pile(plan, facts(*[LLAMA] * 32), 3000)
    assert (made.n_ctx, made.n_prompt, made.n_answer, made.n_free) == (8192, 3000, 1024, 4168)
    assert made.kv_bytes == plan.memory[0].buffers.kv_cache_bytes
    assert made.filled_bytes == pytest.approx(made.kv_bytes * 4024 / 8192, abs=1)


def test_a_window_is_full_long_before_the_context() -> None:
    plan = answers.plan(answers.model(), answers.computer(), LoadSettings(n_ctx=65536))
    full = pile(plan, facts(LOCAL, LOCAL), 3000)
    assert full.filled_bytes == full.kv_bytes


def test_each_of_several_users_has_a_share() -> None:
    settings = LoadSettings(n_ctx=32768, n_seq_max=4, kv_unified=False)
    plan = answers.plan(answers.model(), answers.computer(), settings)
    made = pile(plan, facts(*[LLAMA] * 32), None)
    assert made.n_ctx == 8192
    assert made.kv_bytes == plan.memory[0].buffers.kv_cache_bytes // 4


def test_an_example_says_so() -> None:
    example = Pile(8192, 2048, 1024, True, 2**30, 2**28)
    assert pile_sentences(example)[0].startswith("For example")
    assert pile_sentences(replace(example, is_example=False))[0].startswith("Your prompt of 2,048")
    assert pile_sentences(replace(example, kv_bytes=0))[-1] == "This model reserves no KV cache."


@given(st.integers(1, 2**24), st.integers(0, 2**24), st.integers(0, 4096), st.floats(40, 4000))
def test_the_pieces_fill_the_bar_exactly(n_ctx: int, n_prompt: int, n_answer: int, width: float) -> None:
    n_prompt = min(n_prompt, n_ctx)
    made = Pile(n_ctx, n_prompt, min(n_answer, n_ctx - n_prompt), False, 100, 50)
    spans = token_spans(made, width)
    assert sum(span.amount for span in spans) == n_ctx
    assert all(span.width >= 3 for span in spans)
    assert spans[0].left == 0
    assert spans[-1].right == pytest.approx(width)


def test_what_is_empty_has_no_piece() -> None:
    assert [span.piece for span in token_spans(Pile(256, 256, 0, False, 1, 1), 100)] == [Piece.PROMPT]


def test_the_filled_part_is_seen_and_never_wider_than_the_bar() -> None:
    made = Pile(256, 1, 1, False, 2**40, 1)
    assert filled_width(made, 100) == 3
    assert filled_width(replace(made, filled_bytes=2**40), 100) == 100
    assert filled_width(replace(made, kv_bytes=0), 100) == 0


def test_a_terms_page_links_its_relatives_and_escapes() -> None:
    terms = load_terms()
    page = term_page(terms["kv-cache"], terms)
    assert '<a href="gqa">Grouped-query attention (GQA)</a>' in page
    strange = replace(terms["gqa"], short="a < b")
    assert "a &lt; b" in term_page(strange, terms)


def test_a_term_is_found_by_any_of_its_words() -> None:
    terms = load_terms()
    assert matches(terms["context"], "num_ctx")
    assert matches(terms["kv-cache"], "cache KV")
    assert not matches(terms["kv-cache"], "projector")
