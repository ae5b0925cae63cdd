from __future__ import annotations

from pathlib import Path

import pytest

from advisor.library.places import Places, places_here


def test_a_user_without_a_home_is_no_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert places_here().home == places_here().root


def test_the_home_is_the_users() -> None:
    assert places_here().home == Path.home()


HOME = Path("home")


@pytest.mark.parametrize(
    ("system", "environment", "data", "config", "cache"),
    [
        ("linux", {}, ".local/share", ".config", ".cache"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, *["Library/Application Support"] * 2, "Library/Caches"),
        ("win32", {}, "AppData/Roaming", "AppData/Roaming", "AppData/Local"),
    ],
)
def test_each_system_has_its_folders(
    system: str, environment: dict[str, str], data: str, config: str, cache: str
) -> None:
    here = Places(HOME, Path("/"), environment, system)
    assert (here.data, here.config, here.cache) == (HOME / data, HOME / config, HOME / cache)


def test_variables_name_other_folders() -> None:
    here = Places(
        HOME, Path("/"), {"XDG_CACHE_HOME": ' "/elsewhere" ', "XDG_DATA_HOME": "~/own", "X": " "}, "linux"
    )
    assert (here.cache, here.data, here.named("X")) == (Path("/elsewhere"), HOME / "own", None)
    windows = Places(HOME, Path("/"), {"APPDATA": "/roaming", "LOCALAPPDATA": "/local"}, "win32")
    assert (windows.data, windows.cache) == (Path("/roaming"), Path("/local"))
