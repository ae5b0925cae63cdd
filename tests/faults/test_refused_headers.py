"""The engine is never given a header that our reader refused: not by a verb, and not by the window."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from advisor.cli.main import main
from advisor.engine.child import Child
from advisor.engine.client import EngineClient
from advisor.errors import GgufError, ModelError
from advisor.gguf import limits, read_header
from tests.support.gguf_bytes import GgufBytes, TensorSpec
from tests.support.small_models import small_llama
from ui.session.answers import Answers

Refused = dict[str, bytes]
LLAMA = {"general.architecture": "llama"}
HOSTILE: Refused = {
    "too-many-tensors": GgufBytes(LLAMA, n_tensors=limits.MAX_TENSOR_COUNT + 1).build(),
    "too-many-keys": GgufBytes(LLAMA, n_kv=2**63).build(),
    "key-twice": GgufBytes([("a", 1), ("a", 1)]).build(),
    "tensors-overlap": GgufBytes(LLAMA, [TensorSpec("a"), TensorSpec("b", offset=0)]).build(),
    "offset-beyond": GgufBytes(LLAMA, [TensorSpec("a", offset=limits.MAX_DATA_BYTES)]).header(),
    "unknown-type": GgufBytes(LLAMA, [TensorSpec("a", ggml_type=99, n_bytes=32)]).build(),
    "cut-off": GgufBytes(LLAMA, [TensorSpec("a", (4096, 4096))]).header(),
    "not-gguf": b"PK\x03\x04 this is something else",
    "version-9": b"GGUF" + struct.pack("<IQQ", 9, 0, 0),
}
COMPUTER = ("--ram", "16GiB")
# Every way of a verb to name a file; {bad} is the refused one, {good} one that is sound.
COMMANDS = {
    "inspect": ("inspect", "{bad}"),
    "plan": ("plan", "{bad}", "-c", "4096", "--basis", "engine"),
    "need": ("recommend", "{bad}", "--prompt", "{good}"),
    "recommend": ("recommend", "{bad}", "--basis", "engine"),
    "probe": ("probe", "{bad}", "-c", "512"),
    "export": ("export", "{bad}", "--to", "ollama"),
    "mmproj": ("plan", "{good}", "--mmproj", "{bad}"),
    "lora": ("plan", "{good}", "--lora", "{bad}"),
    "draft": ("plan", "{good}", "--model-draft", "{bad}"),
    "recommend-draft": ("recommend", "{good}", "--model-draft", "{bad}"),
}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What an engine was asked: nothing, or the test fails where it looks."""
    asked: list[str] = []

    def ask(_self: object, _id: int, line: bytes, *_: object) -> None:
        asked.append(line.decode())
        raise AssertionError("the engine was asked")

    monkeypatch.setattr(Child, "ask", ask)
    return asked


def files(directory: Path, name: str) -> dict[str, str]:
    bad = directory / "bad.gguf"
    bad.write_bytes(HOSTILE[name])
    good = small_llama(directory / "good.gguf", n_head=2, n_head_kv=1, n_ff=256)
    return {"bad": str(bad), "good": str(good.path)}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_reader_refuses_them(tmp_path: Path, name: str) -> None:
    with pytest.raises(GgufError):
        read_header(Path(files(tmp_path, name)["bad"]))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", HOSTILE)
def test_no_verb_gives_one_to_the_engine(
    tmp_path: Path, started: list[str], command: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    there = files(tmp_path, name)
    assert main([word.format(**there) for word in COMMANDS[command]]) == 3
    sentence, hint = capsys.readouterr().err.splitlines()[-2:]
    assert sentence.endswith(".")
    assert hint.endswith(".")
    assert started == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_list_of_models_names_them_and_asks_nothing(
    tmp_path: Path, started: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = files(tmp_path, name)["bad"]
    Path(bad).with_name("good.gguf").unlink()
    assert main(["models", str(tmp_path), *COMPUTER, "--json"]) == 0
    assert started == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", HOSTILE)
def test_the_window_gives_none_to_the_engine(tmp_path: Path, started: list[str], name: str) -> None:
    """It has nothing to ask about: every question takes the facts that reading gives."""
    answers = Answers(EngineClient())
    with pytest.raises(ModelError):
        answers.models.read(Path(files(tmp_path, name)["bad"]))
    answers.close()
    assert started == []


# ---- the file on the disk changes after it was read ---------------------------------------------------


Change = Callable[[Path], None]
CHANGES: dict[str, Change] = {
    "replaced-by-noise": lambda path: path.write_bytes(bytes(range(256)) * 100) and None,
    "cut-off": lambda path: path.write_bytes(path.read_bytes()[:500]) and None,
    "emptied": lambda path: path.write_bytes(b"") and None,
    "gone": Path.unlink,
    "replaced-by-another-model": lambda path: small_llama(path, n_layer=5) and None,
}


@pytest.mark.engine
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_is_replaced_between_reading_and_planning(tmp_path: Path, change: str) -> None:
    """The engine says no, dies in its own process, or answers; the plan comes in every case."""
    from advisor.basis import Basis
    from advisor.recommend.planner import Planner
    from advisor.settings.load_settings import LoadSettings
    from tests.support.computers import ram_only

    facts = small_llama(tmp_path / "m.gguf", n_head=2, n_head_kv=1, n_ff=256)
    assert facts.path is not None
    with EngineClient() as client:
        planner = Planner(facts, ram_only(), client)
        before = planner.plan(LoadSettings(n_ctx=1024))
        assert before.basis is Basis.ENGINE
        CHANGES[change](facts.path)
        after = planner.plan(LoadSettings(n_ctx=2048))
        if after.basis is not Basis.ENGINE:
            assert planner.engine_problem is not None
            assert planner.engine_problem.hint
        assert after.memory
