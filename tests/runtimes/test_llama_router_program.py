"""The preset that was exported, read by llama.cpp's router."""

from pathlib import Path

import pytest

from advisor.export.choices import FLAVOURS, Flavour
from advisor.export.registry import render
from tests.support.export_settings import BESIDE, EVERYTHING
from tests.support.llama_server_program import answered, parsed, running
from tests.support.planning import a_model

pytestmark = pytest.mark.llama_server


def test_it_refuses_an_unknown_key(tmp_path: Path) -> None:
    """Else the test below could not fail."""
    preset = tmp_path / "x.ini"
    preset.write_text("[x]\nmodel = /m/x.gguf\nno-such-key = 1\n")
    with running(["--models-preset", str(preset)], tmp_path / "log") as (process, address):
        assert answered(process, address, "/models") is None
        assert process.returncode != 0


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_it_makes_the_same_command_of_the_preset(flavour: Flavour, tmp_path: Path) -> None:
    path = "/m/a b $x 'é'.gguf"
    export = render(
        "llama-router", EVERYTHING, a_model(), model_path=path, flavour=flavour, companions=BESIDE
    )
    preset = tmp_path / "x.ini"
    preset.write_text(export.files[0].text, encoding="utf-8")
    with running(["--models-preset", str(preset)], tmp_path / "log") as (process, address):
        (model,) = answered(process, address, "/models")["data"]
    assert model["id"] == "a-b-x"
    words = model["status"]["args"]
    said = dict(line.split(" = ", 1) for line in export.files[0].text.splitlines() if " = " in line)
    for key in said.keys() - {"version", "load-on-startup"}:
        place = words.index(f"--{key}")
        assert said[key] == "true" or words[place + 1] == said[key], key
    done = parsed(words[1:], {})
    assert done.returncode == 0, done.stderr
