"""The program that takes an export over: run without a shell, and ended when whoever listens says so."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.errors import Cancelled, OutputError
from advisor.export import running
from advisor.export.export import Export, File
from advisor.export.registry import render
from advisor.export.running import MOST_LINES, named_programs, run_listening, run_programs
from advisor.settings.load_settings import LoadSettings
from tests.support.planning import a_model

EXPORT = Export(
    runtime="ollama",
    files=(File("Modelfile", "FROM x\n"),),
    verified_with="nothing",
    programs=(("stand-in", "create", "name", "-f", "Modelfile"),),
)


KEY = "maker/a model-GGUF/x.gguf"  # as LM Studio knows a model


def path_with(folder: Path, script: str) -> dict[str, str]:
    file = folder / "stand-in"
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def heard(environment: dict[str, str], written: Path) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    run_listening(EXPORT, written, environment, found.append)
    return found


Run = Callable[[dict[str, str], Path], object]


def ran(environment: dict[str, str], written: Path) -> None:
    run_programs(EXPORT, written, environment)


@pytest.mark.parametrize("run", [heard, ran])
def test_a_program_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="stand-in was not found") as caught:
        run({"PATH": str(tmp_path)}, tmp_path / "a file")
    assert caught.value.code == "program-missing"
    assert f"stand-in create name -f '{tmp_path / 'a file'}'" in caught.value.hint


@pytest.mark.parametrize("run", [heard, ran])
@pytest.mark.parametrize("content", [b"\x7fELF broken", b"#!/absent/interpreter\n"])
def test_a_program_that_cannot_be_started_is_one_sentence(run: Run, content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "stand-in"
    file.write_bytes(content)
    file.chmod(0o755)
    with pytest.raises(OutputError, match="could not be started") as caught:
        run({"PATH": str(tmp_path)}, tmp_path / "Modelfile")
    assert caught.value.code == "program-failed"


def test_a_failure_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="ended with 3"):
        ran(path_with(tmp_path, "exit 3"), tmp_path / "Modelfile")


def test_nothing_runs_where_nothing_is_named(tmp_path: Path) -> None:
    run_programs(replace(EXPORT, programs=()), tmp_path, {"PATH": ""})


@pytest.mark.parametrize(("to", "name"), [("ollama", "ollama"), ("lm-studio", "lms")])
def test_what_runs_gets_its_words_without_a_shell(to: str, name: str, tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / name
    text = f"import json, sys; open({str(told)!r}, 'w').write(json.dumps(sys.argv[1:]))"
    program.write_text(f"#!{sys.executable}\n{text}\n", encoding="utf-8")
    program.chmod(0o755)
    settings = LoadSettings(n_ctx=4096, n_gpu_layers=33)
    model = KEY if to == "lm-studio" else "/m/$(touch x); `id`.gguf"
    export = render(to, settings, a_model(), model_path=model)
    written = tmp_path / "my folder" / "$HOME.modelfile"
    run_programs(export, written, {**os.environ, "PATH": str(tmp_path / "bin")})
    words = json.loads(told.read_text(encoding="utf-8"))
    if to == "ollama":
        assert words == ["create", "touch-x-id-ctx4096", "-f", str(written)]
    else:
        asked = ["--gpu", "max", "--context-length", "4096", "--parallel", "1", "--yes"]
        assert words == ["load", KEY, *asked]


def test_a_failure_is_told_after_what_was_said(tmp_path: Path) -> None:
    found: list[tuple[str, ...]] = []
    with pytest.raises(OutputError, match="ended with 7"):
        run_listening(EXPORT, tmp_path / "m", path_with(tmp_path, "echo why >&2; exit 7"), found.append)
    assert found[-1] == ("why",)


def test_the_written_file_takes_the_place_of_its_name(tmp_path: Path) -> None:
    place = tmp_path / "a file"
    assert named_programs(EXPORT, place) == (("stand-in", "create", "name", "-f", str(place)),)
    assert heard(path_with(tmp_path, 'echo "$4"'), place)[-1] == (str(place),)


def test_what_a_terminal_would_hide_is_left_out(tmp_path: Path) -> None:
    script = r"""printf '\033[?25l\033[2K\033[1Gpulling\r 50%%\r100%%\n\n100%%\n\377\tend\n'"""
    assert heard(path_with(tmp_path, script), tmp_path)[-1] == ("100%", "\ufffd\tend")


def test_only_the_end_of_much_is_kept(tmp_path: Path) -> None:
    last = heard(path_with(tmp_path, f"seq {MOST_LINES * 10}"), tmp_path)[-1]
    assert len(last) == MOST_LINES
    assert last[-1] == str(MOST_LINES * 10)


def test_whoever_listens_can_end_it(tmp_path: Path) -> None:
    def report(lines: tuple[str, ...]) -> None:
        if lines:
            raise Cancelled

    began = time.monotonic()
    with pytest.raises(Cancelled):
        run_listening(EXPORT, tmp_path, path_with(tmp_path, "echo begun; exec sleep 600"), report)
    assert time.monotonic() - began < 300  # not what it would have taken


def test_what_it_left_running_does_not_hold_it_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LM Studio's command starts a service, which keeps the pipe."""
    monkeypatch.setattr(running, "_PATIENCE_SECONDS", 0.2)
    script = f"sleep 600 & echo $! > '{tmp_path}/pid'; echo started"
    try:
        assert heard(path_with(tmp_path, script), tmp_path)[-1] == ("started",)
    finally:
        os.kill(int((tmp_path / "pid").read_text(encoding="utf-8")), signal.SIGKILL)
