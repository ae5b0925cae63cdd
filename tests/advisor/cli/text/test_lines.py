"""The lines that several answers share."""

from __future__ import annotations

import pytest

from advisor.cli.main import main


def test_a_model_has_its_kind_on_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["inspect", "preset:llama-3.1-8b"]) == 0
    name, kind = capsys.readouterr().out.splitlines()[:2]
    assert name == "Llama 3.1 8B"
    assert kind == "  llama · 8.03 B parameters · Q4_K_M · 32 layers · trained for 131,072 tokens"
