"""The short version of `make soak`: what is repeated leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.soaking import MOST_GROWTH_BYTES, soak

pytestmark = pytest.mark.engine


def test_plans_and_proofs_leave_no_process_no_file_and_little_memory(tmp_path: Path) -> None:
    first, *_, last = soak(tmp_path, 100, 2, on_row=lambda _: None)
    assert last.is_as_clean_as(first), (first, last)
    assert last.rss_bytes - first.rss_bytes <= MOST_GROWTH_BYTES
