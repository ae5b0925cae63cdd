from __future__ import annotations

from pathlib import Path

from advisor.gguf.refusals import file_label


def test_a_file_is_called_by_its_name() -> None:
    assert file_label(Path("folder/model.gguf")) == "model.gguf"
    assert file_label(Path()) == "."
