"""llama-swap: config.yaml with one model, whose command starts llama-server."""

from __future__ import annotations

from advisor.export.capabilities import left_to_the_runtime
from advisor.export.choices import Shell
from advisor.export.export import Export, File, Load
from advisor.export.programs.llama_server import PROGRAM, loading_notes, no_draft, said_options, words
from advisor.export.quoting import command_line, refusal
from advisor.export.yaml_text import yaml_text

GENERATED = "Generated for llama-swap (August 2026) with llama-server of llama.cpp b10434 or newer."
VERIFIED = (
    "PyYAML and ruamel.yaml read the file alike; of such commands, cut into words by the rules of a POSIX "
    "shell, llama-server b10434 allocated the KV cache that was planned, to the printed digit. llama-swap "
    "was not run."
)


def render(load: Load) -> Export:
    """An entry of `models`. Raises UsageError (cannot-quote) for ${ in a path, which is a macro there."""
    said = list(words(said_options(load)))
    for word in said:
        if "${" in word:
            raise refusal(word, "llama-swap reads ${ as the start of a macro")
    # Cut into words without a shell; ${PORT} is replaced before.
    shell: Shell = "sh" if load.shell == "sh" else "cmd"
    line = f"{PROGRAM} --port ${{PORT}} {command_line(said, shell)}"
    name = load.plain_name
    return Export(
        runtime="llama-swap",
        files=(File("config.yaml", yaml_text({"models": {name: {"cmd": line}}}, GENERATED)),),
        commands=("llama-swap --config config.yaml",),
        cannot_express=(*left_to_the_runtime(load), *no_draft(load)),
        notes=(
            f'Ask for the model by its name, "{name}". In a file that you have, add the entry below models.',
            "llama-server must be found by its name: write its whole path into cmd otherwise.",
            "Models in one group may be loaded together: then their memory adds up.",
            *loading_notes(load),
        ),
        verified_with=VERIFIED,
    )
