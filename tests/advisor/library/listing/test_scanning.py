from __future__ import annotations

import io
import json
import socket
import sys
import threading
from pathlib import Path

import pytest

from advisor.hardware.document import hardware_to_dict
from advisor.library.installed import InstalledModel
from advisor.library.listing import scanning
from advisor.library.listing.listing import Listed, listed
from advisor.library.listing.scanning import Headers
from advisor.library.listing.serving import question, serve
from advisor.units import GiB
from tests.support.answers import computer, gpu
from tests.support.gguf_bytes import GgufBytes
from tests.support.model_stores import add_file
from tests.support.shapes import write_shape

HERE = computer(gpu(total=12 * GiB, free=11 * GiB))


def model_of(path: Path) -> InstalledModel:
    return InstalledModel("folder", path.name, path, 1)


@pytest.mark.parametrize(
    "words", [("-c", "print('no JSON', flush=True)"), ("-c", "pass"), ("-c", "print('[]')")]
)
def test_a_child_that_answers_nonsense_costs_one_line(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_shape("llama-3.2-1b", tmp_path)
    headers = Headers()
    try:
        with monkeypatch.context() as broken:
            broken.setattr(scanning, "_WORDS", words)
            broken.setattr(scanning, "command_line", lambda: (scanning.sys.executable,))
            line = headers.line(model_of(path), HERE)
            assert line is not None
            assert "the program that reads it ended" in str(line.problem)
        line = headers.line(model_of(path), HERE)
        assert line is not None
        assert line.n_ctx_max
    finally:
        headers.close()


def test_a_program_that_is_not_there_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "command_line", lambda: (str(tmp_path / "absent"),))
    line = Headers().line(model_of(write_shape("llama-3.2-1b", tmp_path)), HERE)
    assert line is not None
    assert line.problem


def test_closing_ends_a_question_that_is_not_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = Headers()
    lines: list[Listed | None] = []
    path = write_shape("llama-3.2-1b", tmp_path)
    asking = threading.Thread(target=lambda: lines.append(headers.line(model_of(path), HERE)))
    with socket.create_server(("127.0.0.1", 0)) as door:
        knock = f"socket.create_connection(('127.0.0.1', {door.getsockname()[1]}))"
        code = f"import socket, sys; connection = {knock}; sys.stdin.read()"
        monkeypatch.setattr(scanning, "command_line", lambda: (sys.executable, "-c", code))
        asking.start()
        door.accept()[0].close()  # the child is there, and will not answer
        headers.close()
        asking.join()
    (line,) = lines
    assert line is not None
    assert line.problem


def test_nothing_is_started_once_it_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning.subprocess, "Popen", None)
    headers = Headers()
    headers.close()
    line = headers.line(model_of(write_shape("llama-3.2-1b", tmp_path)), HERE)
    assert line is not None
    assert line.problem


def test_the_child_answers_as_the_list_does(tmp_path: Path) -> None:
    models = [
        model_of(write_shape("llama-3.1-8b", tmp_path)),
        model_of(tmp_path / "gone.gguf"),
        InstalledModel("ollama", "broken:latest", tmp_path, 0, problem="It is broken."),
    ]
    side_file = add_file(tmp_path, "words.gguf", GgufBytes({"general.architecture": "llama"}).build())
    headers = Headers()
    try:
        for here in (HERE, computer()):
            assert [headers.line(model, here) for model in models] == list(listed(models, here))
        assert headers.line(model_of(side_file), HERE) is None
    finally:
        headers.close()


def test_a_question_without_hardware_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no hardware"):
        serve([question(model_of(tmp_path), None)], io.StringIO())


def test_hardware_is_told_once(tmp_path: Path) -> None:
    model = model_of(write_shape("llama-3.2-1b", tmp_path))
    answers = io.StringIO()
    serve([question(model, hardware_to_dict(HERE)), question(model, None)], answers)
    first, second = answers.getvalue().splitlines()
    assert first == second
    assert json.loads(first)["model"]["n_ctx_max"]


def test_a_bundle_starts_its_own_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "IS_BUNDLE", True)
    monkeypatch.setattr(scanning.sys, "executable", str(Path("folder", "window.exe")))
    assert scanning.command_line() == (str(Path("folder", "context-advisor.exe")),)
