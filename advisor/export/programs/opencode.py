"""OpenCode: opencode.json with the limits of a model that llama-server serves."""

from __future__ import annotations

import json

from advisor.export.capabilities import left_to_the_runtime
from advisor.export.export import Export, File, Load
from advisor.export.programs.llama_server import PROGRAM, loading_notes, no_draft, said_options, words
from advisor.export.programs.ollama_clients import answer_tokens
from advisor.export.quoting import command_line

VERIFIED = (
    "TypeScript finds such a file to be a Config of @opencode-ai/sdk 1.19.3; OpenCode was not run. The "
    "command is that of --to llama-server, and --alias was parsed by b10434."
)
BASE_URL = "http://127.0.0.1:8080/v1"  # where llama-server listens by itself


def render(load: Load) -> Export:
    """The client's limits, and the command of the server that they describe."""
    name = load.plain_name
    n_ctx = load.settings.n_ctx_per_slot
    document = {
        "$schema": "https://opencode.ai/config.json",
        "provider": {
            "local": {
                "npm": "@ai-sdk/openai-compatible",
                "name": "Local",
                "options": {"baseURL": BASE_URL},
                "models": {name: {"name": name, "limit": {"context": n_ctx, "output": answer_tokens(n_ctx)}}},
            }
        },
    }
    line = command_line((PROGRAM, *words(said_options(load)), "--alias", name), load.shell)
    return Export(
        runtime="opencode",
        files=(File("opencode.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n"),),
        commands=(line,),
        cannot_express=(*left_to_the_runtime(load), *no_draft(load)),
        notes=(
            (
                "Generated for OpenCode 1.19 or newer. Merge it into opencode.json of your project or of "
                "~/.config/opencode."
            ),
            (
                "These are limits for OpenCode alone: the server must be started with that context. With "
                "Ollama, whose /v1 address ignores num_ctx, use the model of --to ollama."
            ),
            (
                f"limit.output is a choice of ours: {answer_tokens(n_ctx):,} of the tokens are left to the "
                "answer."
            ),
            *loading_notes(load),
        ),
        verified_with=VERIFIED,
    )
