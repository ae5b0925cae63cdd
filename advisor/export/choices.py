"""What an export leaves to a person. Apart, because the command line names it at every start."""

from __future__ import annotations

from typing import Literal, NamedTuple

Flavour = Literal["pinned", "adjustable"]  # exactly what was planned, or the runtime places the layers
Shell = Literal["sh", "powershell", "cmd"]

FLAVOURS: tuple[Flavour, ...] = ("pinned", "adjustable")
SHELLS: tuple[Shell, ...] = ("sh", "powershell", "cmd")


class Target(NamedTuple):
    """A program that an export is written for.

    `profile` is the runtime of settings/runtimes.py whose habits it has: what it starts underneath.
    """

    title: str
    profile: str


TARGETS = {
    "ollama": Target("Ollama", "ollama"),
    "llama-server": Target("llama.cpp (llama-server)", "llama-server"),
    "lm-studio": Target("LM Studio", "lm-studio"),
    "llama-cpp-python": Target("llama-cpp-python", "llama-cpp-python"),
    "koboldcpp": Target("KoboldCpp", "llama-server"),
    "llama-router": Target("llama.cpp (router preset)", "llama-server"),
    "llama-swap": Target("llama-swap", "llama-server"),
    "text-generation-webui": Target("text-generation-webui", "llama-server"),
    "jan": Target("Jan", "llama-server"),
    "localai": Target("LocalAI", "llama-server"),
    "docker-model-runner": Target("Docker Model Runner", "llama-server"),
    "ramalama": Target("RamaLama", "llama-server"),
    "open-webui": Target("Open WebUI", "ollama"),
    "continue": Target("Continue", "ollama"),
    "aider": Target("aider", "ollama"),
    "opencode": Target("OpenCode", "llama-server"),
    "vllm": Target("vLLM", "llama-server"),
}
