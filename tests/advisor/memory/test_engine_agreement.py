"""The formula against llama.cpp's own dry run, on every architecture and on real models' shapes."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from advisor.engine.client import EngineClient
from advisor.gguf import read_header
from advisor.model import facts
from tests.accuracy.comparison import CACHE_TYPES, CONTEXTS, EXACT_PARTS, Row, ask
from tests.support.gguf_bytes import expand_head, head_names
from tests.support.shapes import SHAPES, write_shape

pytestmark = pytest.mark.engine


Rows = dict[str, list[Row]]


def _ask(paths: dict[str, Path]) -> Rows:
    """All answers from two workers, one a core, which are gone before the first test looks at them."""
    models = list(paths.items())
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(_ask_all, (models[::2], models[1::2]))
    return first | second


def _ask_all(models: Sequence[tuple[str, Path]]) -> Rows:
    with EngineClient() as client:
        return {name: _ask_one(client, path) for name, path in models}


def _ask_one(client: EngineClient, path: Path) -> list[Row]:
    found = facts(read_header(path))
    return [ask(client, found, n_ctx, cache_type) for n_ctx in CONTEXTS for cache_type in CACHE_TYPES]


@pytest.fixture(scope="module")
def heads(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    directory = tmp_path_factory.mktemp("heads")
    return _ask({name: expand_head(name, directory) for name in head_names()})


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    directory = tmp_path_factory.mktemp("shapes")
    return _ask({name: write_shape(name, directory) for name in SHAPES})


def _disagreements(found: list[Row]) -> list[str]:
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
def test_every_family_is_as_the_engine_says(heads: Rows, name: str) -> None:
    assert _disagreements(heads[name]) == []
    assert any(row.engine for row in heads[name])


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_real_models_are_as_the_engine_says(shapes: Rows, name: str) -> None:
    assert _disagreements(shapes[name]) == []
    assert all(row.engine for row in shapes[name])
