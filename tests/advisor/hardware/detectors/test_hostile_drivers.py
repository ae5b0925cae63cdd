"""Systems, programs and drivers that answer with what cannot be, or vanish between two calls: none raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from advisor.hardware.detect import detect
from advisor.hardware.detectors import apple, nvidia, ram, windows
from advisor.hardware.detectors.dxgi import Adapter
from advisor.hardware.detectors.nvml import GPU_IS_LOST, Nvml
from advisor.hardware.detectors.ram import VirtualMemory
from advisor.hardware.reading import Detection
from advisor.units import GiB
from tests.support.devices import check_figures


def silent() -> VirtualMemory:
    raise OSError("host_statistics64 failed")


@pytest.mark.parametrize("where", ["darwin", "win32"])
def test_a_system_that_does_not_tell_its_memory(where: str) -> None:
    (reading,) = ram.detect(platform=where, virtual_memory=silent).readings
    assert (reading.total_bytes, reading.free_bytes) == (None, None)


@pytest.mark.parametrize(
    "answer",
    ["hw.memsize: \N{SUPERSCRIPT TWO}", "hw.memsize: " + "9" * 400, "hw.memsize: -5", ":" * 50, "\0", "x: y"],
    ids=["digit", "endless", "negative", "colons", "nul", "other"],
)
@pytest.mark.parametrize(
    "displays",
    ["", "[" * 100_000, '{"SPDisplaysDataType": [{"sppci_cores": Infinity}]}'],
    ids=["none", "deep", "endless"],
)
def test_programs_of_macos_that_answer_with_garbage(answer: str, displays: str) -> None:
    def run(command: Sequence[str]) -> str:
        chip = "machdep.cpu.brand_string: Apple M3 Max\niogpu.wired_limit_mb: " + "9" * 400
        return f"{chip}\n{answer}\n" if command[0].endswith("sysctl") else displays

    for more in ("", f"hw.memsize: {GiB}\n"):
        found = apple.detect(run=lambda command, more=more: run(command) + more, virtual_memory=silent)
        check_figures(detect(detections=(found,)))


@pytest.mark.parametrize("number", [0, -1, 2**63, 2**64 - 1])
def test_adapters_of_windows_with_impossible_figures(number: int) -> None:
    adapter = Adapter("\N{REPLACEMENT CHARACTER}" * 40, number, number, number, number, number)
    found = windows.detect(adapters=lambda: (adapter, adapter))
    registry = windows.detect(adapters=no_adapters, registry_sizes=lambda: (("", number),))
    check_figures(detect(detections=(found, registry)))


def no_adapters() -> tuple[Adapter, ...]:
    raise OSError("dxgi.dll")


class Answers:
    """A library of NVIDIA's in which every function answers the same."""

    def __init__(self, answer: Callable[[], object]) -> None:
        self._answer = answer

    def __getattr__(self, name: str) -> Callable[..., object]:
        return lambda *_arguments, **_options: self._answer()


class Figures:
    """Whatever it is asked for, it has one figure."""

    def __init__(self, figure: object) -> None:
        self._figure = figure

    def __getattr__(self, name: str) -> object:
        return self._figure


class Lost(Exception):
    """As pynvml says that a card is gone."""

    value = GPU_IS_LOST


def driver(answer: Callable[[], object]) -> Detection:
    return nvidia.detect(Path("/nowhere"), load=lambda _root, _platform: Nvml(Answers(answer)))


@pytest.mark.parametrize(
    "answer",
    [
        *(
            None,
            0,
            -1,
            3,
            2**63,
            2**40,
            True,
            1.5,
            "",
            "text",
            b"\xff\xfe",
            (),
            [],
            [1],
            [1, 2, 3],
            [None, None],
        ),
        *(
            {},
            object(),
            Figures(None),
            Figures(-1),
            Figures(2**65),
            Figures("text"),
            [Figures(3)],
            [Figures("x")],
        ),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_a_driver_whose_every_answer_is_the_same(answer: Any) -> None:
    check_figures(detect(detections=(driver(lambda: answer),)))


@pytest.mark.parametrize("error", [Lost(), RuntimeError("x"), MemoryError(), KeyError("x"), StopIteration()])
@pytest.mark.parametrize("n_calls", range(12))
def test_a_driver_that_vanishes_between_two_calls(error: Exception, n_calls: int) -> None:
    """It answers like a sound one until it is gone."""

    def answers() -> Iterator[object]:
        yield from (None, 1, *(Figures(GiB) for _ in range(n_calls)))
        while True:
            yield None

    following = answers()
    left = n_calls + 2

    def answer() -> object:
        nonlocal left
        left -= 1
        if left < 0:
            raise error
        return next(following)

    check_figures(detect(detections=(driver(answer),)))


@pytest.mark.parametrize("code", [GPU_IS_LOST, None])
def test_a_driver_that_is_gone_before_the_cards_are_counted_is_a_finding(code: int | None) -> None:
    asked = 0

    def answer() -> object:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise Lost if code else RuntimeError
        return None

    (finding,) = driver(answer).findings
    assert finding.code == ("nvidia-gpu-lost" if code else "nvidia-driver-error")
