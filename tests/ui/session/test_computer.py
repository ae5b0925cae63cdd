"""What is known of the computer: read before the engine starts, noticed again, and planned with care."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from advisor.errors import EngineMissing, PresetError
from advisor.hardware.device import Hardware
from advisor.hardware.reserve import Reserve
from advisor.units import GiB, MiB
from tests.support import answers, computers
from tests.support.fake_domain import FakeDomain
from tests.support.gate import Gate
from ui.session.computer import AGAIN_SECONDS, MATTERS_BYTES, matters
from ui.session.session import Session
from ui.session.state import EngineStatus

FILE = Path("/models/llama.gguf")
Settle = Callable[[Session], None]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(session: Session) -> Clock:
    made = Clock()
    session.computer._clock = made
    return made


def with_free(free: int) -> Hardware:
    return answers.computer(answers.gpu(free=free))


# --- the order


def test_the_devices_are_read_before_the_engine_starts_and_put_together_after(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    settled(session)
    assert domain.asked == ["detect", "hello", "put together"]


def test_the_engine_waits_for_a_slow_driver(
    session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot
) -> None:
    gate = domain.hardware_gate = Gate()
    session.start()
    qtbot.waitUntil(gate.reached.is_set, timeout=20_000)
    assert domain.asked == ["detect"]
    gate.open()
    settled(session)
    assert domain.asked == ["detect", "hello", "put together"]


def test_looking_again_keeps_the_order(session: Session, domain: FakeDomain, settled: Settle) -> None:
    session.start()
    settled(session)
    domain.asked.clear()
    session.look_again()
    settled(session)
    assert domain.asked == ["detect", "hello", "put together"]


def test_no_reading_falls_into_a_question_to_the_engine(
    session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot
) -> None:
    session.start()
    settled(session)
    gate = domain.engine_gate = Gate()
    session.open_paths([FILE])
    qtbot.waitUntil(gate.reached.is_set, timeout=20_000)
    domain.asked.clear()
    session.computer.look()
    assert "detect" not in domain.asked
    gate.open()
    settled(session)
    assert "detect" in domain.asked


def test_a_computer_that_cannot_be_read_is_an_error_and_recovers(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.hardware_error = PresetError("The driver is silent.", hint="Look again.")
    session.start()
    settled(session)
    assert session.hardware_error is domain.hardware_error
    assert session.engine.status is EngineStatus.READY
    domain.hardware_error = None
    session.look_again()
    settled(session)
    assert session.hardware_error is None
    assert session.hardware is not None


def test_without_an_engine_the_computer_is_known_all_the_same(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    domain.engine_missing = EngineMissing("None.", hint="Install it.")
    session.start()
    settled(session)
    assert session.hardware == domain.computer
    assert not session.computer._idle.isActive()


# --- coming back to the window


def test_coming_back_reads_the_devices_and_nothing_else(
    session: Session, domain: FakeDomain, settled: Settle, clock: Clock
) -> None:
    session.start()
    settled(session)
    domain.asked.clear()
    clock.now += AGAIN_SECONDS
    session.notice_changes()
    settled(session)
    assert domain.asked == ["detect"]


def test_coming_back_often_asks_once(
    session: Session, domain: FakeDomain, settled: Settle, clock: Clock
) -> None:
    session.notice_changes()  # before the first look there is nothing to look at again
    assert domain.asked == []
    session.start()
    settled(session)
    domain.asked.clear()
    for _ in range(4):
        clock.now += AGAIN_SECONDS * 0.3
        session.notice_changes()
        settled(session)
    assert domain.asked == ["detect"]


def test_coming_back_during_a_question_disturbs_nothing(
    session: Session, domain: FakeDomain, settled: Settle, clock: Clock, qtbot: QtBot
) -> None:
    session.start()
    settled(session)
    gate = domain.engine_gate = Gate()
    session.open_paths([FILE])
    qtbot.waitUntil(gate.reached.is_set, timeout=20_000)
    domain.asked.clear()
    clock.now += AGAIN_SECONDS
    session.notice_changes()
    gate.open()
    settled(session)
    assert "detect" not in domain.asked


def test_a_small_change_is_shown_and_answers_stay(
    session: Session, domain: FakeDomain, settled: Settle, clock: Clock
) -> None:
    session.start()
    session.open_paths([FILE])
    settled(session)
    domain.asked.clear()
    domain.computer = with_free(10 * GiB - MATTERS_BYTES)
    clock.now += AGAIN_SECONDS
    session.notice_changes()
    settled(session)
    assert domain.asked == ["detect"]
    assert session.hardware == domain.computer


def test_small_changes_add_up(session: Session, domain: FakeDomain, settled: Settle, clock: Clock) -> None:
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert session.current is not None
    before = session.current.recommendation
    for step in (1, 2):
        domain.computer = with_free(10 * GiB - step * 40 * MiB)
        clock.now += AGAIN_SECONDS
        session.notice_changes()
        settled(session)
        assert (session.current.recommendation is before) == (step == 1)


def test_a_model_that_was_put_away_elsewhere_changes_the_answer(
    session: Session, domain: FakeDomain, settled: Settle, clock: Clock
) -> None:
    domain.computer = with_free(8 * GiB)
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert session.current is not None
    assert session.current.recommendation is not None
    before = session.current.recommendation.n_ctx_safe
    domain.computer = with_free(11 * GiB)
    clock.now += AGAIN_SECONDS
    session.notice_changes()
    settled(session)
    assert session.current.recommendation.n_ctx_safe > before


def test_what_matters_for_an_answer() -> None:
    here = computers.two_cards()
    card, other, ram = here.devices
    assert not matters(here, here)
    assert not matters(here, replace(here, devices=(replace(card, holders=(), notes=()), other, ram)))
    assert matters(here, Hardware((card, ram)))
    assert matters(here, replace(here, devices=(replace(card, engine_device=None), other, ram)))
    assert matters(here, replace(here, devices=(replace(card, free_bytes=None), other, ram)))
    assert matters(here, replace(here, devices=(replace(card, reserve_bytes=2 * GiB), other, ram)))


# --- what is kept free


def test_a_reserve_answers_all_models_anew_without_asking_the_drivers(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.start()
    session.open_paths([FILE])
    settled(session)
    assert session.current is not None
    assert session.current.recommendation is not None
    before = session.current.recommendation.n_ctx_safe
    domain.asked.clear()
    session.wanted.set_reserve("2GiB")
    settled(session)
    assert "detect" not in domain.asked
    assert session.current.recommendation.n_ctx_safe < before
    assert session.hardware is not None
    assert {device.reserve_bytes for device in session.hardware.devices} == {2 * GiB}


def test_a_reserve_chosen_before_the_first_look_counts_from_then(
    session: Session, domain: FakeDomain, settled: Settle
) -> None:
    session.wanted.set_reserve("25%")
    assert session.is_settled
    session.start()
    settled(session)
    assert session.hardware is not None
    assert session.hardware.ram.reserve_bytes == session.hardware.ram.total_bytes // 4


def test_a_reserve_chosen_during_a_look_wins(
    session: Session, domain: FakeDomain, settled: Settle, qtbot: QtBot
) -> None:
    session.start()
    settled(session)
    gate = domain.hardware_gate = Gate()
    session.look_again()
    qtbot.waitUntil(gate.reached.is_set, timeout=20_000)
    session.wanted.set_reserve("4GiB")
    gate.open()
    settled(session)
    assert session.computer.reserve == Reserve(n_bytes=4 * GiB)
    assert session.hardware is not None
    assert session.hardware.ram.reserve_bytes == 4 * GiB


def test_a_reserve_that_is_no_choice_changes_nothing(session: Session) -> None:
    for name in ("", "3GiB", "120%"):
        session.wanted.set_reserve(name)
    assert session.wanted.reserve == "auto"
