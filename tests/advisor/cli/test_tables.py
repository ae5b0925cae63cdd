"""The memory table: every device readable in 80 columns, however many there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.cli.main import main


@pytest.mark.parametrize("n_gpus", [1, 2, 3, 5])
def test_every_figure_is_whole_in_80_columns(
    n_gpus: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    names = ["RTX 3090", "RTX 3090", "RTX PRO 6000 Blackwell", "RTX 4090", "RTX 4060 Ti 16GB"][:n_gpus]
    gpus = [word for name in names for word in ("--gpu", name)]
    asked = ["plan", "preset:llama-3.3-70b", "--basis", "formula", "--ram", "64GiB", "-c", "4096"]
    assert main([*asked, *gpus]) in (0, 1)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out
    totals = [line for line in out.splitlines() if line.startswith("  total ")]
    assert sum(line.count("iB") for line in totals) == n_gpus + 1
    if n_gpus > 1:
        assert "(CUDA0)" in out  # two cards of one name


def test_a_model_has_its_kind_on_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["inspect", "preset:llama-3.1-8b"]) == 0
    name, kind = capsys.readouterr().out.splitlines()[:2]
    assert name == "Llama 3.1 8B"
    assert kind == "  llama · 8.03 B parameters · Q4_K_M · 32 layers · trained for 131,072 tokens"


def test_what_cannot_be_opened_is_said_before_the_engine_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "preset:llama-3.1-8b", "--engine-lib", str(tmp_path / "absent")]) == 2
    assert "is not a folder" in capsys.readouterr().err
    assert main(["inspect", " "]) == 2
    assert "MODEL is empty" in capsys.readouterr().err
