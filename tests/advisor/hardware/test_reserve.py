"""What is kept free, by role and by the user's wish."""

from __future__ import annotations

import pytest

from advisor.errors import SettingsError
from advisor.hardware.reading import Role
from advisor.hardware.reserve import AUTO, Reserve, default_reserve_bytes
from advisor.units import GiB, MiB


@pytest.mark.parametrize(
    "text", ["", "some", "%", "-1%", "100%", "150%", "nan%", "inf%", "-1GiB", "1 GiB 2", "1%%", "10", "1"]
)
def test_what_is_no_reserve(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Reserve.parse(text)
    assert caught.value.option == "--reserve"
    assert "auto" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "reserve", "of_8_gib"),
    [
        ("auto", AUTO, 0),
        (" AUTO ", AUTO, 0),
        ("1GiB", Reserve(n_bytes=GiB), GiB),
        ("0", Reserve(n_bytes=0), 0),
        ("20GiB", Reserve(n_bytes=20 * GiB), 8 * GiB),
        ("10%", Reserve(percent=10), 8 * GiB // 10),
        ("0%", Reserve(percent=0), 0),
        ("12.5 %", Reserve(percent=12.5), GiB),
    ],
)
def test_the_users_wish(text: str, reserve: Reserve, of_8_gib: int) -> None:
    assert Reserve.parse(text) == reserve
    assert Reserve.parse(text).of(8 * GiB) == of_8_gib


def test_only_auto_is_automatic() -> None:
    assert AUTO.is_auto
    assert not Reserve(n_bytes=0).is_auto
    assert not Reserve(percent=0).is_auto


@pytest.mark.parametrize(
    ("role", "total", "reserve"),
    [
        (Role.COMPUTE, 24 * GiB, 512 * MiB),
        (Role.DISPLAY, 24 * GiB, 1024 * MiB),
        (Role.WDDM, 8 * GiB, 1024 * MiB),
        (Role.WDDM, 32 * GiB, 2 * GiB),
        (Role.METAL, 48 * GiB, 512 * MiB),
        (Role.SHARED, 16 * GiB, 2 * GiB),
        (Role.SHARED, 128 * GiB, 128 * GiB // 10),
        (Role.DESKTOP_RAM, 8 * GiB, 2 * GiB),
        (Role.DESKTOP_RAM, 64 * GiB, 64 * GiB // 10),
        (Role.CONTAINER_RAM, 64 * GiB, 1 * GiB),
        (Role.DISPLAY, 256 * MiB, 256 * MiB),
        (Role.DESKTOP_RAM, 0, 0),
    ],
)
def test_defaults(role: Role, total: int, reserve: int) -> None:
    assert default_reserve_bytes(role, total) == reserve


def test_what_windows_grants_goes_before_the_size() -> None:
    assert default_reserve_bytes(Role.WDDM, 48 * GiB, budget_bytes=32 * GiB) == 2 * GiB


def test_more_is_kept_where_free_is_unknown() -> None:
    assert default_reserve_bytes(Role.COMPUTE, 8 * GiB, free_known=False) == 1024 * MiB
