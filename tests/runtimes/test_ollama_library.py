"""What was exported for Ollama's API, and what is read from it, by the types of Ollama's Python library."""

import json
from dataclasses import replace
from typing import Any

import pytest
from ollama import Options, ProcessResponse
from pydantic import ValidationError

from advisor.export.asking.answer import Loaded
from advisor.export.choices import FLAVOURS, Flavour
from advisor.export.loaded import ask
from advisor.export.registry import render
from advisor.settings.load_settings import LoadSettings
from tests.support.answering_server import answering
from tests.support.export_settings import EVERYTHING, PLAIN
from tests.support.planning import a_model


@pytest.mark.parametrize("wrong", [{"num_ctx": "all"}, {"use_mmap": 7}, {"main_gpu": 0.5}])
def test_the_library_refuses_what_is_wrong(wrong: dict[str, Any]) -> None:
    """Else the test below could not fail."""
    with pytest.raises(ValidationError):
        Options(**wrong)


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("settings", [PLAIN, EVERYTHING])
@pytest.mark.parametrize("to", ["ollama", "open-webui"])
def test_the_library_has_every_option(to: str, settings: LoadSettings, flavour: Flavour) -> None:
    for_ollama = replace(settings, runtime="ollama")
    export = render(to, for_ollama, a_model(), model_path="/m/x.gguf", flavour=flavour)
    if to == "ollama":
        options = json.loads(export.files[1].text)["options"]
    else:
        options = json.loads(export.files[0].text)["params"]
        options |= options.pop("custom_params", {})
    assert Options(**options).model_dump(exclude_none=True) == options


def test_what_is_loaded_has_the_names_that_the_library_reads() -> None:
    model = {"name": "gemma3:4b", "context_length": 4096, "size": 4_000_000_000, "size_vram": 3_000_000_000}
    text = json.dumps({"models": [model]})
    (read,) = ProcessResponse.model_validate_json(text).models
    with answering(text.encode()) as (address, _):
        (found,) = ask("ollama", address)
    assert read.size is not None
    assert read.size_vram is not None
    assert found == Loaded(str(read.name), read.context_length, None, int(read.size), int(read.size_vram))
