"""Programs that have no parser to be had here: every name that is exported is one that their source has."""

import json
import shlex
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.export.choices import FLAVOURS, Flavour
from advisor.export.export import Export
from advisor.export.registry import render
from advisor.settings.load_settings import LoadSettings
from tests.support.export_settings import BESIDE, EVERYTHING, PLAIN
from tests.support.planning import a_model
from tests.support.yaml_readers import read_yaml

FILE = Path(__file__).parents[2] / "data" / "documented_names.toml"
NAMES: dict[str, dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))


def first_yaml(export: Export) -> Any:
    return read_yaml(export.files[0].text)


def said(to: str, export: Export) -> dict[str, set[str]]:
    """The names in this export, under the headings of the file."""
    match to:
        case "ollama":
            options = json.loads(export.files[1].text)["options"]
            found = {"options": set(options), "environment": set(export.environment)}
        case "koboldcpp":
            found = {"settings": set(json.loads(export.files[0].text))}
        case "open-webui":
            found = {"params": set(json.loads(export.files[0].text)["params"])}
        case "aider":
            (metadata,) = json.loads(export.files[1].text).values()
            found = {"settings": set(first_yaml(export)[0]), "metadata": set(metadata)}
        case "localai":
            document = first_yaml(export)
            options = {option.partition(":")[0] for option in document["options"]}
            found = {"top": set(document), "parameters": set(document["parameters"]), "options": options}
        case "docker-model-runner":
            (model,) = first_yaml(export)["models"].values()
            (service,) = first_yaml(export)["services"].values()
            found = {"model": set(model), "service_model": set(*service["models"].values())}
        case "vllm":
            found = {"options": {word for word in shlex.split(export.commands[0]) if word.startswith("--")}}
        case "jan":
            found = {"model": set(first_yaml(export))}
        case "llama-swap":
            (model,) = first_yaml(export)["models"].values()
            found = {"model": set(model)}
        case _:
            (model,) = first_yaml(export).values()
            found = {"model": set(model)}
    return found


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("settings", [PLAIN, EVERYTHING])
@pytest.mark.parametrize("to", NAMES)
def test_every_name_is_in_the_programs_source(to: str, settings: LoadSettings, flavour: Flavour) -> None:
    profile = "ollama" if to in {"ollama", "open-webui", "aider"} else "llama-server"
    export = render(
        to,
        replace(settings, runtime=profile),
        a_model(),
        model_path="/m/x.gguf",
        flavour=flavour,
        companions=BESIDE,
    )
    found = said(to, export)
    assert found.keys() == {key for key, value in NAMES[to].items() if isinstance(value, list)}
    for heading, names in found.items():
        assert names <= set(NAMES[to][heading]), heading
    assert any(found.values())


def test_each_list_has_its_source() -> None:
    assert all(names["source"] for names in NAMES.values())
