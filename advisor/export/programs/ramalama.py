"""RamaLama: `ramalama serve`, which starts llama-server."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from urllib.parse import quote

from advisor.export.beside import not_said
from advisor.export.capabilities import left_to_the_runtime
from advisor.export.export import Cannot, Export, Load
from advisor.export.programs.llama_server import Option, loading_notes, said_options, script
from advisor.export.quoting import command_line

GENERATED = "Generated for RamaLama 0.25 or newer."
VERIFIED = (
    "ramalama 0.25.0 (serve --dryrun --nocontainer) made of such a line the llama-server command with these "
    "words and this path, which llama-server b10434 parsed; no model was loaded."
)

# What ramalama has words for itself, and files, which its container does not see.
_OWN = frozenset({"-m", "-c", "-ngl", "-ncmoe", "--mmproj", "-md", "-ctkd", "-ctvd", "-ngld", "--lora"})


def render(load: Load) -> Export:
    """The command. Raises UsageError (cannot-quote) for a path that the shell cannot hold."""
    settings = load.settings
    passed = shlex.join(_passed(tuple(said_options(load))))
    words = ["ramalama", "serve", "--ctx-size", str(settings.n_ctx)]
    words += ["--ngl", str(settings.n_gpu_layers) if load.pinned else "auto"]
    if load.pinned and settings.n_cpu_moe:
        words += ["--ncmoe", str(settings.n_cpu_moe)]
    words += [f"--runtime-args={passed}", _model(load)]
    line = command_line(words, load.shell)
    return Export(
        runtime="ramalama",
        files=(script(line, load.shell, "ramalama", GENERATED),),
        commands=(line,),
        cannot_express=tuple(_cannot(load)),
        notes=tuple(_notes(load)),
        verified_with=VERIFIED,
    )


def _passed(options: tuple[Option, ...]) -> Iterator[str]:
    return (word for option in options if option.words[0] not in _OWN for word in option.words)


def _model(load: Load) -> str:
    """A file's address; a name of a model that RamaLama has stays as it is."""
    is_file = load.model_path.startswith("/")
    return f"file://{quote(load.model_path)}" if is_file else load.model_path


def _cannot(load: Load) -> Iterator[Cannot]:
    yield from left_to_the_runtime(load)
    yield from not_said(load, "RamaLama")


def _notes(load: Load) -> Iterator[str]:
    yield "Its container has a llama.cpp of its own: an older one may not know a word in --runtime-args."
    yield from loading_notes(load, in_container=True)
