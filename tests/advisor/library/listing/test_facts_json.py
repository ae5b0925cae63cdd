from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from advisor.library.listing.facts_json import facts_from_json, facts_to_json
from advisor.model import read_model
from tests.support.shapes import SHAPES, write_shape

HEADS = Path(__file__).resolve().parents[3] / "data" / "heads"


@pytest.mark.parametrize(
    "text", ["", "{", "5", "[]", "[1, 2, 3]", "[[], [], []]", '[["x"], [], []]', "[" * 10_000]
)
def test_what_was_not_written_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of several kinds, all of them the same to the cache
        facts_from_json(text, tmp_path, ())


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_facts_of_real_shapes_come_back_equal(name: str, tmp_path: Path) -> None:
    facts = read_model(write_shape(name, tmp_path))
    assert facts.path
    assert facts_from_json(facts_to_json(facts), facts.path, facts.shards) == facts


@pytest.mark.parametrize("name", sorted(json.loads((HEADS / "index.json").read_text())))
def test_facts_of_every_architecture_come_back_equal(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.gguf"
    path.write_bytes(gzip.decompress((HEADS / f"{name}.head.gz").read_bytes()))
    os.truncate(path, json.loads((HEADS / "index.json").read_text())[name]["file_bytes"])
    facts = read_model(path)
    assert facts_from_json(facts_to_json(facts), path, facts.shards) == facts
