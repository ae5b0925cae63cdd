from __future__ import annotations

from pathlib import Path

import pytest

from advisor.library.places import places_here


def test_a_user_without_a_home_is_no_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert places_here().home == places_here().root


def test_the_home_is_the_users() -> None:
    assert places_here().home == Path.home()
