"""What is coloured in a line, of a file and of a difference."""

from __future__ import annotations

import pytest

from ui.export.highlighting import difference_spans, spans


@pytest.mark.parametrize(
    ("line", "kinds"),
    [
        ("", []),
        ("# Generated for it", ["comment"]),
        ("PARAMETER num_ctx 4096", ["name", "number"]),
        ("llama-server -m 'a # b.gguf' -c 4096", ["name", "name", "number", "quoted"]),
        ("    n_ctx=4096,  # tokens", ["comment", "name", "number"]),
        ("qwen3-4b /m/llama-3.1-8b.gguf", []),
    ],
)
def test_a_line_is_told_apart(line: str, kinds: list[str]) -> None:
    assert sorted(kind for _, _, kind in spans(line)) == kinds


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("--- /m/Modelfile", "comment"),
        ("+++ /m/Modelfile", "comment"),
        ("@@ -1 +1 @@", "comment"),
        ("+PARAMETER num_ctx 4096", "added"),
        ("-PARAMETER num_ctx 2048", "removed"),
    ],
)
def test_a_line_of_a_difference_is_one_kind(line: str, kind: str) -> None:
    assert difference_spans(line) == ((0, len(line), kind),)


def test_what_stays_is_not_coloured() -> None:
    assert difference_spans(" FROM llama3.1") == difference_spans("") == ()
