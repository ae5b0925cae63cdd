"""The doctor's report: whole, the same everywhere, and without anything that names a person."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.basis import Note
from advisor.cli.main import main
from advisor.errors import EngineMissing, EngineUnfit
from advisor.hardware.device import Hardware
from advisor.hardware.doctor.findings import EngineState, Finding, Severity, findings
from advisor.hardware.doctor.report import (
    LineKind,
    engine_state,
    notes_beside,
    report_lines,
    report_text,
    without_homes,
)
from advisor.hardware.document import hardware_to_dict, load_hardware
from tests.support import computers


def text_of(hardware: Hardware, engine: EngineState | None = None) -> str:
    return report_text(report_lines(hardware, findings(hardware, engine, platform="linux")))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("/home/ada/venv/bin/python -m pip", "~/venv/bin/python -m pip"),
        ("in /Users/ada/lib.", "in ~/lib."),
        (r"C:\Users\Ada\AppData\x.dll", r"~\AppData\x.dll"),
        ('open "/home/ada"', 'open "~"'),
        ("no path at all", "no path at all"),
        ("/usr/lib/libcuda.so", "/usr/lib/libcuda.so"),
    ],
)
def test_home_directories_are_not_in_a_report(text: str, cleaned: str) -> None:
    assert without_homes(text) == cleaned


def test_a_home_elsewhere_is_known_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/data/people/ada"))
    assert without_homes("/data/people/ada/x") == "~/x"
    monkeypatch.setattr(Path, "home", lambda: Path("/"))
    assert without_homes("/usr/lib") == "/usr/lib"


def test_an_account_without_a_home_has_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", fail)
    assert without_homes("/usr/lib, /home/ada") == "/usr/lib, ~"


def test_a_path_in_a_finding_is_cleaned() -> None:
    found = Finding(
        "engine-broken", Severity.ERROR, "cannot open /home/ada/x.so", "/home/ada/bin/python -m pip"
    )
    text = report_text(report_lines(computers.ram_only(), [found]))
    assert "ada" not in text
    assert "Problem: cannot open ~/x.so\n    ~/bin/python -m pip\n" in text


def test_every_memory_is_told_with_its_figures_and_holders() -> None:
    text = text_of(computers.two_cards())
    assert "NVIDIA GeForce RTX 4070, memory of its own, CUDA0 in llama.cpp\n" in text
    assert "    12.0 GiB in all, 7.5 GiB free now" in text
    assert "225.0 MiB reserved by the driver, 504 GB/s memory bandwidth" in text
    assert "held by Ollama 3.5 GiB, Xorg 210.0 MiB, gnome-shell 160.0 MiB, firefox\n" in text
    assert "read from nvml, ggml" in text
    assert "free is not told" in text
    assert "\nRAM\n" in text


def test_nothing_wrong_is_said() -> None:
    lines = report_lines(computers.ram_only(), (), binding="0.3.36", backends=("CPU",))
    assert lines[-1].kind is LineKind.GOOD
    assert any(line.text == "llama-cpp-python 0.3.36, built for CPU" for line in lines)


def test_a_note_that_a_finding_repeats_is_said_once() -> None:
    hardware = computers.two_cards()
    text = text_of(hardware)
    assert text.count("does not tell how much of this memory is free") == 1
    device = replace(hardware.ram, notes=(Note("x", "Same."), Note("x", "Same.")))
    assert notes_beside(device, ()) == ("Same.",)


def test_the_engine_as_the_doctor_is_told_of_it() -> None:
    assert engine_state("0.3.36", None) == EngineState("0.3.36")
    assert engine_state(None, None) is None
    missing = EngineMissing("No llama-cpp-python.", hint="Install it.")
    assert engine_state(None, missing) == EngineState(None, missing.message)
    unfit = EngineUnfit("Too new.", hint="Update.")
    assert engine_state(None, unfit) == EngineState("", unfit.message)


def test_the_cpu_only_build_is_said_first() -> None:
    hardware = computers.cpu_only_build()
    hardware = replace(hardware, findings=(Note("rosetta", "Python is translated."), *hardware.findings))
    found = findings(hardware, EngineState("0.3.36"), platform="linux")
    assert [it.code for it in found] == ["cpu-only-build", "rosetta", "memory-held"]
    assert found[0].command is not None
    assert found[0].command.endswith("/whl/cu124")


def test_the_command_line_prints_exactly_this(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "computer.json"
    file.write_text(json.dumps(hardware_to_dict(computers.cpu_only_build())), encoding="utf-8")
    assert main(["doctor", "--hardware", str(file), "--basis", "formula"]) == 0
    hardware = load_hardware(file)
    assert capsys.readouterr().out == report_text(report_lines(hardware, findings(hardware)))
