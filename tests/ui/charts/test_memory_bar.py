"""The memory bar answers to pointer and keys with exact bytes, is read aloud, and shows too much as such."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from advisor.memory.plan import DeviceMemory
from advisor.units import GiB
from tests.support import answers
from ui.charts.memory_bar import MemoryBar
from ui.charts.memory_layout import Part
from ui.theme import Theme, Tone, rgb, tone_color


@pytest.fixture
def line() -> DeviceMemory:
    return answers.recommendation().plan.memory[0]


@pytest.fixture
def bar(line: DeviceMemory, qtbot: QtBot) -> MemoryBar:
    made = MemoryBar(line)
    qtbot.addWidget(made)
    made.resize(800, 32)
    made.show()
    return made


def test_it_is_named_and_described_for_who_cannot_see_it(bar: MemoryBar) -> None:
    assert bar.accessibleName() == "Memory of NVIDIA GeForce RTX 4070"
    for words in ("usable", "Weights 4.6 GiB", "KV cache", "Headroom"):
        assert words in bar.accessibleDescription()


def test_the_arrow_keys_walk_over_the_pieces_with_exact_bytes(
    bar: MemoryBar, line: DeviceMemory, qtbot: QtBot
) -> None:
    told: list[object] = []
    bar.pointed.connect(told.append)
    qtbot.keyClick(bar, Qt.Key.Key_Right)
    assert bar.segment is not None
    assert bar.segment.part is Part.WEIGHTS
    qtbot.keyClick(bar, Qt.Key.Key_Right)
    assert bar.segment.part is Part.KV_CACHE
    assert f"({line.buffers.kv_cache_bytes:,} bytes)" in str(told[-1])
    assert "exact, asked from llama.cpp" in str(told[-1])
    assert bar.accessibleDescription() == told[-1]
    qtbot.keyClick(bar, Qt.Key.Key_Home)
    assert bar.segment.part is Part.WEIGHTS
    qtbot.keyClick(bar, Qt.Key.Key_Left)
    assert bar.segment.part is Part.WEIGHTS
    qtbot.keyClick(bar, Qt.Key.Key_End)
    assert bar.segment.part is Part.FREE
    qtbot.keyClick(bar, Qt.Key.Key_Right)
    assert bar.segment.part is Part.FREE
    qtbot.keyClick(bar, Qt.Key.Key_Escape)
    assert bar.segment is None
    assert told[-1] is None


def test_hovering_tells_the_piece_under_the_pointer(bar: MemoryBar, qtbot: QtBot) -> None:
    told: list[object] = []
    bar.pointed.connect(told.append)
    qtbot.mouseMove(bar, QPoint(20, 16))
    assert bar.segment is not None
    assert bar.segment.part is Part.WEIGHTS
    assert "Weights on NVIDIA GeForce RTX 4070" in str(told[-1])


def test_the_mapped_part_of_the_weights_is_told(qtbot: QtBot) -> None:
    ram = MemoryBar(answers.recommendation(hardware=answers.computer()).plan.memory[-1])
    qtbot.addWidget(ram)
    qtbot.keyClick(ram, Qt.Key.Key_Home)
    assert ram.segment is not None
    assert "the file itself, mapped" in ram.sentence(0)


def test_bytes_beyond_32_bit_arrive_whole(qtbot: QtBot, line: DeviceMemory) -> None:
    huge = replace(line, buffers=replace(line.buffers, weights_bytes=400 * GiB), device_total_bytes=640 * GiB)
    bar = MemoryBar(huge)
    qtbot.addWidget(bar)
    told: list[object] = []
    bar.pointed.connect(told.append)
    qtbot.keyClick(bar, Qt.Key.Key_Home)
    assert "429,496,729,600 bytes" in str(told[-1])


def test_too_much_is_marked_beyond_the_capacity(line: DeviceMemory, qtbot: QtBot, theme: Theme) -> None:
    def has_mark(bar: MemoryBar) -> bool:
        bad = rgb(tone_color(Tone.BAD, bar.palette()))
        image: QImage = bar.grab().toImage()
        row = image.height() // 2
        return any(rgb(image.pixelColor(x, row)) == bad for x in range(image.width()))

    fits = MemoryBar(line)
    too_much = MemoryBar(replace(line, buffers=replace(line.buffers, kv_cache_bytes=30 * GiB)))
    for bar in (fits, too_much):
        qtbot.addWidget(bar)
        bar.resize(800, 32)
    assert not has_mark(fits)
    assert has_mark(too_much)


@pytest.mark.parametrize("width", [1, 40, 4000])
def test_any_width_can_be_painted(bar: MemoryBar, width: int) -> None:
    bar.resize(width, 32)
    assert not bar.grab().isNull()


def test_a_new_plan_leaves_the_pointer_where_it_was(bar: MemoryBar, qtbot: QtBot) -> None:
    told: list[object] = []
    qtbot.keyClick(bar, Qt.Key.Key_End)
    bar.pointed.connect(told.append)
    larger = answers.recommendation(goal=answers.CHAT).plan.memory[0]
    bar.show_memory(larger)
    assert bar.segment is not None
    assert bar.segment.part is Part.FREE
    left = larger.usable_bytes - larger.total_bytes
    assert f"({left:,} bytes)" in str(told[-1])
