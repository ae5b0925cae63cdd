"""Learn: opened beside the page, searched, linked, asked by every "?", and with the model's own numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QAccessible
from pytestqt.qtbot import QtBot

from advisor.errors import PresetError
from advisor.terms import load_terms
from tests.support.fake_domain import FakeDomain
from ui.learn import dock as learn_dock
from ui.model.memory_panel import _TERMS
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.theme import Theme
from ui.widgets.help_button import HelpButton
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


@pytest.fixture
def full(window: MainWindow, session: Session, settled: Settle) -> MainWindow:
    session.start()
    window.open_paths([Path("/models/llama.gguf")])
    settled(session)
    return window


def test_it_is_closed_until_f1_and_again_after_it(full: MainWindow) -> None:
    assert not full.learn.isVisible()
    full.actions_.learn.trigger()
    assert full.learn.isVisible()
    assert full.focusWidget() is full.learn.search
    assert full.page.isVisible()
    full.actions_.learn.trigger()
    assert not full.learn.isVisible()
    assert not full.actions_.learn.isChecked()


def test_escape_closes_it_and_the_menu_knows(full: MainWindow, qtbot: QtBot) -> None:
    full.actions_.learn.trigger()
    qtbot.keyClick(full.learn.search, Qt.Key.Key_Escape)
    assert not full.learn.isVisible()
    assert not full.actions_.learn.isChecked()


def test_every_question_mark_has_a_term_a_name_and_the_keyboard(full: MainWindow) -> None:
    buttons = full.findChildren(HelpButton)
    terms = load_terms()
    assert {"context", "cache-type", "offload", "slots", "ubatch", "decode"} <= {b.term for b in buttons}
    assert [b.term for b in buttons if b.term not in terms] == []
    assert set(_TERMS.values()) <= set(terms)
    for button in buttons:
        said = QAccessible.queryAccessibleInterface(button).text(QAccessible.Text.Name)
        assert said.startswith("What is")
        assert "&" not in said
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_a_question_mark_opens_its_term(full: MainWindow, qtbot: QtBot) -> None:
    button = next(b for b in full.page.settings.findChildren(HelpButton) if b.term == "ubatch")
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert full.learn.isVisible()
    assert full.learn.term == "ubatch"
    assert "Batch and ubatch" in full.learn.text.toPlainText()
    assert full.focusWidget() is full.learn.text


def test_a_part_of_the_memory_and_a_column_do_too(full: MainWindow) -> None:
    full.page.memory._legend.linkActivated.emit("compute-buffer")
    assert full.learn.term == "compute-buffer"
    full.page.alternatives.view.horizontalHeader().help[1].click()
    assert full.learn.term == "offload"


def test_a_question_mark_goes_with_its_row(full: MainWindow) -> None:
    panel = full.page.settings
    experts = next(b for b in panel.findChildren(HelpButton) if b.term == "moe")
    assert experts.isHidden() == panel.experts.isHidden()
    panel._experts_caption.setVisible(True)
    assert not experts.isHidden()
    panel._experts_caption.setVisible(False)
    assert experts.isHidden()


def test_a_search_leaves_what_matches_and_enter_opens_the_first(full: MainWindow, qtbot: QtBot) -> None:
    learn = full.learn
    full.actions_.learn.trigger()
    qtbot.keyClicks(learn.search, "paged")
    left = [learn.list.item(i) for i in range(learn.list.count()) if not learn.list.item(i).isHidden()]
    assert [item.text() for item in left] == ["Paged attention"]
    qtbot.keyClick(learn.search, Qt.Key.Key_Return)
    assert learn.term == "paged-attention"
    learn.show_term("no such thing")
    assert learn.search.text() == "no such thing"
    assert learn.list.hint == "No term has these words"
    assert learn.term == "paged-attention"


def test_links_lead_on(full: MainWindow) -> None:
    full.learn.explain("num_ctx")
    assert full.learn.term == "context"
    full.learn.text.anchorClicked.emit(QUrl("kv-cache"))
    assert full.learn.term == "kv-cache"
    assert full.learn.list.currentItem().text() == "KV cache"


def test_the_numbers_are_the_shown_models(
    full: MainWindow, session: Session, settled: Settle, theme: Theme
) -> None:
    own = full.learn.own
    full.learn.explain("context")
    assert "Llama 3.1 8B Instruct" in own.heading.text()
    assert "For example" in own.sentences.text()
    session.wanted.set_prompt(5000)
    assert "Your prompt of 5,000 tokens" in own.sentences.text()
    assert "prompt&nbsp;5,000" in own.legend.text()
    assert own.drawing.accessibleDescription() == own.sentences.text()
    assert not own.drawing.grab().isNull()


def test_a_terms_page_has_the_shown_models_own_sentence(
    full: MainWindow, session: Session, settled: Settle
) -> None:
    full.learn.explain("training-context")
    assert "Llama 3.1 8B Instruct here: It was trained for" in full.learn.text.toPlainText()
    before = full.learn.text.toPlainText()
    session.choose(replace(session.asked, n_ctx=8192))
    settled(session)
    assert full.learn.text.toPlainText() != before
    assert "8,192 are shown" in full.learn.text.toPlainText()
    session.close_model(session.current)
    assert "here:" not in full.learn.text.toPlainText()


def test_right_to_left_is_painted_as_well(full: MainWindow) -> None:
    full.learn.explain("context")
    full.learn.own.drawing.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    full.learn.own.drawing.show_pile(full.learn.own.drawing._pile, "")
    image = full.learn.own.drawing.grab().toImage()
    row = round(full.learn.own.drawing.fontMetrics().height() * 1.3) + 6
    left, right = image.pixelColor(6, row), image.pixelColor(image.width() - 6, row)
    assert left != right  # the prompt lies on the right, the headroom on the left
    assert right.red() > right.blue()


def test_without_a_model_there_are_the_terms_alone(window: MainWindow, domain: FakeDomain) -> None:
    window.learn.explain("gib")
    assert window.learn.term == "gib"
    assert not window.learn.own.isVisible()


@pytest.mark.parametrize(
    ("remembered", "shown"), [("", "context"), ("gqa", "gqa"), ("no longer a term", "context")]
)
def test_it_opens_with_the_term_that_was_read_last(
    session: Session, preferences: Preferences, qtbot: QtBot, remembered: str, shown: str
) -> None:
    preferences.term = remembered
    dock = learn_dock.LearnDock(session, preferences)
    qtbot.addWidget(dock)
    assert dock.term == shown
    assert dock.search.text() == ""
    dock.explain("num_batch")
    assert preferences.term == "ubatch"


def test_a_broken_file_of_terms_is_said_in_place(
    session: Session, preferences: Preferences, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise PresetError("terms.toml is malformed.", hint="Correct it.")

    monkeypatch.setattr(learn_dock, "load_terms", broken)
    preferences.term = "gqa"
    dock = learn_dock.LearnDock(session, preferences)
    qtbot.addWidget(dock)
    dock.explain("kv-cache")
    assert preferences.term == "gqa"  # it may be there again
    assert dock.text.toPlainText() == "terms.toml is malformed. Correct it."
    assert dock.list.count() == 0
