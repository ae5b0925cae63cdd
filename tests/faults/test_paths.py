"""Paths with every odd character, through every answer that names them; and a comma for a point."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.cli.main import main
from tests.support.small_models import small_llama

ROOT = Path(__file__).resolve().parents[2]
FAST = ("--basis", "formula", "--ram", "16GiB")
NAMES = {
    "spaces": "a  b .gguf",
    "single-quote": "it's.gguf",
    "double-quote": 'a"b.gguf',
    "dollar": "$HOME${X}$(id).gguf",
    "backtick": "`id`.gguf",
    "percent": "100%s%PATH%.gguf",
    "hash": "#a#.gguf",
    "semicolon": "a;id;b.gguf",
    "newline": "a\nb.gguf",
    "tab": "a\tb.gguf",
    "escape": "a\x1b[31mb.gguf",
    "unicode": "模型 Größe \U0001f600 \u202egnp.gguf",
    "no-text": os.fsdecode(b"\xff\xfe.gguf"),
    "dash": "-c --help.gguf",
    "backslash": "a\\b.gguf",
    "brackets": "{a}[b](c)<d>.gguf",
    "pipe": "a|b&c>d.gguf",
    "stars": "*?!~^.gguf",
    "long": "x" * 240 + ".gguf",
    "markup": "[bold]x[-bold].gguf",
}
COMMANDS = {
    "inspect": ("inspect",),
    "plan": ("plan", "-c", "4096", *FAST),
    "recommend": ("recommend", *FAST),
    "llama-server": ("export", "--to", "llama-server", "-c", "4096", *FAST),
    "ollama": ("export", "--to", "ollama", "-c", "4096", *FAST),
    "llama-cpp-python": ("export", "--to", "llama-cpp-python", "-c", "4096", *FAST),
}
# What a line of a command or of a file cannot hold; an export of it is refused, not guessed.
NOT_EXPORTED = {"newline", "tab", "escape", "no-text"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = small_llama(tmp_path_factory.mktemp("model") / "m.gguf", n_head=2, n_head_kv=1, n_ff=256).path
    assert path is not None
    return path


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", NAMES)
def test_json_names_the_path_as_it_is(
    small: Path, tmp_path: Path, name: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / NAMES[name]
    path.hardlink_to(small)
    verb, *options = COMMANDS[command]
    code = main([verb, str(path), *options, "--json"])
    said = capsys.readouterr()
    said.out.encode()  # a reader of UTF-8 can read it
    document = json.loads(said.out)
    if verb == "export" and name in NOT_EXPORTED and command != "llama-cpp-python":
        assert code == 2
        assert "cannot be written here" in document["error"]["message"]
        assert not set(said.err) & {"\x1b", "\t"}
    elif verb == "export":
        assert code in (0, 2)
    else:
        assert code == 0
        assert document["model"]["path"] == str(path)


@pytest.fixture
def spelled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, bytes]]:
    """Exit code and output of a command on a terminal or pipe of some encoding."""

    def run(encoding: str, *words: str) -> tuple[int, bytes]:
        out = io.BytesIO()
        with monkeypatch.context() as patch, io.TextIOWrapper(out, encoding=encoding) as stdout:
            patch.setattr(sys, "stdout", stdout)
            code = main(words)
            stdout.flush()
            return code, out.getvalue()

    return run


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
@pytest.mark.parametrize("words", [("inspect",), ("inspect", "--json"), ("plan", "-c", "4096", *FAST)])
@pytest.mark.parametrize("name", ["unicode", "no-text"])
def test_a_terminal_that_cannot_spell_it_gets_escapes(
    small: Path,
    tmp_path: Path,
    spelled: Callable[..., tuple[int, bytes]],
    name: str,
    words: tuple[str, ...],
    encoding: str,
) -> None:
    path = tmp_path / NAMES[name]
    path.hardlink_to(small)
    code, out = spelled(encoding, *words, str(path))
    assert code == 0
    text = out.decode(encoding)
    if "--json" in words:
        assert json.loads(text)["model"]["path"] == str(path)


def test_an_export_is_spelled_as_it_is_or_not_at_all(
    small: Path,
    tmp_path: Path,
    spelled: Callable[..., tuple[int, bytes]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / NAMES["unicode"]
    path.hardlink_to(small)
    assert spelled("ascii", "export", "--to", "llama-server", "-c", "4096", *FAST, str(path)) == (1, b"")
    assert capsys.readouterr().err.splitlines()[0] == "This text has characters that ascii cannot spell."


@pytest.mark.parametrize("verb", ["inspect", "plan", "recommend"])
@pytest.mark.parametrize("name", ["x" * 300, "x/" * 3000, "a\0b", "", "\n"])
def test_a_path_that_no_file_can_have_is_a_sentence(
    verb: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, f"{name}.gguf", "--json"]) in (2, 3)
    said = capsys.readouterr()
    assert json.loads(said.out)["error"]["hint"]
    assert len(said.err.splitlines()) == 2


# Python has no locale until it is told to take one, as Qt tells the C library for the window.
TAKE = """
import json, locale, sys
if sys.argv[1] == "comma":
    try:
        locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
    except locale.Error:
        locale._override_localeconv = {"decimal_point": ",", "thousands_sep": ".", "grouping": [3, 0]}
    assert locale.localeconv()["decimal_point"] == ","
from advisor.cli.main import main
sys.exit(max(main(words) for words in json.loads(sys.argv[2])))
"""


def test_a_comma_for_a_point_changes_no_answer(small: Path, tmp_path: Path) -> None:
    in_json = [(*COMMANDS[verb], "--json") for verb in ("inspect", "plan", "recommend")]
    words = [[verb, str(small), *options] for verb, *options in (*COMMANDS.values(), *in_json)]
    variables = german(tmp_path)
    usual, with_commas = (run(point, words, variables) for point in ("point", "comma"))
    assert usual.returncode == with_commas.returncode == 0
    assert with_commas.stdout.decode() == usual.stdout.decode()
    assert with_commas.stderr.decode() == usual.stderr.decode()
    assert b"." in usual.stdout


def run(point: str, words: list[list[str]], variables: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {"COLUMNS": "100"} | variables
    command = [sys.executable, "-c", TAKE, point, json.dumps(words)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)


def german(directory: Path) -> dict[str, str]:
    """The variables of a German system; the locale is made where the system has its sources."""
    folder = directory / "locales"
    folder.mkdir(exist_ok=True)
    localedef = shutil.which("localedef")
    if localedef and not any(folder.iterdir()):
        make = [localedef, "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")]
        subprocess.run(make, capture_output=True, check=False)
    return {"PYTHONUTF8": "1", **({"LOCPATH": str(folder)} if any(folder.iterdir()) else {})}
