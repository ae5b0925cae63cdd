"""A token for private models is used and never written: not by any verb, and not into any file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from advisor.cli.main import main
from advisor.cli.verbs import probe
from advisor.gguf import remote
from tests.faults.test_homes import COMMANDS
from tests.support.fake_prover import FakeProver
from tests.support.gguf_bytes import BytesSource
from tests.support.small_models import small_llama

TOKEN = "hf_abcdefghijklmnopqrstuvwxyz0123"


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(probe, "Prover", lambda launch: FakeProver(limit=8192))


def written(folder: Path) -> list[Path]:
    """The files below `folder` in which the token stands."""
    return [path for path in folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "explain"])
def test_no_verb_writes_it(
    tmp_path: Path, command: str, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(small_llama(tmp_path / "model.gguf", n_head=2, n_head_kv=1, n_ff=256, n_vocab=256).path)
    words = [word.format(model=model) for word in COMMANDS[command][0]]
    assert main([*words, *(("--json",) if as_json else ())]) == 0
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err
    assert written(Path(os.environ["HOME"])) == written(tmp_path) == []


def test_a_model_that_was_fetched_with_it_does_not_hold_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = small_llama(tmp_path / "model.gguf", n_head=2, n_head_kv=1, n_ff=256).path
    assert path is not None
    content, tokens = BytesSource(path.read_bytes()), []

    def get(url: str, start: int, n_bytes: int, seconds: float, *, token: str | None) -> remote.Answer:
        tokens.append(token)
        return remote.Answer(content.read_at(start, n_bytes), content.size_bytes)

    read = remote.read_remote
    monkeypatch.setattr(remote, "read_remote", lambda url: read(url, transport=get))
    words = ("recommend", "hf:someone/private/model.gguf", "--basis", "formula", "--ram", "16GiB")
    assert main([*words, "--json"]) == 0
    assert set(tokens) == {TOKEN}
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err
    assert written(Path(os.environ["HOME"])) == []
