"""What a running program has loaded now, asked of itself.

Only this computer is asked, only when a person wants it, and for a bounded time and size.
"""

from __future__ import annotations

from advisor.errors import UsageError
from advisor.export.asking import llama_server, lm_studio, ollama
from advisor.export.asking.answer import Loaded
from advisor.export.asking.server import Server
from advisor.export.choices import TARGETS

ADDRESSES = {
    "ollama": ollama.ADDRESS,
    "llama-server": llama_server.ADDRESS,
    "lm-studio": lm_studio.ADDRESS,
}
# These are Ollama, llama-server or LM Studio themselves, or work with one that is running. The others start
# a llama-server of their own at a place that nobody knows, or are another server altogether.
ASKABLE = frozenset(
    {"ollama", "open-webui", "continue", "aider", "lm-studio"}
    | {"llama-server", "llama-router", "llama-swap", "ramalama", "opencode"}
)

_SECONDS = 5.0


def ask(to: str, address: str | None = None, *, seconds: float = _SECONDS) -> tuple[Loaded, ...]:
    """What the program behind `to` has loaded; none is an answer. `seconds` hold for all questions together.

    Raises UsageError for a program that cannot be asked and for an address that is not this computer's,
    AdvisorError (no-server) where none answers as it should.
    """
    target = TARGETS[to]
    if to not in ASKABLE:
        raise UsageError(
            f"--check: {target.title} cannot be asked what it has loaded.",
            hint="It works for Ollama, llama-server, llama-swap and LM Studio, and what runs on top of them.",
        )
    program = target.title if to == "llama-swap" else _PROGRAMS[target.profile]
    server = Server(address or ADDRESSES[target.profile], program, seconds)
    if target.profile == "ollama":
        return tuple(ollama.loaded(server))
    if target.profile == "lm-studio":
        return tuple(lm_studio.loaded(server))
    if to == "llama-swap":
        return tuple(llama_server.loaded_by_llama_swap(server))
    return tuple(llama_server.loaded(server))


_PROGRAMS = {"ollama": "Ollama", "llama-server": "llama-server", "lm-studio": "LM Studio"}
