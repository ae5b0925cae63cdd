"""Docker Model Runner: `docker model configure`, and the same for Compose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.export.beside import not_said
from advisor.export.capabilities import unsaid
from advisor.export.export import Cannot, Export, File, Load
from advisor.export.programs.llama_server import said_options
from advisor.export.quoting import command_line
from advisor.export.yaml_text import yaml_text

GENERATED = "Generated for Docker Model Runner (July 2026)."
VERIFIED = (
    "PyYAML and ruamel.yaml read the file alike, compose-spec 0.2.1 its models; every flag is on the list of "
    "those that docker/model-runner lets through, and without / or backslash, which it refuses; with them "
    "llama-server b10434 allocated the KV cache that was planned. Docker was not run."
)

# Said elsewhere, or not let through.
_NOT_A_FLAG = frozenset(
    {"-m", "-c", "-ot", "-md", "-ctkd", "-ctvd", "-ngld", "--lora", "--mmproj", "--load-mode"}
)


def render(load: Load) -> Export:
    """compose.yaml with the model, and the command for a model that is there already."""
    name = _name(load)
    flags = list(_flags(replace(load, flavour="pinned")))
    context = load.settings.n_ctx
    document = {
        "models": {
            "llm": {
                "model": _plain(name),
                "context_size": context,
                "runtime_flags": [_plain(flag) for flag in flags],
            }
        },
        "services": {
            "app": {
                "image": "YOUR-IMAGE",
                "models": {"llm": {"endpoint_var": "LLM_URL", "model_var": "LLM_MODEL"}},
            }
        },
    }
    configure = ("docker", "model", "configure", "--context-size", str(context), name, "--", *flags)
    return Export(
        runtime="docker-model-runner",
        files=(File("compose.yaml", yaml_text(document, GENERATED)),),
        commands=(*_package(load, name), command_line(configure, load.shell)),
        cannot_express=tuple(_cannot(load)),
        notes=tuple(_notes(name)),
        verified_with=VERIFIED,
    )


def _plain(text: str) -> str:
    """Compose replaces $NAME and ${NAME} in every value, and makes one $ of two (12-interpolation.md)."""
    return text.replace("$", "$$")


def _is_file(load: Load) -> bool:
    return load.model_path.lower().endswith(".gguf")


def _name(load: Load) -> str:
    return load.plain_name.lower() if _is_file(load) else load.model_path


def _package(load: Load, name: str) -> Iterator[str]:
    if _is_file(load):
        yield command_line(("docker", "model", "package", "--gguf", load.model_path, name), load.shell)


def _flags(load: Load) -> Iterator[str]:
    for option in said_options(load):
        # Named slots have a cache each by themselves in llama-server; the negation is not let through.
        if option.words[0] not in _NOT_A_FLAG and option.words[0] != "--no-kv-unified":
            yield from option.words


def _cannot(load: Load) -> Iterator[Cannot]:
    if not load.pinned:
        yield Cannot(
            "--flavour adjustable",
            "Docker Model Runner always asks for all layers first, so llama.cpp moves none: all is pinned.",
        )
    yield from unsaid("docker-model-runner", load.settings)
    yield from not_said(load, "Docker Model Runner")


def _notes(name: str) -> Iterator[str]:
    yield f'In compose.yaml, "{name}" is the model; write your own service in place of app.'
    yield "A context size within the packaged model itself stands above the configured one."
    yield "docker model ps shows what is loaded, docker model logs what llama.cpp allocated."
