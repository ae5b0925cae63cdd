from __future__ import annotations

import os
import sqlite3
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.hardware.device import Hardware
from advisor.library.installed import NO_MODEL, PARTIAL, InstalledModel, LeftOut
from advisor.library.listing import header_cache, judgement, listing
from advisor.library.listing.header_cache import HeaderCache
from advisor.library.listing.listing import Listed, listed, listed_or_left_out
from advisor.memory.plan import Verdict
from advisor.model import read_model
from advisor.settings.request import Request
from advisor.units import GiB
from tests.support.answers import computer, gpu
from tests.support.gguf_bytes import GgufBytes
from tests.support.model_stores import add_file, model_bytes
from tests.support.shapes import write_shape

HERE = computer(gpu(total=12 * GiB, free=11 * GiB))


@pytest.fixture
def cache_path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "headers.sqlite3"


def model_of(path: Path, store: str = "folder", runtime: str | None = None) -> InstalledModel:
    return InstalledModel(store, path.name, path, path.stat().st_size, runtime=runtime)


def ask(path: Path, cache_path: Path, hardware: Hardware = HERE, runtime: str | None = None) -> Listed:
    with header_cache.opened(cache_path) as cache:
        (line,) = listed((model_of(path, runtime=runtime),), hardware, cache)
    return line


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files whose headers were read."""
    seen: list[Path] = []

    def counted(path: Path) -> object:
        seen.append(path)
        return read_model(path)

    monkeypatch.setattr(listing, "read_model", counted)
    return seen


@pytest.mark.parametrize("store", ["folder", "ollama"])
def test_half_files_and_side_files_are_left_out_unless_they_were_meant_as_models(
    store: str, tmp_path: Path
) -> None:
    whole = model_bytes(tmp_path)
    half = add_file(tmp_path, "half.gguf", whole[: len(whole) // 2])
    words = add_file(tmp_path, "words.gguf", GgufBytes({"general.architecture": "llama"}).build())
    lines = list(listed_or_left_out([model_of(half, store), model_of(words, store)], HERE))
    if store == "folder":
        assert [line.kind for line in lines if isinstance(line, LeftOut)] == [PARTIAL, NO_MODEL]
    else:
        assert [bool(line.problem) for line in lines if isinstance(line, Listed)] == [True, True]


def test_what_cannot_be_read_or_planned_says_why(tmp_path: Path, cache_path: Path) -> None:
    lost = add_file(tmp_path, "m-00001-of-00002.gguf", b"GGUF")
    assert "parts is missing" in (ask(lost, cache_path).problem or "")
    path = write_shape("llama-3.2-1b", tmp_path)
    with header_cache.opened(cache_path) as cache:
        (line,) = listed((model_of(path, runtime="no-such-runtime"),), HERE, cache)
    assert line.architecture == "llama"
    assert "no-such-runtime" in (line.problem or "")


def test_facts_in_the_cache_that_are_none_are_read_again(
    tmp_path: Path, cache_path: Path, reads: list[Path]
) -> None:
    path = write_shape("llama-3.2-1b", tmp_path)
    first = ask(path, cache_path)
    with sqlite3.connect(cache_path) as database:
        database.execute("UPDATE headers SET facts = ?, judgement = ''", (zlib.compress(b"[1, 2]"),))
    database.close()
    assert ask(path, cache_path) == first
    assert reads == [path, path]


def test_refusals_are_remembered_too(tmp_path: Path, cache_path: Path, reads: list[Path]) -> None:
    text = add_file(tmp_path, "text.gguf", b"only words, no model")
    assert ask(text, cache_path) == ask(text, cache_path)
    assert reads == [text]


def test_a_header_is_read_once_and_again_when_the_file_is_another(
    tmp_path: Path, cache_path: Path, reads: list[Path]
) -> None:
    path = write_shape("llama-3.2-1b", tmp_path)
    first = ask(path, cache_path)
    assert first.n_ctx_max
    assert ask(path, cache_path) == first
    assert reads == [path]
    os.utime(path, ns=(1, 1))
    assert ask(path, cache_path) == first
    assert reads == [path, path]


def test_what_is_free_now_counts_without_reading_again(
    tmp_path: Path, cache_path: Path, reads: list[Path]
) -> None:
    path = write_shape("llama-3.1-8b", tmp_path)
    for free in (11 * GiB, 11 * GiB - 1, 9 * GiB, 2 * GiB, 11 * GiB, 7 * GiB):
        here = computer(gpu(total=12 * GiB, free=free))
        line = ask(path, cache_path, here)
        (fresh,) = listed((model_of(path),), here)
        assert line == fresh
    assert reads.count(path) == 1 + 6  # the six without a cache


def test_another_computer_or_runtime_is_another_answer(tmp_path: Path, cache_path: Path) -> None:
    path = write_shape("llama-3.1-8b", tmp_path)
    for here in (HERE, computer(), computer(gpu(total=24 * GiB, free=24 * GiB)), HERE):
        for runtime in (None, "lm-studio", "ollama"):
            (fresh,) = listed((model_of(path, runtime=runtime),), here)
            assert ask(path, cache_path, here, runtime) == fresh


def test_an_answer_that_still_holds_costs_no_arithmetic(
    tmp_path: Path, cache_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_shape("llama-3.1-8b", tmp_path)
    first = ask(path, cache_path)
    monkeypatch.setattr(listing, "judged", None)
    assert ask(path, cache_path) == first


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + bytes(84), b"\xff" * 4096])
def test_a_broken_cache_is_made_anew(
    content: bytes, tmp_path: Path, cache_path: Path, reads: list[Path]
) -> None:
    path = write_shape("llama-3.2-1b", tmp_path)
    add_file(cache_path.parent, cache_path.name, content)
    assert ask(path, cache_path).n_ctx_max
    assert ask(path, cache_path).n_ctx_max
    assert reads == [path]


@pytest.mark.parametrize("column", ["line", "judgement", "facts", "computer"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "{",
        "[1, 2]",
        "[256, 256, [], null]",
        '[256, 256, [["x", 1, 1]], [["x", 1, 1]]]',
        b"\xff",
        None,
        5,
        "[" * 10_000,
    ],
)
def test_broken_entries_are_read_again(column: str, value: object, tmp_path: Path, cache_path: Path) -> None:
    path = write_shape("llama-3.1-8b", tmp_path)
    first = ask(path, cache_path)
    with sqlite3.connect(cache_path) as database:
        database.execute(f"UPDATE OR IGNORE headers SET {column} = ?", (value,))
        if column == "facts":  # only then they are asked for
            database.execute("UPDATE headers SET judgement = ''")
    database.close()
    assert ask(path, cache_path) == first


def test_a_cache_of_another_version_is_not_believed(
    tmp_path: Path, cache_path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_shape("llama-3.2-1b", tmp_path)
    ask(path, cache_path)
    monkeypatch.setattr(header_cache, "shape_of_facts", lambda: "other fields")
    ask(path, cache_path)
    assert reads == [path, path]


def test_a_cache_that_cannot_be_written_or_is_in_use_is_done_without(
    tmp_path: Path, cache_path: Path
) -> None:
    path = write_shape("llama-3.2-1b", tmp_path)
    add_file(tmp_path, "cache", b"a file where a folder should be")
    assert ask(path, cache_path).n_ctx_max
    other = tmp_path / "other.sqlite3"
    ask(path, other)
    holder = sqlite3.connect(other, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        assert ask(path, other).n_ctx_max
        assert other.exists()
    finally:
        holder.close()


def test_a_file_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    gone = InstalledModel("folder", "gone", tmp_path / "gone.gguf", 1)
    (line,) = listed((gone,), HERE, HeaderCache(None))
    assert line.problem is not None
    assert (line.n_ctx_max, line.verdict) == (None, None)


def test_a_kept_judgement_says_what_the_planner_says(tmp_path: Path) -> None:
    facts = read_model(write_shape("llama-3.1-8b", tmp_path))
    found = judgement.judged(facts, Request(), HERE)
    assert judgement.judgement_from_json(judgement.judgement_to_json(found)) == found
    assert judgement.verdict_now(found, HERE) is Verdict.FITS
    for free in range(0, 12 * GiB, GiB // 4):
        now = computer(gpu(total=12 * GiB, free=free))
        fresh = judgement.judged(facts, Request(), now)
        verdict = judgement.verdict_now(found, now)
        if verdict is not None:
            assert (fresh.n_ctx, judgement.verdict_of(fresh, now)) == (found.n_ctx, verdict)
        else:
            assert fresh.n_ctx != found.n_ctx


def test_the_layers_of_several_gpus_are_spread_by_what_is_free() -> None:
    two = [replace(computer(gpu(total=12 * GiB, free=free)).gpus[0], id=f"nvidia:{free}") for free in (1, 2)]
    one = computer(two[0])
    less = computer(replace(two[0], free_bytes=0))
    assert judgement.computer_key(one) == judgement.computer_key(less)
    assert judgement.computer_key(computer(*two)) != judgement.computer_key(
        computer(two[0], replace(two[1], free_bytes=0))
    )
