"""What a term comes to for the shown model: its own figures, and silence where there are none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from advisor.model.facts import Attention, Layer, ModelFacts, Recurrence
from advisor.recommend.result import Recommendation
from advisor.terms import load_terms
from tests.support import answers
from ui.learn import model_words
from ui.learn.own_words import _SENTENCES, own_words
from ui.session.state import OpenModel

LLAMA = Attention(head_count=32, head_count_kv=8, key_length=128, value_length=128)
LATENT = Attention(head_count=16, head_count_kv=1, key_length=576, value_length=512, keys_only=True)


def opened(*, facts: ModelFacts | None = None, answer: Recommendation | None = None) -> OpenModel:
    made = answers.model()
    if answer is None:
        answer = answers.recommendation(made)
        answer = replace(answer, speed=replace(answers.fast(), time_to_first_token_s=12.0))
    return OpenModel(Path("/m/a.gguf"), facts=facts or with_layers(*[LLAMA] * 32), recommendation=answer)


def with_layers(*attentions: Attention | None, n_expert_used: int = 0) -> ModelFacts:
    recurrence = Recurrence(16, 1024)
    layers = tuple(
        Layer(i, attention, None if attention else recurrence, 0, n_expert_used)
        for i, attention in enumerate(attentions)
    )
    return replace(answers.model(n_layer=len(layers)).facts, layers=layers)


def test_without_a_model_or_an_answer_there_is_nothing_to_say() -> None:
    assert own_words("kv-cache", None) == ""
    assert own_words("kv-cache", OpenModel(Path("/m/a.gguf"))) == ""
    assert own_words("kv-cache", OpenModel(Path("/m/a.gguf"), facts=answers.model().facts)) == ""


def test_terms_without_numbers_stay_silent() -> None:
    assert own_words("token", opened()) == ""
    assert own_words("no such term", opened()) == ""


def test_every_sentence_is_of_a_term_and_is_whole() -> None:
    assert _SENTENCES.keys() <= load_terms().keys()
    model = opened()
    for name in _SENTENCES:
        words = own_words(name, model)
        assert words.endswith("."), name
        assert "{" not in words


def test_unknown_speeds_are_not_made_up() -> None:
    answer = answers.recommendation(answers.model())
    slow = replace(answer, speed=replace(answer.speed, decode=(), time_to_first_token_s=None))
    assert own_words("decode", opened(answer=slow)) == own_words("prefill", opened(answer=slow)) == ""


def test_a_full_card_has_no_headroom_to_speak_of() -> None:
    answer = answers.recommendation(answers.model())
    memory = tuple(replace(line, usable_bytes=0) for line in answer.plan.memory)
    full = replace(answer, plan=replace(answer.plan, memory=memory))
    assert own_words("headroom", opened(answer=full)) == ""


@pytest.mark.parametrize(
    ("term", "words"),
    [
        ("gqa", "32 heads share 8 KV heads: its cache is 4 times smaller than without."),
        ("cache-type", "128.0 KiB with f16, 68.0 KiB with q8_0, 36.0 KiB with q4_0"),
        ("sliding-window", "All its layers see everything."),
        ("mla", "It has none."),
        ("recurrent", "It has none"),
        ("moe", "It has no experts"),
        ("slots", "One, which has the whole context."),
        ("quantization", "Q4_K_M: about "),
        ("training-context", "It was trained for 131,072 tokens"),
    ],
)
def test_a_llama_in_its_own_numbers(term: str, words: str) -> None:
    assert words in own_words(term, opened())


def test_other_kinds_of_layers_are_told() -> None:
    mixed = with_layers(replace(LLAMA, window=1024), LLAMA, LATENT, None, n_expert_used=8)
    assert model_words.window(mixed) == "1 of its 4 layers look back 1,024 tokens."
    assert model_words.mla(mixed) == "One row of 576 numbers a layer serves 16 heads."
    assert model_words.moe(replace(mixed, n_expert=128)).startswith("Of its 128 experts a token uses 8")
    assert own_words("recurrent", opened(facts=mixed)).startswith("1 of its 4 layers; their state takes ")
    assert model_words.gqa(with_layers(replace(LLAMA, head_count_kv=32))).startswith("Each of its 32 heads")
    assert model_words.gqa(with_layers(replace(LLAMA, head_count_kv=1))).startswith("32 heads share one KV")
    assert model_words.gqa(with_layers(None)) == ""
    assert model_words.quantization(replace(mixed, n_params=0)) == ""


def test_several_users_share_or_split() -> None:
    answer = answers.recommendation(answers.model())
    settings = replace(answer.plan.settings, n_ctx=32768, n_seq_max=4, kv_unified=False)
    split = replace(answer, plan=replace(answer.plan, settings=settings))
    assert own_words("slots", opened(answer=split)) == "4, with 8,192 tokens each."
    assert "after 8,192 tokens" in own_words("full-context", opened(answer=split))
    shared = replace(answer, plan=replace(answer.plan, settings=replace(settings, kv_unified=True)))
    assert own_words("slots", opened(answer=shared)) == "4, which share 32,768 tokens."
