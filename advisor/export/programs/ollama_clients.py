"""Programs that talk to Ollama and send a context length of their own: Open WebUI, Continue, aider.

Everything but the options of a request belongs to Ollama's server, as in `ollama.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from advisor.export.beside import not_said
from advisor.export.capabilities import unsaid
from advisor.export.choices import TARGETS
from advisor.export.export import Cannot, Export, File, Load
from advisor.export.programs.ollama import (
    FIT_MARGIN,
    GENERATED,
    model_options,
    new_name,
    num_ctx,
    server_environment,
)
from advisor.export.programs.ollama_server import SYSTEMD_FILE, how_to_set, systemd_drop_in
from advisor.export.quoting import command_line
from advisor.export.yaml_text import yaml_text

_ANSWER_TOKENS = 4096  # what a client may ask for at most; a quarter of the context where that is less


def open_webui(load: Load) -> Export:
    """The advanced parameters of a model, as Open WebUI keeps and forwards them."""
    params: dict[str, object] = {**model_options(load)}
    if "main_gpu" in params:  # the page has no field of its own for it
        params["custom_params"] = {"main_gpu": params.pop("main_gpu")}
    return _export(
        load,
        "open-webui",
        (File("open-webui-params.json", json.dumps({"params": params}, indent=1) + "\n"),),
        "Names as open_webui/utils/payload.py of 0.12.4 forwards them to Ollama; not run.",
        (
            (
                "Generated for Open WebUI 0.12 or newer. In Admin Panel, Settings, Models choose the model "
                "and write these values under Advanced Params."
            ),
            (
                "They are sent to Ollama alone: to other servers Open WebUI sends no num_ctx, set the "
                "context there."
            ),
        ),
    )


def continue_(load: Load) -> Export:
    """An entry of `models` in Continue's config.yaml."""
    name = served_name(load)
    limits = {"contextLength": num_ctx(load), "maxTokens": answer_tokens(num_ctx(load))}
    model = {"name": name, "provider": "ollama", "model": name, "defaultCompletionOptions": limits}
    document = {"name": "Local", "version": "1.0.0", "schema": "v1", "models": [model]}
    return _export(
        load,
        "continue",
        (File("config.yaml", yaml_text(document, "Generated for Continue (config schema v1).")),),
        "PyYAML and ruamel.yaml read the file alike; @continuedev/config-yaml 1.42.0 parses and validates "
        "such a file and keeps its limits. Continue was not run.",
        (
            (
                "Add the entry to models in ~/.continue/config.yaml. Continue sends contextLength to Ollama "
                "as num_ctx: without it, it sends 8,192, whatever the Modelfile or the server say."
            ),
            "contextLength must stand below defaultCompletionOptions: beside the model's name it is dropped.",
        ),
    )


def aider(load: Load) -> Export:
    """aider's two files: what it sends, and what it counts with."""
    model = f"ollama_chat/{served_name(load)}"
    entry = {"name": model, "extra_params": {"num_ctx": num_ctx(load)}}
    answer = answer_tokens(num_ctx(load))
    metadata = {
        model: {
            "max_tokens": answer,
            "max_input_tokens": num_ctx(load),
            "max_output_tokens": answer,
            "litellm_provider": "ollama_chat",
            "mode": "chat",
        }
    }
    return _export(
        load,
        "aider",
        (
            File(".aider.model.settings.yml", yaml_text([entry], "Generated for aider (2026).")),
            File(".aider.model.metadata.json", json.dumps(metadata, indent=1, ensure_ascii=False) + "\n"),
        ),
        "PyYAML and ruamel.yaml read the file alike; keys as aider's documentation of 2026 has them. aider "
        "was not run.",
        (
            (
                "Put both files into your home folder or the repository's. Without num_ctx aider asks for "
                "another context with each request, and Ollama loads the model anew each time."
            ),
        ),
        commands=(command_line(("aider", "--model", model), load.shell),),
    )


def served_name(load: Load) -> str:
    """Ollama's name of the model: what was given, else the one that the Modelfile export makes."""
    path = load.model_path
    is_file = path.startswith(("/", ".", "~")) or "\\" in path or path.lower().endswith(".gguf")
    return new_name(load) if is_file else path


def answer_tokens(n_ctx: int) -> int:
    """How much of the context a client leaves to the answer. A choice, not a limit of the model."""
    return min(_ANSWER_TOKENS, max(1, n_ctx // 4))


def _export(
    load: Load,
    to: str,
    files: tuple[File, ...],
    verified_with: str,
    notes: tuple[str, ...],
    commands: tuple[str, ...] = (),
) -> Export:
    environment = server_environment(load)
    if environment:
        files = (*files, File(SYSTEMD_FILE, systemd_drop_in(environment, GENERATED)))
    return Export(
        runtime=to,
        files=files,
        commands=commands,
        environment=environment,
        cannot_express=tuple(_cannot(load, to)),
        notes=(*notes, *_server_notes(load, environment, says_layers=load.pinned and to == "open-webui")),
        verified_with=verified_with,
    )


def _cannot(load: Load, to: str) -> Iterator[Cannot]:
    title = TARGETS[to].title
    if to != "open-webui" and load.pinned:
        yield Cannot("--flavour pinned", f"{title} says the context alone: Ollama places the layers.")
    yield from unsaid(to, load.settings)
    yield from not_said(load, title)


def _server_notes(load: Load, environment: dict[str, str], *, says_layers: bool) -> Iterator[str]:
    if served_name(load) != load.model_path:
        yield f"Ollama must have the model as {served_name(load)}: --to ollama writes its Modelfile."
    if environment:
        yield (
            f"{' and '.join(environment)} belong to Ollama's server and need a restart of it. How to set "
            "them:"
        )
        yield from how_to_set(environment)
    if not says_layers:
        yield FIT_MARGIN
    yield "Through its /v1 address Ollama ignores num_ctx: use the plain address there."
