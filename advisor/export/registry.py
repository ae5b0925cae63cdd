"""`render`: the one door to the renderers, one module a runtime."""

from __future__ import annotations

from collections.abc import Callable

from advisor.errors import SettingsError, UsageError
from advisor.export.capabilities import check_cache_types
from advisor.export.choices import FLAVOURS, SHELLS, Flavour, Shell
from advisor.export.export import DEFAULT_FIT_TARGET_MIB, Export, Load
from advisor.export.programs import (
    docker_model_runner,
    jan,
    koboldcpp,
    llama_cpp_python,
    llama_router,
    llama_server,
    llama_swap,
    lm_studio,
    localai,
    ollama,
    ollama_clients,
    opencode,
    ramalama,
    text_generation_webui,
    vllm,
)
from advisor.export.quoting import check_text
from advisor.memory.companions import NO_COMPANIONS, Companions
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings

RENDERERS: dict[str, Callable[[Load], Export]] = {
    "ollama": ollama.render,
    "llama-server": llama_server.render,
    "lm-studio": lm_studio.render,
    "llama-cpp-python": llama_cpp_python.render,
    "koboldcpp": koboldcpp.render,
    "llama-router": llama_router.render,
    "llama-swap": llama_swap.render,
    "text-generation-webui": text_generation_webui.render,
    "jan": jan.render,
    "localai": localai.render,
    "docker-model-runner": docker_model_runner.render,
    "ramalama": ramalama.render,
    "open-webui": ollama_clients.open_webui,
    "continue": ollama_clients.continue_,
    "aider": ollama_clients.aider,
    "opencode": opencode.render,
    "vllm": vllm.render,
}


def render(
    runtime: str,
    settings: LoadSettings,
    facts: ModelFacts,
    *,
    model_path: str,
    flavour: Flavour = "pinned",
    shell: Shell = "sh",
    companions: Companions = NO_COMPANIONS,
    fit_target_mib: tuple[int, ...] = DEFAULT_FIT_TARGET_MIB,
) -> Export:
    """`settings` in the runtime's own words. See `Load` for the meaning of the rest.

    Raises SettingsError for an unknown runtime and for a cache type that it does not have, UsageError for
    an unknown flavour or shell, and for a path that cannot be written down (code cannot-quote).
    """
    if runtime not in RENDERERS:
        raise SettingsError(
            "--to", f'"{runtime}" is not known.', hint=f"Choose one of {', '.join(RENDERERS)}."
        )
    for option, word, choices in (("--flavour", flavour, FLAVOURS), ("--shell", shell, SHELLS)):
        if word not in choices:
            raise UsageError(f'{option}: "{word}" is not known.', hint=f"Choose one of {', '.join(choices)}.")
    check_text(model_path)
    check_cache_types(runtime, settings)
    return RENDERERS[runtime](
        Load(
            settings=settings,
            facts=facts,
            model_path=model_path,
            flavour=flavour,
            shell=shell,
            companions=companions,
            fit_target_mib=fit_target_mib,
        )
    )
