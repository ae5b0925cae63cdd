"""What the environment remembers, and how little a second run has to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from environment import record
from environment.record import Engine, Record


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    kept = Record("here", "digest", ("dev", "gui"), ("core",), Engine("x==1", "cpu", "why"))
    record.write(tmp_path, kept)
    assert record.read(tmp_path) == kept
    record.write(tmp_path, Record())
    assert record.read(tmp_path) == Record()
    assert [file.name for file in tmp_path.iterdir()] == [record.NAME]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "3", '{"engine": 1}', '{"root": "x", "unknown": 1, "engine": null}', "\x00\xff"],
)
def test_a_record_that_cannot_be_understood_is_an_empty_one(tmp_path: Path, content: str) -> None:
    (tmp_path / record.NAME).write_text(content, encoding="latin-1")
    assert record.read(tmp_path) == Record()


def test_no_record_is_an_empty_one(tmp_path: Path) -> None:
    assert record.read(tmp_path / "none") == Record()


def test_the_project_is_there_if_place_digest_and_extras_agree(tmp_path: Path) -> None:
    kept = Record().with_project(tmp_path, "digest", frozenset({"gui", "dev"}))
    assert kept.has_project(tmp_path, "digest", frozenset({"gui"}))
    assert not kept.has_project(tmp_path, "digest", frozenset({"gui", "rig"}))
    assert not kept.has_project(tmp_path, "other", frozenset({"gui"}))
    assert not kept.has_project(tmp_path / "moved", "digest", frozenset({"gui"}))


def test_only_what_an_installation_depends_on_changes_the_digest() -> None:
    base = {"project": {"dependencies": ["a"]}, "tool": {"ruff": {"line-length": 1}, "hatch": {"version": 1}}}
    digest = record.project_digest(base)
    assert (
        record.project_digest({**base, "tool": {"ruff": {"line-length": 2}, "hatch": {"version": 1}}})
        == digest
    )
    assert record.project_digest({**base, "project": {"dependencies": ["a", "b"]}}) != digest
    assert record.project_digest({**base, "tool": {"hatch": {"version": 2}}}) != digest
    assert record.project_digest({}) != digest
