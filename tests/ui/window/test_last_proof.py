"""When the model was last proved, in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.probe_records import a_record
from ui.window.last_proof import ago_words, last_proof

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(days=-3), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=5), "5 minutes ago"),
        (timedelta(minutes=119), "119 minutes ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1, hours=3), "yesterday"),
        (timedelta(days=400), "400 days ago"),
    ],
)
def test_how_long_ago(passed: timedelta, words: str) -> None:
    assert ago_words(passed) == words


@pytest.mark.parametrize(
    "at", ["2026-11-20T11:00:00+00:00", "2026-11-20T11:00:00", "2026-11-20T12:00:00+01:00"]
)
def test_the_newest_is_told_with_what_really_worked(at: str) -> None:
    newest = replace(a_record("Llama"), at=at)
    told = last_proof((newest, replace(newest, at="2020-01-01T00:00:00+00:00")), NOW)
    assert told == f"proved 2 days ago: {newest.result.limit_n_ctx:,} tokens"


def test_nothing_is_told_where_nothing_is_known() -> None:
    assert last_proof(()) == ""
    assert last_proof((replace(a_record("Llama"), at="some day"),)) == ""
