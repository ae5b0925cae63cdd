"""What an export leads to on this computer, without a window."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.basis import Basis
from advisor.errors import OutputError, UsageError
from advisor.export.asking.answer import Loaded
from advisor.export.comparing import this_model
from advisor.export.prepare import Prepared, prepare
from tests.support import answers
from tests.support.model_stores import places
from ui.session.exports import Exports


def made(to: str) -> Prepared:
    of = answers.model()
    answer = answers.recommendation(of)
    return prepare(
        to,
        answer.settings,
        of.facts,
        lambda asked: answers.plan(of, answer.hardware, asked, Basis.FORMULA),
    )


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    def query(_to: str, address: str | None, *, seconds: float) -> tuple[Loaded, ...]:
        return (Loaded(f"{address} within {seconds:g} s", 256),)

    return Exports(lambda: places(tmp_path / "home"), query, {})


def test_what_has_no_file_of_its_own_cannot_be_applied(exports: Exports) -> None:
    with pytest.raises(UsageError, match="in place"):
        exports.preview(made("jan"), None)


def test_a_place_that_cannot_be_written_loses_nothing(exports: Exports, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError):
        exports.write(exports.preview(made("ollama"), tmp_path / "file" / "Modelfile"))
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_what_says_it_already_is_left_alone(exports: Exports, tmp_path: Path) -> None:
    export = made("ollama")
    assert exports.write(exports.preview(export, tmp_path / "Modelfile")) is None
    before = (tmp_path / "Modelfile").stat()
    again = exports.preview(export, tmp_path / "Modelfile")
    assert again.backup is None
    assert exports.write(again) is None
    assert (tmp_path / "Modelfile").stat().st_mtime_ns == before.st_mtime_ns
    assert len(list(tmp_path.iterdir())) == 1


def test_the_copy_lies_where_the_preview_said(exports: Exports, tmp_path: Path) -> None:
    (tmp_path / "Modelfile").write_text("SYSTEM Be brief.\n", encoding="utf-8")
    preview = exports.preview(made("ollama"), tmp_path / "Modelfile")
    assert preview.backup is not None
    assert not preview.backup.exists()
    assert exports.write(preview) == preview.backup
    assert preview.backup.read_text(encoding="utf-8") == "SYSTEM Be brief.\n"


def test_llama_cpps_own_file_is_a_warning_where_it_counts(exports: Exports, tmp_path: Path) -> None:
    assert exports.warning("llama-server") is None
    file = tmp_path / "home" / ".config" / "llama.cpp" / "config.ini"
    file.parent.mkdir(parents=True)
    file.touch()
    assert str(file) in (exports.warning("llama-server") or "")
    assert exports.warning("lm-studio") is None


def test_an_empty_address_is_the_usual_one(exports: Exports) -> None:
    asked = made("ollama")
    this = this_model(answers.model().facts, asked.export, ["None within 2 s"])
    (found,) = exports.compare_loaded("ollama", "", this, asked.plan.settings)
    assert found.is_this
    assert found.loaded.name == "None within 2 s"
    assert "256 tokens of context instead of" in found.differences[0]
