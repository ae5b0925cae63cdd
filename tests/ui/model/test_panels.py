"""The page's panels, each with answers made by hand, in light and dark."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from advisor.basis import Basis, Note
from advisor.hardware.device import Hardware
from advisor.memory.plan import Verdict
from advisor.recommend.result import DecodeSpeed, Lever, Recommendation
from advisor.settings.request import Request
from advisor.units import GiB, MiB
from tests.support import answers
from ui.model.chart_panel import ChartPanel
from ui.model.headline_card import HeadlineCard
from ui.model.levers_panel import LeverRow, LeversPanel
from ui.model.memory_panel import MemoryPanel
from ui.model.title_line import TitleLine
from ui.session.state import Choice, OpenModel
from ui.theme import Theme, Tone
from ui.widgets.command_field import CopyButton
from ui.widgets.labels import Chip
from ui.widgets.notes_panel import NotesPanel
from ui.widgets.notice import Notice

TOO_BIG = answers.model("Too big", weights_bytes=90 * GiB)
SMALL = answers.model("Gemma 3 270M it", n_ctx_train=32768, weights_bytes=230 * MiB, kv_bytes_per_token=18432)


def opened(answer: Recommendation, **changes: object) -> OpenModel:
    model = OpenModel(Path("/models/x.gguf"), facts=answer.model, recommendation=answer)
    for name, value in changes.items():
        setattr(model, name, value)
    return model


def texts(widget: QWidget) -> str:
    QApplication.processEvents()  # what is added to a shown layout is shown by the next event
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if not label.isHidden())


def shown(widget: QWidget, qtbot: QtBot, width: int = 900) -> None:
    """Shown and painted once: a panel that cannot be painted fails here."""
    qtbot.addWidget(widget)
    widget.resize(
        width, widget.heightForWidth(width) if widget.hasHeightForWidth() else widget.sizeHint().height()
    )
    widget.show()
    assert not widget.grab().isNull()


# --- the headline


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
    assert fast[1].startswith("if you change nothing: llama-server opens 4 slots")


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


# --- the memory panel


def test_a_prompt_splits_the_cache_into_what_it_fills_and_room_to_grow(qtbot: QtBot, theme: Theme) -> None:
    panel = MemoryPanel()
    plan = answers.recommendation(goal=answers.CHAT).plan
    panel.show_plan(plan, 4096)
    shown(panel, qtbot)
    assert "KV: prompt 512.0 MiB, KV: room to grow 1.5 GiB" in panel.bars[0].accessibleDescription()
    panel.show_plan(plan, None)
    assert "KV cache 2.0 GiB" in panel.bars[0].accessibleDescription()


@pytest.mark.parametrize(
    ("hardware", "names"),
    [
        (answers.computer(), ["RAM"]),
        (answers.computer(answers.gpu()), ["NVIDIA GeForce RTX 4070", "RAM"]),
        (answers.computer(answers.gpu(0, "A"), answers.gpu(1, "B")), ["A", "B", "RAM"]),
    ],
)
def test_there_is_a_bar_for_every_device(
    qtbot: QtBot, theme: Theme, hardware: Hardware, names: list[str]
) -> None:
    panel = MemoryPanel()
    panel.show_plan(answers.recommendation(hardware=hardware).plan)
    shown(panel, qtbot)
    assert [bar.accessibleName() for bar in panel.bars] == [f"Memory of {name}" for name in names]


def test_the_panel_names_the_context_and_what_is_left(qtbot: QtBot) -> None:
    panel = MemoryPanel()
    panel.show_plan(answers.recommendation(goal=answers.CHAT).plan)
    shown(panel, qtbot)
    assert panel.title.text() == "Memory at 16,384 tokens"
    assert "GiB left" in texts(panel)
    panel.show_plan(answers.recommendation(TOO_BIG).plan)
    assert "too much" in texts(panel)


def test_pointing_at_a_bar_is_told_below_and_forgotten_after(qtbot: QtBot) -> None:
    panel = MemoryPanel()
    panel.show_plan(answers.recommendation().plan)
    shown(panel, qtbot)
    rest = panel.detail
    qtbot.keyClick(panel.bars[0], Qt.Key.Key_Home)
    assert "bytes" in panel.detail
    qtbot.keyClick(panel.bars[0], Qt.Key.Key_Escape)
    assert panel.detail == rest


def test_the_panel_is_stacked_where_it_is_narrow(qtbot: QtBot) -> None:
    panel = MemoryPanel()
    panel.show_plan(answers.recommendation().plan)
    panel.stack(narrow=True)
    shown(panel, qtbot, width=420)
    bar = panel.bars[0]
    assert bar.width() > 300
    panel.stack(narrow=False)
    QApplication.processEvents()
    assert len(panel.bars) == 2


# --- the chart


def test_the_chart_describes_itself_and_reads_off_with_the_keys(qtbot: QtBot, theme: Theme) -> None:
    panel = ChartPanel()
    panel.show_curves(answers.curves(answers.recommendation()))
    shown(panel, qtbot)
    assert panel.aside.text() == "NVIDIA GeForce RTX 4070"
    assert "9.0 GiB usable" in panel.chart.accessibleDescription()
    rest = panel.foot
    qtbot.keyClick(panel.chart, Qt.Key.Key_Home)
    assert panel.foot.startswith("256 tokens: f16 ")
    qtbot.keyClick(panel.chart, Qt.Key.Key_End)
    assert panel.foot.startswith("131,072 tokens: ")
    assert panel.chart.accessibleDescription() == panel.foot
    assert not panel.grab().isNull()
    qtbot.keyClick(panel.chart, Qt.Key.Key_Escape)
    assert panel.foot == rest


def test_the_chart_reads_off_under_the_pointer(qtbot: QtBot) -> None:
    panel = ChartPanel()
    panel.show_curves(answers.curves(answers.recommendation()))
    shown(panel, qtbot)
    qtbot.mouseMove(panel.chart, panel.chart.rect().center())
    assert "tokens: f16" in panel.foot


def test_the_second_view_is_the_speed_with_its_range_and_basis(qtbot: QtBot, theme: Theme) -> None:
    decode = (DecodeSpeed(0, 50.0, high=85.0), DecodeSpeed(16384, 20.0, high=35.0))
    speed = replace(answers.fast(), decode=decode, basis=Basis.ASSUMED)
    panel = ChartPanel()
    panel.show_curves(answers.curves(answers.recommendation()), speed)
    shown(panel, qtbot)
    assert panel.charts.currentWidget() is panel.chart
    qtbot.mouseClick(panel.speed_button, Qt.MouseButton.LeftButton)
    assert panel.charts.currentWidget() is panel.speed
    assert panel.accessibleName() == "Speed against depth"
    assert panel.foot == "tokens per second over tokens already in the cache \u00b7 assumed"
    assert "writes 50 to 85 tokens/s, assumed" in panel.speed.accessibleDescription()
    qtbot.keyClick(panel.speed, Qt.Key.Key_Left)
    qtbot.keyClick(panel.speed, Qt.Key.Key_End)
    assert panel.foot == "16,384 tokens in the cache: writes 20 to 35 tokens/s, assumed"
    assert not panel.grab().isNull()
    qtbot.mouseMove(panel.speed, panel.speed.rect().center())
    assert "tokens in the cache: writes" in panel.foot
    qtbot.keyClick(panel.speed, Qt.Key.Key_Escape)
    panel.memory_button.click()
    assert panel.foot == "KV cache types by formula, over context in tokens"


def test_an_unknown_speed_is_said_calmly(qtbot: QtBot) -> None:
    panel = ChartPanel()
    panel.show_curves(answers.curves(answers.recommendation()), None)
    shown(panel, qtbot)
    panel.speed_button.click()
    assert panel.speed.accessibleDescription() == "Nothing is known of the speed here"
    qtbot.keyClick(panel.speed, Qt.Key.Key_Left)
    assert not panel.grab().isNull()


@pytest.mark.parametrize("model", [SMALL, TOO_BIG, answers.model(n_ctx_train=512)])
@pytest.mark.parametrize("width", [60, 300, 1600])
def test_any_chart_can_be_painted_at_any_width(qtbot: QtBot, model: answers.Model, width: int) -> None:
    panel = ChartPanel()
    panel.show_curves(answers.curves(answers.recommendation(model), model))
    shown(panel, qtbot, width=width)


def test_an_empty_chart_is_calm(qtbot: QtBot) -> None:
    panel = ChartPanel()
    panel.show_curves(None)
    shown(panel, qtbot)
    qtbot.keyClick(panel.chart, Qt.Key.Key_Right)
    qtbot.mouseMove(panel.chart, panel.chart.rect().center())
    assert panel.chart.accessibleDescription() == "Nothing to show yet"


# --- levers, notes, notices, title


def test_levers_are_listed_with_their_gain(qtbot: QtBot, theme: Theme) -> None:
    panel = LeversPanel()
    panel.show_levers(
        (
            Lever("q8", "", 11264, GiB, title="q8_0 KV cache", detail="usually no loss"),
            Lever("ubatch", "", 0, 128 * MiB, title="ubatch 256"),
            Lever("ubatch-1024", "", -256, -MiB, title="ubatch 1024"),
        )
    )
    shown(panel, qtbot, width=300)
    said = " ".join(texts(panel).split())
    assert "q8_0 KV cache | +11,264 tokens | frees 1.0 GiB at the same context usually no loss" in said
    assert "ubatch 256 | frees 128.0 MiB" in said
    assert "ubatch 1024 | \u2212256 tokens | takes 1.0 MiB more at the same context" in said


def test_a_lever_is_used_with_one_click_and_a_command_is_copied(qtbot: QtBot) -> None:
    panel = LeversPanel()
    asked: list[Request] = []
    panel.chosen.connect(asked.append)
    request = Request(n_ctx=8192, n_ubatch=256)
    panel.show_levers(
        (
            Lever("ubatch", "ubatch 256: +512 tokens", 512, 0, title="ubatch 256", request=request),
            Lever("unload", "x", 21504, 0, title="Unload it", detail="comes back", command="ollama stop x"),
        )
    )
    shown(panel, qtbot, width=300)
    first, second = panel.findChildren(LeverRow)
    assert first.use is not None
    assert first.use.accessibleName() == "Use: ubatch 256"
    qtbot.keyClick(first.use, Qt.Key.Key_Space)
    assert asked == [request]
    assert second.use is None
    second.findChild(CopyButton).click()
    assert QApplication.clipboard().text() == "ollama stop x"
    assert "Unload it | +21,504 tokens | comes back" in texts(panel)


def test_no_lever_is_said_in_words(qtbot: QtBot) -> None:
    panel = LeversPanel()
    panel.show_levers(())
    shown(panel, qtbot)
    assert "as much as the model can hold" in texts(panel)


def test_reasons_come_before_notes_and_nothing_twice(qtbot: QtBot) -> None:
    panel = NotesPanel()
    same = Note("a", "Memory is the limit.")
    panel.show_notes((same,), (same, Note("b", "Weights are mapped.")))
    shown(panel, qtbot)
    said = texts(panel)
    assert said.count("Memory is the limit.") == 1
    assert said.index("Memory is the limit.") < said.index("Weights are mapped.")


def test_no_note_shows_no_panel(qtbot: QtBot) -> None:
    panel = NotesPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.show_notes((), ())
    assert panel.isHidden()


def test_a_notice_is_there_only_while_there_is_something_to_say(qtbot: QtBot, theme: Theme) -> None:
    notice = Notice(Tone.CAUTION)
    qtbot.addWidget(notice)
    assert notice.isHidden()
    notice.show_text("llama.cpp was killed.", "Look again.")
    assert notice.text == "llama.cpp was killed. Look again."
    assert notice.accessibleName() == "llama.cpp was killed."
    assert not notice.grab().isNull()
    notice.show_text("")
    assert notice.isHidden()


def test_the_title_escapes_and_breaks_long_names(qtbot: QtBot, theme: Theme) -> None:
    title = TitleLine()
    answer = answers.recommendation(answers.model("A-very-long_<name>-" * 12))
    title.show_model(opened(answer))
    shown(title, qtbot, width=300)
    assert "&lt;name&gt;" in title.text()
    assert title.heightForWidth(300) > title.heightForWidth(3000)
    assert title.toolTip() == str(Path("/models/x.gguf"))


def test_the_focus_stays_on_a_bar_when_the_engines_answer_arrives(qtbot: QtBot) -> None:
    panel = MemoryPanel()
    panel.show_plan(answers.recommendation(basis=Basis.FORMULA).plan)
    shown(panel, qtbot)
    bar = panel.bars[1]
    panel.show_plan(answers.recommendation(basis=Basis.ENGINE).plan)
    assert panel.bars[1] is bar
    panel.show_plan(answers.recommendation(hardware=answers.computer()).plan)
    assert len(panel.bars) == 1
