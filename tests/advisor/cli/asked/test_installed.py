from pathlib import Path

import pytest

from advisor.cli.main import main
from advisor.library import names
from advisor.library.installed import InstalledModel, Scan
from advisor.library.places import Places
from tests.support.small_models import small_llama


@pytest.fixture
def looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """One entry for each time that somebody looked through the only store, which has one model."""
    path = tmp_path / "x.gguf"
    small_llama(path)
    found: list[Path] = []

    def find(places: Places) -> Scan:
        found.append(places.home)
        return Scan((InstalledModel("ollama", "small:1b", path, path.stat().st_size, runtime="ollama"),))

    monkeypatch.setattr(names, "STORES", {"ollama": find})
    return found


def test_an_unknown_name_is_looked_for_once(looks: list[Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "smoll:1b", "--basis", "formula"]) == 3
    assert "Did you mean small:1b?" in capsys.readouterr().err
    assert looks == [Path.home()]


def test_a_name_is_looked_for_once_in_each_command(looks: list[Path]) -> None:
    command = ["export", "small:1b", "--to", "ollama", "-c", "2048", "--basis", "formula", "--json"]
    assert main(command) == 0
    assert len(looks) == 1
    assert main(command) == 0
    assert len(looks) == 2


def test_a_file_is_not_looked_for_at_all(looks: list[Path], tmp_path: Path) -> None:
    assert main(["plan", str(tmp_path / "x.gguf"), "-c", "2048", "--basis", "formula"]) == 0
    assert looks == []
