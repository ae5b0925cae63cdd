"""`make accuracy`: how far the formula is from llama.cpp's own dry run, model by model.

Asks for every header in tests/data/heads, for the shapes of real models and for every FILE given, at 4,096
and 131,072 tokens with f16 and q8_0 caches, on the CPU. Published measurements follow, predicted against
published. Everything is written to docs/accuracy.md, too, unless --markdown names another file.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from advisor.engine.client import EngineClient
from advisor.gguf import read_header
from advisor.model import facts
from advisor.units import MiB, format_tokens
from tests.accuracy import published
from tests.accuracy.comparison import CACHE_TYPES, CONTEXTS, EXACT_PARTS, Count, Row, ask, count
from tests.support.gguf_bytes import expand_head, head_names
from tests.support.shapes import SHAPES, write_shape

PAGE = Path(__file__).resolve().parents[2] / "docs" / "accuracy.md"

INTRODUCTION = """\
# How close the formula is

Made by `make accuracy`. The engine is llama.cpp of llama-cpp-python 0.3.36, asked on the CPU without
allocating; its figures are what the program shows. The formula is our own arithmetic from the header: it
explains the engine's figures, and answers where no engine can be asked. "near" is within 10 % or 2 MiB.
"""

HEADINGS = (
    "model",
    "context",
    "cache",
    "weights",
    "KV cache",
    "state",
    "compute",
    "engine",
    "formula",
    "off by",
)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="GGUF files beside the headers")
    parser.add_argument("--markdown", type=Path, default=PAGE, metavar="FILE", help="where to write it")
    parser.add_argument("--no-heads", action="store_true", help="ask for the files alone, write nothing")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch, EngineClient() as client:
        made = [] if chosen.no_heads else _made(Path(scratch))
        rows = list(_rows(client, [*made, *chosen.files]))
    text = markdown(rows)
    if not chosen.no_heads:
        text = f"{INTRODUCTION}\n{text}\n## Published measurements\n\n{published.markdown()}"
        chosen.markdown.parent.mkdir(exist_ok=True)
        chosen.markdown.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


def _made(folder: Path) -> list[Path]:
    heads = [expand_head(name, folder) for name in head_names()]
    return [*heads, *(write_shape(name, folder) for name in SHAPES)]


def _rows(client: EngineClient, files: Sequence[Path]) -> Iterator[Row]:
    for number, file in enumerate(files, 1):
        sys.stderr.write(f"\r{number}/{len(files)} {file.stem:40}")
        found = facts(read_header(file))
        for n_ctx in CONTEXTS:
            for cache_type in CACHE_TYPES:
                yield ask(client, found, n_ctx, cache_type)
    sys.stderr.write("\n")


def markdown(rows: Sequence[Row]) -> str:
    """The counts, and under them the table of all rows."""
    lines = [*(_sentence(found) for found in count(rows)), "", "## Model by model", ""]
    lines += ["| " + " | ".join(HEADINGS) + " |", "|" + " --- |" * len(HEADINGS)]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> list[str]:
    start = [row.name, format_tokens(row.n_ctx), row.cache_type]
    if row.refusal:
        by = "both refuse" if row.by_both else "only one refuses"
        return [*start, *[""] * 6, f"{by}: {row.refusal}"]
    theirs, ours = row.engine["compute"], row.formula["compute"]
    percent = 100 * (ours - theirs) / theirs if theirs else 0.0
    return [
        *start,
        *("exact" if row.is_exact(part) else "differs" for part in EXACT_PARTS),
        "near" if row.is_near else "far",
        f"{theirs / MiB:.2f} MiB",
        f"{ours / MiB:.2f} MiB",
        f"{percent:+.1f} %",
    ]


def _sentence(found: Count) -> str:
    n = found.n_asked
    exact = ", ".join(f"{part.replace('_', ' ')} exact {found.n_exact[part]} of {n}" for part in EXACT_PARTS)
    return (
        f"- {format_tokens(found.n_ctx)} tokens, {found.cache_type}: {exact}, "
        f"compute within 10 % or 2 MiB {found.n_near} of {n}."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
