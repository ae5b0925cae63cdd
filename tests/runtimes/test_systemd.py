"""The settings of Ollama's server as an addition to its unit, read by systemd's rules and by itself."""

import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.export.export import Export
from advisor.export.programs.ollama_server import SYSTEMD_FILE, systemd_drop_in
from advisor.export.registry import render
from advisor.settings.load_settings import CACHE_TYPES, LoadSettings
from tests.support.export_settings import EVERYTHING, PLAIN
from tests.support.planning import a_model

CLIENTS = ("ollama", "continue", "aider", "open-webui")
SETTINGS = (
    EVERYTHING,
    replace(PLAIN, flash_attn="off"),
    replace(PLAIN, n_seq_max=4, kv_unified=False),
    *(replace(PLAIN, cache_type_k=name, cache_type_v=name) for name in CACHE_TYPES if name != "f16"),
)


def exported(to: str, settings: LoadSettings) -> tuple[Export, str]:
    export = render(to, replace(settings, runtime="ollama"), a_model(), model_path="/m/x.gguf")
    (text,) = (file.text for file in export.files if file.name == SYSTEMD_FILE)
    return export, text


def read(text: str) -> dict[str, str]:
    """systemd.exec(5): words in quotes, in which %% is a percent sign."""
    comment, section, *lines = text.splitlines()
    assert (comment[0], section) == ("#", "[Service]")
    found = {}
    for line in lines:
        key, _, words = line.partition("=")
        assert key == "Environment"
        (word,) = shlex.split(words)
        name, _, value = word.partition("=")
        assert name not in found
        found[name] = value.replace("%%", "%")
    return found


@pytest.mark.parametrize("to", CLIENTS)
@pytest.mark.parametrize("settings", SETTINGS)
def test_the_service_gets_what_the_export_says(to: str, settings: LoadSettings) -> None:
    export, text = exported(to, settings)
    assert read(text) == export.environment


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="There is no systemd here.")
def test_systemd_has_nothing_to_say_of_it(tmp_path: Path) -> None:
    texts = {exported(to, settings)[1] for to in CLIENTS for settings in SETTINGS}
    wrong = [
        systemd_drop_in({"A": "1"}, "x").replace(*it) for it in (('"A', '"'), ("ment", "ments"), ("1", "%1"))
    ]
    for text in (*texts, *wrong):
        assert ("override.conf" in verified(text, tmp_path)) is (text in wrong), text


def verified(text: str, folder: Path) -> str:
    """What systemd-analyze finds wrong, with the file's name; it ends with 0 all the same."""
    unit = folder / "ollama.service"
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    addition = folder / "ollama.service.d" / SYSTEMD_FILE
    addition.parent.mkdir(exist_ok=True)
    addition.write_text(text)
    command = ["systemd-analyze", "verify", "--man=no", str(unit)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stderr
