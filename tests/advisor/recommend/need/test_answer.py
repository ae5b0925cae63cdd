from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.basis import Basis
from advisor.recommend.need import (
    Need,
    NeedAnswer,
    Part,
    answered,
    characters_part,
    estimated_tokens,
    in_words,
    pages_part,
    requested,
)
from advisor.recommend.need.text_file import Characters
from advisor.recommend.result import Lever, Recommendation
from advisor.settings.load_settings import MAX_N_CTX
from advisor.settings.request import Request
from tests.support.answers import CHAT, computer, model, recommendation
from tests.support.planning import a_model

COUNTED = Part("a.txt", 5000, Basis.ENGINE)
GUESSED = Part("b.txt", 700, Basis.ASSUMED)


def need_of(total: int) -> Need:
    return Need((replace(COUNTED, n_tokens=total - 1000),), None, 1000, template_tokens=0)


def test_a_need_is_the_sum_of_its_parts_and_as_sure_as_the_least_sure() -> None:
    need = Need((COUNTED, GUESSED), Part("system prompt", 300, None), 1000)
    assert need.prompt_tokens == 5000 + 700 + 300 + need.template_tokens
    assert need.total_tokens == need.prompt_tokens + 1000
    assert need.n_ctx % 256 == 0
    assert 0 <= need.n_ctx - need.total_tokens < 256
    assert need.basis is Basis.ASSUMED
    assert replace(need, prompt=(COUNTED,)).basis is Basis.ENGINE
    assert Need((), None, 10).basis is Basis.ENGINE


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_more_text_is_never_estimated_at_less(plain: int, signs: int, accented: int, other: int) -> None:
    tokens = estimated_tokens(Characters(plain, signs, accented, other))
    assert tokens >= estimated_tokens(Characters(plain // 2, signs // 2, accented // 2, other // 2))
    assert tokens <= plain + signs + accented + other


def test_unseen_text_is_estimated_and_says_so() -> None:
    for part, tokens in ((characters_part(1000), 300), (pages_part(10), 5000)):
        assert part.n_tokens == tokens
        assert part.basis is Basis.ASSUMED
        assert part.note
        assert "estimated" in part.note.text


@pytest.mark.parametrize(
    ("n_ctx", "words"),
    [
        (256, "about 190 words or 1 page"),
        (512, "about 380 words or 1 page"),
        (4096, "about 3,070 words or 10 pages"),
        (49152, "about 36,900 words or 120 pages"),
        (1_048_576, "about 786,000 words or 2,620 pages"),
    ],
)
def test_a_context_is_said_in_words_and_pages(n_ctx: int, words: str) -> None:
    assert in_words(n_ctx) == words


def test_the_need_is_the_context_wanted_where_none_was_named() -> None:
    facts = a_model(n_ctx_train=32768)
    assert requested(need_of(6000), Request(), facts) == Request(n_ctx=6144)
    assert requested(need_of(6000), Request(n_ctx=4096), facts) == Request(n_ctx=4096)
    assert requested(need_of(6000), Request(n_seq_max=4), facts) == Request(n_ctx=6144, users=4, n_seq_max=4)
    assert requested(need_of(6000), Request(users=2), facts) == Request(n_ctx=6144, users=2)


def test_the_need_goes_beyond_the_training_context_only_on_request() -> None:
    facts = a_model(n_ctx_train=4000)
    assert requested(need_of(9000), Request(), facts).n_ctx == 3840
    assert requested(need_of(9000), Request(above_training=True), facts).n_ctx == 9216
    assert requested(need_of(10**12), Request(above_training=True), facts).n_ctx == MAX_N_CTX
    assert requested(need_of(9000), Request(), a_model(n_ctx_train=0)).n_ctx == 9216


def answer(n_ctx: int, n_ctx_safe: int, *, slots: int = 1, n_ctx_train: int = 131072) -> Recommendation:
    made = recommendation(model(n_ctx_train=n_ctx_train), computer(), CHAT)
    settings = replace(made.settings, n_ctx=max(n_ctx, 256), n_seq_max=slots)
    levers = (
        Lever("small", "buys little", 1024, 0),
        Lever("huge", "buys very much", 65536, 0),
        Lever("large", "buys much", 16384, 0),
    )
    return replace(made, settings=settings, n_ctx=n_ctx, n_ctx_safe=n_ctx_safe, levers=levers)


def codes(found: NeedAnswer) -> list[str]:
    return [lever.code for lever in found.levers]


def test_what_fits_says_what_is_left() -> None:
    found = answered(need_of(6000), answer(6144, 20480))
    assert found.fits
    assert (found.short_by, found.verdict.code, codes(found)) == (0, "need-fits", [])
    assert "leaves 144 of 6,144" in found.verdict.text


def test_the_last_token_decides() -> None:
    assert answered(need_of(6144), answer(6144, 6144)).fits
    over = answered(need_of(6145), answer(6144, 6144))
    assert (over.fits, over.short_by) == (False, 1)


def test_a_smaller_context_than_could_be_says_how_large_it_must_be() -> None:
    found = answered(need_of(6000), answer(4096, 20480))
    assert (found.fits, found.short_by, found.verdict.code) == (False, 0, "need-needs-more")
    assert "6,144" in found.verdict.text
    assert codes(found) == []


def test_too_long_says_by_how_much_and_what_would_help() -> None:
    found = answered(need_of(30000), answer(20480, 20480))
    assert (found.fits, found.short_by, found.verdict.code) == (False, 9520, "need-too-long")
    assert "9,520 tokens too long" in found.verdict.text
    assert codes(found) == ["large", "huge", "send-less"]
    assert "32 %" in found.levers[-1].text


def test_the_training_context_is_a_limit_of_its_own() -> None:
    found = answered(need_of(9000), answer(4096, 4096, n_ctx_train=4096))
    assert found.verdict.code == "need-above-training"
    assert "trained for 4,096" in found.verdict.text


def test_where_nothing_fits_it_says_so() -> None:
    found = answered(need_of(9000), answer(0, 0))
    assert (found.fits, found.verdict.code) == (False, "need-nothing-fits")


def test_each_slot_has_its_share() -> None:
    found = answered(need_of(6000), answer(20480, 40960, slots=4))
    assert (found.n_ctx, found.n_ctx_safe, found.fits) == (5120, 10240, False)


def test_an_estimate_is_spoken_of_as_one() -> None:
    assert "about 6,000" not in answered(need_of(6000), answer(8192, 8192)).verdict.text
    guessed = Need((replace(GUESSED, n_tokens=5000),), None, 1000, template_tokens=0)
    assert "about 6,000" in answered(guessed, answer(8192, 8192)).verdict.text
