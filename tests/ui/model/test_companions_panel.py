"""What is loaded beside the model, on its page: chosen, left out, refused, gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog

from advisor.errors import GgufError
from tests.support.companions import (
    DRAFT_FILE,
    FILE,
    PIRATE,
    POET,
    SMALL,
    domain_with_companions,
)
from tests.support.fake_domain import FakeDomain
from ui.charts.memory_layout import Part, segments
from ui.model.companions_panel import CompanionsPanel
from ui.session.session import Session
from ui.session.state import OpenModel
from ui.theme import Theme
from ui.window.main_window import MainWindow

Settle = Callable[[Session], None]


@pytest.fixture
def domain() -> FakeDomain:
    return domain_with_companions()


@pytest.fixture
def panel(window: MainWindow, session: Session, settled: Settle) -> CompanionsPanel:
    session.start()
    settled(session)
    window.open_paths([FILE])
    settled(session)
    return window.page.settings.companions


@pytest.fixture
def model(panel: CompanionsPanel, session: Session) -> OpenModel:
    assert session.current is not None
    return session.current


def words_of(box: QComboBox) -> list[str]:
    return [box.itemText(i) for i in range(box.count())]


def choose(box: QComboBox, words: str) -> None:
    row = words_of(box).index(words)
    box.setCurrentIndex(row)
    box.activated.emit(row)


def test_the_panel_offers_counts_and_says_what_it_takes(
    panel: CompanionsPanel, model: OpenModel, session: Session, settled: Settle, theme: Theme
) -> None:
    words = [panel.projector.itemText(i) for i in range(panel.projector.count())]
    assert words == ["not loaded", "mmproj-gemma-F16", "mmproj-gemma-F32", "Choose a file\u2026"]
    assert panel.projector.currentIndex() == 0
    assert "about 1.3 GiB more" in panel.remark.text()
    panel.projector.setCurrentIndex(1)
    panel.projector.activated.emit(1)
    settled(session)
    assert model.beside.counted.projector == SMALL
    assert panel.projector.currentText() == "mmproj-gemma-F16"
    assert panel.remark.text() == "Counted: projector 812.0 MiB"
    panel.projector.setCurrentIndex(0)
    panel.projector.activated.emit(0)
    settled(session)
    assert model.beside.counted.projector is None


def test_a_draft_model_is_chosen_from_a_file_and_left_out_again(
    panel: CompanionsPanel,
    model: OpenModel,
    session: Session,
    settled: Settle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = iter(["", str(DRAFT_FILE)])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (next(names), ""))
    for wanted in ("none", "Gemma 1B"):  # the first time the dialog is left without a file
        panel.draft.setCurrentIndex(panel.draft.count() - 1)
        panel.draft.activated.emit(panel.draft.count() - 1)
        settled(session)
        assert panel.draft.currentText() == wanted
    assert "draft model 704.0 MiB" in panel.remark.text()
    panel.draft.setCurrentIndex(0)
    panel.draft.activated.emit(0)
    settled(session)
    assert model.beside.counted.draft is None
    assert panel.draft.currentText() == "none"


def test_a_refusal_is_said_in_the_panel(
    panel: CompanionsPanel, domain: FakeDomain, model: OpenModel, session: Session, settled: Settle
) -> None:
    domain.companions.side_files["mmproj-x.gguf"] = GgufError(
        "mmproj-x.gguf is cut off.", hint="Download it again."
    )
    session.open_paths([Path("/models/mmproj-x.gguf")])
    settled(session)
    assert panel.problem.isVisible()
    assert panel.problem.text() == "mmproj-x.gguf is cut off. Download it again."
    assert model.recommendation is not None


def test_the_memory_bar_has_a_piece_for_them(session: Session, model: OpenModel, settled: Settle) -> None:
    session.accompanying.use_projector(model, SMALL)
    settled(session)
    assert model.plan is not None
    [piece] = [it for it in segments(model.plan.memory[0]) if it.part is Part.COMPANIONS]
    assert piece.n_bytes == SMALL.weights_bytes
    assert piece.basis is not None


def test_adapters_are_added_one_by_one_and_each_can_be_left_out(
    panel: CompanionsPanel,
    model: OpenModel,
    session: Session,
    settled: Settle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = iter([str(PIRATE.path), str(POET.path)])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (next(names), ""))
    box = panel.adapters
    assert box.accessibleName() == "LoRA adapters"
    assert box.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert words_of(box) == ["none", "Choose a file\u2026"]
    choose(box, "Choose a file\u2026")
    settled(session)
    assert words_of(box) == ["none", "pirate-lora", "Add a file\u2026"]
    assert box.currentText() == "pirate-lora"
    assert panel.remark.text() == "Counted: adapter 32.0 MiB"
    choose(box, "Add a file\u2026")
    settled(session)
    assert words_of(box)[1:-1] == ["2 adapters", "without pirate-lora", "without poet-lora"]
    assert box.currentText() == "2 adapters"
    assert panel.remark.text() == "Counted: 2 adapters 64.0 MiB"
    choose(box, "2 adapters")  # as it is already
    assert model.beside.counted.adapters == (PIRATE, POET)
    choose(box, "without pirate-lora")
    settled(session)
    assert model.beside.counted.adapters == (POET,)
    choose(box, "none")
    settled(session)
    assert model.beside.counted.adapters == ()
    assert panel.remark.text().startswith("A projector lies beside this model.")


def test_what_is_gone_is_said_in_place_until_something_else_is_chosen(
    panel: CompanionsPanel, domain: FakeDomain, model: OpenModel, session: Session, settled: Settle
) -> None:
    session.accompanying.use_projector(model, SMALL)
    settled(session)
    del domain.companions.side_files[SMALL.path.name]
    session.look_again()
    settled(session)
    where = SMALL.path.parent
    assert panel.gone.text() == f"{SMALL.path.name} is not in {where} any more, and is no longer counted."
    assert panel.gone.isVisible()
    assert not panel.problem.isVisible()
    assert model.recommendation is not None
    session.accompanying.use_adapters(model, (POET,))
    settled(session)
    assert not panel.gone.isVisible()
