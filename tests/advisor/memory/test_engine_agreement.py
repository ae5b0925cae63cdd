"""The formula against llama.cpp's own dry run, on every architecture and on real models' shapes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.engine.client import EngineClient
from advisor.gguf import read_header
from advisor.model import facts
from tests.accuracy.comparison import CACHE_TYPES, CONTEXTS, EXACT_PARTS, Row, ask
from tests.support.gguf_bytes import expand_head, head_names
from tests.support.shapes import SHAPES, write_shape

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def client() -> Iterator[EngineClient]:
    with EngineClient() as found:
        yield found


def rows(client: EngineClient, path: Path) -> list[Row]:
    found = facts(read_header(path))
    return [ask(client, found, n_ctx, cache_type) for n_ctx in CONTEXTS for cache_type in CACHE_TYPES]


def disagreements(found: list[Row]) -> list[str]:
    """Weights, cache and state to the byte, the compute buffer within a tenth or 2 MiB; refusals alike."""
    wrong = []
    for row in found:
        if row.refusal:
            wrong += [] if row.by_both else [f"{row.n_ctx} {row.cache_type}: {row.refusal}"]
            continue
        parts = [part for part in EXACT_PARTS if not row.is_exact(part)]
        parts += [] if row.is_near else ["compute"]
        wrong += [
            f"{row.n_ctx} {row.cache_type} {part}: engine {row.engine[part]}, formula {row.formula[part]}"
            for part in parts
        ]
    return wrong


@pytest.mark.parametrize("name", head_names())
def test_every_family_is_as_the_engine_says(client: EngineClient, name: str, tmp_path: Path) -> None:
    found = rows(client, expand_head(name, tmp_path))
    assert disagreements(found) == []
    assert any(row.engine for row in found)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_real_models_are_as_the_engine_says(client: EngineClient, name: str, tmp_path: Path) -> None:
    found = rows(client, write_shape(name, tmp_path))
    assert disagreements(found) == []
    assert all(row.engine for row in found)
