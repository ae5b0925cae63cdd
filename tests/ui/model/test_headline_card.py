"""The headline: the answer in one glance, whoever made the settings."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from advisor.basis import Basis
from advisor.memory.plan import Verdict
from advisor.recommend.result import DecodeSpeed, Recommendation
from advisor.settings.request import Request
from advisor.units import GiB, MiB
from tests.support import answers
from tests.support.panels import TOO_BIG, opened, shown, texts
from ui.model.headline_card import HeadlineCard
from ui.session.state import Choice
from ui.theme import Theme
from ui.widgets.labels import Chip


def headline(answer: Recommendation, qtbot: QtBot, **changes: object) -> HeadlineCard:
    card = HeadlineCard()
    card.show_answer(opened(answer, **changes), answer)
    shown(card, qtbot)
    return card


def test_the_headline_says_tokens_cache_layers_safety_and_basis(qtbot: QtBot, theme: Theme) -> None:
    answer = answers.recommendation(goal=answers.CHAT)
    card = headline(answer, qtbot)
    assert "16,384 tokens" in card.text
    assert "with f16 KV cache, all 33 layers on the GPU" in card.text
    assert f"safe up to {answer.n_ctx_safe:,}" in card.text
    assert "about 12,300 words or 41 pages" in card.text
    assert "exact, asked from llama.cpp" in card.text


def test_the_headline_does_not_repeat_the_same_number(qtbot: QtBot) -> None:
    assert "safe up to" not in headline(answers.recommendation(goal=answers.LONGEST), qtbot).text


def test_the_headline_marks_a_formula_and_says_that_the_engine_is_asked(qtbot: QtBot) -> None:
    answer = answers.recommendation(basis=Basis.FORMULA)
    assert headline(answer, qtbot).text.endswith("by formula")
    assert "asking llama.cpp" in headline(answer, qtbot, is_asking_engine=True).text


def test_the_headline_of_what_does_not_fit_says_so_first(qtbot: QtBot, theme: Theme) -> None:
    card = headline(answers.recommendation(TOO_BIG), qtbot)
    assert card.text.startswith("Does not fit")
    assert "tokens" not in card.text.split()[3:4]
    assert "Even 256 tokens of Too big" in card.text


def test_the_headline_of_a_recurrent_model_promises_no_cache(qtbot: QtBot) -> None:
    mamba = answers.model("Mamba 2", architecture="mamba2", kv_bytes_per_token=0, state_bytes=160 * MiB)
    assert "tokens without a KV cache, all 33 layers" in headline(answers.recommendation(mamba), qtbot).text


def test_the_headline_shares_the_context_among_users(qtbot: QtBot) -> None:
    assert "8,192 for each of 4 users" in headline(answers.recommendation(goal=answers.SERVER), qtbot).text


def test_the_headline_says_a_verdict_that_is_not_a_plain_yes(qtbot: QtBot) -> None:
    answer = answers.recommendation()
    tight = replace(answer, plan=replace(answer.plan, verdict=Verdict.PAGES_FROM_DISK))
    assert "reads from disk, slow" in headline(tight, qtbot).text


def test_the_headline_escapes_what_comes_from_a_file(qtbot: QtBot) -> None:
    answer = answers.recommendation(answers.model("<b>x</b>", weights_bytes=90 * GiB))
    card = headline(answer, qtbot)
    assert "<b>x</b>" in card.text


def test_speed_is_told_only_where_it_is_known(qtbot: QtBot) -> None:
    def chips(answer: Recommendation) -> list[str]:
        card = headline(answer, qtbot)
        return [chip.text() for chip in card.findChildren(Chip) if not chip.isHidden()]

    assert len(chips(answers.recommendation())) == 1
    fast = chips(answers.recommendation(speed=answers.fast()))
    assert fast[0].startswith("at a full context: first token after 21 s, then 50 tokens/s (")
    assert fast[1].startswith("if you change nothing: 4,096 tokens, ")


def test_what_happens_by_itself_says_where_it_does_not_fit(qtbot: QtBot) -> None:
    answer = answers.recommendation(TOO_BIG)
    card = headline(answer, qtbot)
    chip = card.findChildren(Chip)[0]
    assert chip.text().endswith(", does not fit")
    assert chip.toolTip() == answer.if_you_change_nothing.text


def test_nothing_moves_between_recommended_and_own_settings(qtbot: QtBot) -> None:
    answer = answers.recommendation(goal=answers.CHAT)
    card = headline(answer, qtbot)
    assert "Recommended for: Chat" in texts(card)
    height = card.heightForWidth(900)
    card.show_answer(opened(answer, choice=chosen(answer, 8192)), answer)
    assert "Your settings" in texts(card)
    assert card.heightForWidth(900) == height


def test_an_estimated_speed_is_a_range_and_says_what_it_rests_on(qtbot: QtBot) -> None:
    decode = (DecodeSpeed(0, 50.0, high=85.0), DecodeSpeed(16384, 20.0, high=35.0))
    speed = replace(answers.fast(), decode=decode, time_to_first_token_s=None, basis=Basis.ASSUMED)
    card = headline(answers.recommendation(speed=speed), qtbot)
    chips = [chip.text() for chip in card.findChildren(Chip) if not chip.isHidden()]
    assert chips[0] == "writes 50 to 85 tokens/s at first, 20 to 35 at a full context (assumed)"


def test_a_new_answer_takes_the_place_of_the_old_one(qtbot: QtBot) -> None:
    card = headline(answers.recommendation(speed=answers.fast()), qtbot)
    answer = answers.recommendation(goal=answers.CHAT)
    card.show_answer(opened(answer), answer)
    assert "16,384 tokens" in card.text
    QApplication.processEvents()
    assert len([chip for chip in card.findChildren(Chip) if not chip.isHidden()]) == 1


def chosen(answer: Recommendation, n_ctx: int, **known: object) -> Choice:
    of = answers.model()
    settings = replace(answer.settings, n_ctx=n_ctx)
    plan = answers.plan(of, answer.hardware, settings, Basis.FORMULA)
    return replace(Choice(Request(n_ctx=n_ctx), answer.hardware, plan), **known)


def test_the_headline_says_whose_settings_are_shown(qtbot: QtBot, theme: Theme) -> None:
    answer = answers.recommendation(goal=answers.CHAT)
    mine = chosen(answer, 4096, n_ctx_safe=32256, speed=answers.fast(), is_asking_engine=True)
    card = headline(answer, qtbot, choice=mine)
    assert card.text.startswith("Your settings \u00b7 recommended: 16,384 tokens with f16 4,096 tokens")
    assert "; safe up to 32,256" in card.text
    assert card.text.endswith("by formula; asking llama.cpp\u2026")
    card.show_answer(opened(answer), answer)
    assert card.text.startswith("16,384 tokens")


def test_the_headline_says_how_much_too_much_a_choice_is(qtbot: QtBot) -> None:
    answer = answers.recommendation(goal=answers.CHAT)
    card = headline(answer, qtbot, choice=chosen(answer, 131072))
    assert "does not fit: 12.0 GiB too much on NVIDIA GeForce RTX 4070" in card.text
