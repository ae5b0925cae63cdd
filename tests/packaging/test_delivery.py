"""What is delivered names the same programs, the same application and the same version everywhere."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from advisor import __version__
from advisor.cli.options.parser import VERBS
from advisor.engine.launch import BUNDLE_COMMAND_LINE
from ui.app import DESKTOP_FILE, ICON

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
LINUX = PACKAGING / "linux"
MIME_TYPE = "application/x-gguf"


@pytest.fixture(scope="module")
def desktop_entry() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None)
    parser.optionxform = str
    parser.read(LINUX / f"{DESKTOP_FILE}.desktop", encoding="utf-8")
    return parser["Desktop Entry"]


@pytest.fixture(scope="module")
def metainfo() -> ET.Element:
    return ET.parse(LINUX / f"{DESKTOP_FILE}.metainfo.xml").getroot()


def test_the_programs_are_named_alike() -> None:
    project = tomllib.loads((PACKAGING.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    spec = (PACKAGING / "bundle" / "context_advisor.spec").read_text(encoding="utf-8")
    for name in (*project["scripts"], *project["gui-scripts"]):
        assert f'name="{name}"' in spec
    assert BUNDLE_COMMAND_LINE in project["scripts"]


def test_the_desktop_entry_opens_gguf_files_in_the_window(desktop_entry: configparser.SectionProxy) -> None:
    assert desktop_entry["Exec"] == "context-advisor-window %F"
    assert MIME_TYPE in desktop_entry["MimeType"].split(";")
    assert desktop_entry["Icon"] == DESKTOP_FILE


def test_the_application_has_one_id(metainfo: ET.Element) -> None:
    assert metainfo.findtext("id") == DESKTOP_FILE
    assert metainfo.findtext("launchable") == f"{DESKTOP_FILE}.desktop"
    assert metainfo.findtext("provides/mediatype") == MIME_TYPE


def test_the_version_is_released(metainfo: ET.Element) -> None:
    assert __version__ in [release.get("version") for release in metainfo.iter("release")]
    script = (PACKAGING / "windows" / "context-advisor.iss").read_text(encoding="utf-8")
    assert f'#define Version "{__version__}"' in script


def test_the_mime_type_is_told_by_the_files_first_bytes() -> None:
    text = (LINUX / "gguf-mime.xml").read_text(encoding="utf-8")
    assert f'type="{MIME_TYPE}"' in text
    assert re.search(r'offset="0" value="GGUF"', text)


def test_every_verb_goes_to_the_command_line_of_the_appimage() -> None:
    script = (LINUX / "appimage.sh").read_text(encoding="utf-8")
    choices = re.search(r"^ *(inspect\|.*)\)$", script, re.MULTILINE)
    assert choices
    assert set(VERBS) <= set(choices[1].split("|"))


@pytest.mark.parametrize("house", ["advisor", "ui"])
def test_every_folder_of_modules_is_delivered(house: str) -> None:
    """PyInstaller collects packages only: a folder without __init__.py would be missing from the bundle."""
    folders = {module.parent for module in (PACKAGING.parent / house).rglob("*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_every_preset_is_delivered() -> None:
    """The bundle's recipe takes these two kinds, from the folder itself."""
    presets = PACKAGING.parent / "presets"
    others = [path.name for path in presets.iterdir() if path.suffix not in {".toml", ".json"}]
    assert others == ["README.md"]


def test_the_icon_is_there() -> None:
    assert ICON.read_text(encoding="utf-8").startswith("<svg")
