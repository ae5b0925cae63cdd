"""This computer's page: findings first, every memory with its figures, what is kept free and its cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from advisor.basis import Note
from advisor.errors import EngineMissing, PresetError
from advisor.hardware.device import Hardware
from advisor.hardware.doctor.findings import Severity
from advisor.units import GiB
from tests.support import answers, computers
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from ui.computer.device_card import DeviceCard
from ui.computer.findings_panel import FindingCard
from ui.session.computer import AGAIN_SECONDS
from ui.session.doctor import report_of
from ui.session.preferences import Preferences
from ui.session.session import Session
from ui.theme import Theme
from ui.widgets.severity_mark import SeverityMark
from ui.window.main_window import MainWindow

FILE = Path("/models/llama.gguf")
Settle = Callable[[Session], None]
Opener = Callable[..., MainWindow]
_CHILDREN = Qt.FindChildOption.FindDirectChildrenOnly


@pytest.fixture
def opened(window: MainWindow, session: Session, domain: FakeDomain, settled: Settle) -> Opener:
    """The window on its page for a computer."""

    def open_page(hardware: Hardware, *, with_model: bool = False) -> MainWindow:
        domain.computer = hardware
        session.start()
        if with_model:
            window.open_paths([FILE])
        settled(session)
        window.actions_.computer.trigger()
        settled(session)
        QApplication.processEvents()
        return window

    return open_page


def texts(widget: QWidget) -> str:
    QApplication.processEvents()
    return " | ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


# --- the way there and back


def test_every_way_leads_to_the_page_and_back(
    window: MainWindow, session: Session, settled: Settle, qtbot: QtBot
) -> None:
    session.start()
    settled(session)
    details = next(
        b
        for b in window.welcome.findChildren(QAbstractButton)
        if b.text() == "Details\u2026" and b.isVisible()
    )
    details.click()
    assert window.computer.isVisible()
    window.computer.back.click()
    assert window.welcome.isVisible()
    window.open_paths([FILE])
    settled(session)
    window.sidebar.findChild(QToolButton).click()
    assert window.computer.isVisible()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=20_000)  # a shortcut is of the active window
    qtbot.keyClick(window.computer.back, Qt.Key.Key_Escape)
    assert window.page.isVisible()
    window.actions_.computer.trigger()
    window.actions_.computer.trigger()
    assert window.page.isVisible()


def test_an_opened_file_leaves_the_page(opened: Opener, session: Session, settled: Settle) -> None:
    window = opened(computers.ram_only())
    window.open_paths([FILE])
    assert window.page.isVisible()
    settled(session)


def test_before_anything_is_known_the_page_says_so(window: MainWindow) -> None:
    window.actions_.computer.trigger()
    assert "Looking at this computer" in texts(window.computer)
    assert not window.computer.copy_report.isEnabled()
    assert window.computer.cards == []


# --- what is wrong


def test_the_cpu_only_build_is_said_first_with_its_command(opened: Opener, theme: Theme) -> None:
    page = opened(computers.cpu_only_build()).computer
    cards = page.findings.findChildren(FindingCard)
    assert (
        cards[0].accessibleName().startswith("Problem: The installed llama-cpp-python was built for the CPU")
    )
    assert cards[1].accessibleName().startswith("Could be better: Other programs hold")
    command = page.findings.commands[0]
    assert command.field.isReadOnly()
    assert command.field.text().startswith("python -m pip install")
    assert command.field.text().endswith("/whl/cu124")
    assert not page.grab().isNull()


def test_each_severity_has_a_word_and_a_shape(opened: Opener) -> None:
    hardware = computers.cpu_only_build()
    ram = replace(hardware.ram, notes=(Note("wsl", "WSL sees only its part."),))
    page = opened(replace(hardware, devices=(*hardware.gpus, ram))).computer
    said = texts(page.findings)
    assert [said.index(word) for word in ("Problem", "Could be better", "Good to know")] == sorted(
        said.index(word) for word in ("Problem", "Could be better", "Good to know")
    )
    marks = page.findings.findChildren(SeverityMark)
    assert [mark.severity for mark in marks] == list(Severity)


def test_the_signs_differ_by_shape_and_not_only_by_colour(qtbot: QtBot) -> None:
    def shape(severity: Severity | None) -> QImage:
        """Black on white, whatever the colour."""
        mark = SeverityMark(severity)
        qtbot.addWidget(mark)
        mark.resize(64, 64)
        palette = mark.palette()
        palette.setColor(QPalette.ColorRole.Window, palette.color(QPalette.ColorRole.Base))
        mark.setPalette(palette)
        return (
            mark.grab()
            .toImage()
            .convertToFormat(QImage.Format.Format_Mono, Qt.ImageConversionFlag.ThresholdDither)
        )

    shapes = [shape(severity) for severity in (*Severity, None)]
    assert all(one != other for i, one in enumerate(shapes) for other in shapes[i + 1 :])


def test_nothing_wrong_is_said_with_a_tick(opened: Opener, theme: Theme) -> None:
    page = opened(computers.ram_only()).computer
    assert "Nothing is wrong." in texts(page.findings)
    assert [mark.severity for mark in page.findings.findChildren(SeverityMark)] == [None]
    assert not page.grab().isNull()


def test_nothing_is_judged_while_the_engine_starts(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot
) -> None:
    gate = domain.hello_gate = Gate()
    window.actions_.computer.trigger()
    session.start()
    qtbot.waitUntil(lambda: bool(window.computer.cards))
    assert not window.computer.findings.isVisible()
    gate.open()
    settled(session)
    assert window.computer.findings.isVisible()


def test_a_missing_engine_is_a_finding(opened: Opener, domain: FakeDomain) -> None:
    domain.engine_missing = EngineMissing("llama-cpp-python is not installed.", hint="Install it.")
    page = opened(computers.ram_only()).computer
    assert "llama-cpp-python is not installed." in texts(page.findings)
    assert page.findings.commands[0].field.text().startswith("python -m pip install --no-cache-dir")


def test_a_computer_that_cannot_be_read_says_why(opened: Opener, domain: FakeDomain) -> None:
    domain.hardware_error = PresetError("The table of GPUs is damaged.", hint="Install again.")
    page = opened(computers.ram_only()).computer
    assert "The table of GPUs is damaged." in texts(page)


# --- the memories


def test_every_memory_is_told_with_figures_and_their_origin(opened: Opener, theme: Theme) -> None:
    page = opened(computers.two_cards()).computer
    assert [card.accessibleName() for card in page.cards] == [
        "NVIDIA GeForce RTX 4070",
        "NVIDIA RTX 6000 Ada Generation with a very long product name, Workstation Edition",
        "RAM",
    ]
    first, second, ram = (texts(card) for card in page.cards)
    for words in (
        "Total | 12.0 GiB | NVIDIA\u2019s driver (NVML), llama.cpp",
        "Free now | 7.5 GiB",
        "Reserve | 1.0 GiB | kept free, automatic",
        "Usable now | 6.5 GiB | free less reserve",
        "If you close other programs | 10.8 GiB",
        "Reserved by driver | 225.0 MiB",
        "Memory bandwidth | 504 GB/s | published figure",
        "Ollama holds 3.5 GiB",
        "Also held by Xorg (210.0 MiB), gnome-shell (160.0 MiB), firefox",
        "The bandwidth is the published one",
    ):
        assert words in first
    assert "Free now | not known | the driver does not tell" in second
    assert "assumed: total less reserve" in second
    assert "Linux (meminfo)" in ram
    assert not page.grab().isNull()


def test_the_figures_of_one_memory_stand_below_those_of_another(opened: Opener, qtbot: QtBot) -> None:
    window = opened(computers.cpu_only_build())
    window.resize(1280, 900)
    cards = window.findChildren(DeviceCard)
    assert len(cards) == 2

    def columns(card: DeviceCard) -> list[int]:
        return sorted({tile.x() for tile in card.figures.findChildren(QWidget, options=_CHILDREN)})

    qtbot.waitUntil(lambda: len(columns(cards[0])) > 2)
    assert columns(cards[0]) == columns(cards[1])


def test_who_holds_it_is_not_known_where_the_driver_is_silent(opened: Opener) -> None:
    hardware = answers.computer(answers.gpu())
    page = opened(hardware).computer
    assert "does not tell which programs" in texts(page.cards[0])
    assert "does not tell which programs" not in texts(page.cards[1])


def test_the_bar_says_what_is_pointed_at(opened: Opener, qtbot: QtBot) -> None:
    page = opened(computers.ram_only()).computer
    bar = page.cards[0].bar
    qtbot.keyClick(bar, Qt.Key.Key_End)
    assert "Usable on RAM: 19.0 GiB (20,401,094,656 bytes) · what a model may take now" in texts(
        page.cards[0]
    )


def test_cards_stay_where_nothing_is_new(
    opened: Opener, session: Session, settled: Settle, domain: FakeDomain
) -> None:
    page = opened(computers.two_cards()).computer
    before = page.cards
    session.look_again()
    settled(session)
    assert page.cards == before
    domain.computer = computers.ram_only()
    session.look_again()
    settled(session)
    assert [card.accessibleName() for card in page.cards] == ["RAM"]


# --- copying


def test_a_command_is_copied_and_says_so_until_another_is(opened: Opener) -> None:
    page = opened(computers.cpu_only_build()).computer
    first, second = page.findings.commands
    first.copy_button.click()
    assert QGuiApplication.clipboard().text() == first.field.text()
    assert (first.copy_button.text(), second.copy_button.text()) == ("Copied", "Copy")
    second.copy_button.click()
    assert QGuiApplication.clipboard().text() == "ollama stop llama3.1:8b"
    assert (first.copy_button.text(), second.copy_button.text()) == ("Copy", "Copied")


def test_the_report_is_the_doctors(opened: Opener, session: Session) -> None:
    page = opened(computers.cpu_only_build()).computer
    page.copy_report.click()
    text = QGuiApplication.clipboard().text()
    assert session.hardware is not None
    assert text == report_of(session.hardware, session.engine)
    assert "llama-cpp-python 0.3.36, built for CUDA, CPU\n" in text
    assert "Problem: The installed llama-cpp-python was built for the CPU only" in text


# --- what is kept free


def test_what_is_kept_free_is_chosen_answered_and_remembered(
    opened: Opener, session: Session, preferences: Preferences, settled: Settle
) -> None:
    window = opened(answers.computer(answers.gpu()), with_model=True)
    panel = window.computer.reserve
    assert panel.choices["auto"].isChecked()
    assert session.current is not None
    assert session.current.recommendation is not None
    before = session.current.recommendation.n_ctx_safe
    panel.choices["30%"].click()
    settled(session)
    assert session.current.recommendation.n_ctx_safe < before
    assert preferences.reserve == "30%"
    assert "kept free, your choice" in texts(window.computer.cards[0])


def test_each_choice_says_what_it_costs_the_shown_model(
    opened: Opener, session: Session, domain: FakeDomain
) -> None:
    panel = opened(answers.computer(answers.gpu()), with_model=True).computer.reserve
    said = {name: cost.text() for name, cost in panel.costs.items()}
    assert said["auto"] == ""
    assert said["1GiB"] == "costs nothing"
    assert said["512MiB"].startswith("+")
    assert said["30%"].startswith("costs ")
    assert panel.choices["30%"].accessibleDescription() == said["30%"]
    assert "Llama 3.1 8B Instruct" in texts(panel)
    assert domain.asked.count("reserves Llama 3.1 8B Instruct") == 1


def test_what_no_longer_fits_is_said(opened: Opener, domain: FakeDomain) -> None:
    domain.models = {FILE.name: answers.model("Large", weights_bytes=7 * GiB)}
    panel = opened(answers.computer(answers.gpu()), with_model=True).computer.reserve
    assert panel.costs["30%"].text() == "does not fit"


def test_costs_are_not_asked_for_while_nobody_looks(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    window.open_paths([FILE])
    settled(session)
    assert not [asked for asked in domain.asked if asked.startswith("reserves")]


def test_without_a_model_no_cost_is_shown(opened: Opener) -> None:
    panel = opened(computers.ram_only()).computer.reserve
    assert {cost.text() for cost in panel.costs.values()} == {""}
    assert "With a model open" in texts(panel)


# --- looking again


def test_the_button_looks_again(
    opened: Opener, session: Session, domain: FakeDomain, settled: Settle
) -> None:
    window = opened(computers.ram_only())
    domain.computer = computers.cpu_only_build()
    window.computer.look_again.click()
    settled(session)
    assert len(window.computer.cards) == 2


def test_coming_back_to_the_window_looks_again(
    window: MainWindow, session: Session, domain: FakeDomain, settled: Settle, qapp: QApplication
) -> None:
    session.start()
    settled(session)
    domain.asked.clear()
    now = session.computer._clock() + AGAIN_SECONDS
    session.computer._clock = lambda: now
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
    assert session.is_settled
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    settled(session)
    assert domain.asked == ["detect"]


@pytest.mark.parametrize("width", [100, 700, 1000, 2000])
def test_there_is_no_sideways_scrolling(opened: Opener, qtbot: QtBot, width: int) -> None:
    window = opened(computers.two_cards(), with_model=True)
    window.resize(width, 700)
    page = window.computer
    qtbot.waitUntil(lambda: page.widget().width() == page.viewport().width() and page.width() > 0)
    assert page.widget().minimumSizeHint().width() <= page.viewport().width()
