import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.cli.main import main
from advisor.history import History
from tests.support.probe_records import a_record

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def two_proofs() -> History:
    history = History()
    history.add(a_record("Llama 3.1 8B"))
    history.add(a_record("Gemma\x1b[31m 3", path="/models/模型.gguf"))
    return history


def test_without_proofs_it_says_how_to_make_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history"]) == 0
    assert "context-advisor probe" in capsys.readouterr().out
    assert main(["history", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"schema_version": 1, "probes": []}


@pytest.mark.usefixtures("two_proofs")
def test_the_table_compares_and_obeys_no_control_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["history"]) == 0
    out = capsys.readouterr().out
    assert "+3.0 %" in out
    assert "8,448" in out
    assert "\x1b[31m" not in out
    assert out.index("Gemma") < out.index("Llama")


@pytest.mark.usefixtures("two_proofs")
def test_a_word_chooses_by_name_and_file(capsys: pytest.CaptureFixture[str]) -> None:
    for word, names in (("llama 3.1", ["Llama 3.1 8B"]), ("模型", ["Gemma\x1b[31m 3"]), ("nothing", [])):
        assert main(["history", *word.split(), "--json"]) == 0
        probes = json.loads(capsys.readouterr().out)["probes"]
        assert [probe["model_name"] for probe in probes] == names


@pytest.mark.usefixtures("two_proofs")
@pytest.mark.parametrize("name", ["out.csv", "out.JSON"])
def test_an_export_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    place = tmp_path / name
    assert main(["history", "--export", str(place)]) == 0
    written = place.read_bytes()
    assert b"Llama 3.1 8B" in written
    place.write_bytes(b"mine")
    assert main(["history", "--export", str(place)]) == 1
    assert place.read_bytes() == b"mine"
    assert "--force" in capsys.readouterr().err
    assert main(["history", "--export", str(place), "--force"]) == 0
    assert place.read_bytes() == written
    assert list(tmp_path.iterdir()) == [place]


def test_an_export_of_another_kind_is_refused(tmp_path: Path) -> None:
    assert main(["history", "--export", str(tmp_path / "out.xlsx")]) == 2
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_forgotten_without_a_yes(two_proofs: History, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "--clear"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert len(two_proofs.records()) == 2
    assert main(["history", "--clear", "--yes"]) == 0
    assert two_proofs.records() == ()


def test_a_damaged_history_is_told(two_proofs: History, capsys: pytest.CaptureFixture[str]) -> None:
    two_proofs.path.write_bytes(b"damaged")
    assert main(["history"]) == 0
    assert "damaged history" in " ".join(capsys.readouterr().out.split())
    assert len(list(two_proofs.path.parent.glob("*.broken-*"))) == 1


def test_a_terminal_without_unicode_gets_its_files_all_the_same(two_proofs: History, tmp_path: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    usual, there = tmp_path / "a.csv", tmp_path / "b.csv"
    assert main(["history", "--export", str(usual)]) == 0
    done = subprocess.run(
        [sys.executable, "-m", "advisor", "history", "--export", str(there)],
        cwd=ROOT,
        env={**os.environ, **plain},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert there.read_bytes() == usual.read_bytes()
    assert len(two_proofs.records()) == 2
