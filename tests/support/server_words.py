"""The words of llama-server that a program makes of what was exported for it, by the program's own rules."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from typing import Any

from advisor.export.export import Export
from advisor.model.facts import ModelFacts
from tests.support.yaml_readers import read_yaml


def server_words(export: Export, facts: ModelFacts, port: int) -> list[str]:
    """What llama-server is started with, behind its own name."""
    return [*_MAKE[export.runtime](export, facts), "--port", str(port)]


def _llama_server(export: Export, facts: ModelFacts) -> list[str]:
    return shlex.split(export.commands[0])[1:]


def _llama_swap(export: Export, facts: ModelFacts) -> list[str]:
    """config.example.yaml: cut as a shell does, with ${PORT} in place before."""
    (entry,) = read_yaml(export.files[0].text)["models"].values()
    program, flag, port, *words = shlex.split(entry["cmd"])
    assert (program, flag, port) == ("llama-server", "--port", "${PORT}")
    return words


def _docker(export: Export, facts: ModelFacts) -> list[str]:
    """pkg/inference/backends/llamacpp/llamacpp_config.go: all layers first, then what was configured."""
    model = read_yaml(export.files[0].text)["models"]["llm"]
    own = ["-ngl", "999", "--model", str(facts.path), "--ctx-size", str(model["context_size"])]
    return [*own, *model["runtime_flags"]]


def _text_generation_webui(export: Export, facts: ModelFacts) -> list[str]:
    """modules/llama_cpp_server.py: its own names, then extra_flags, whose words count where both are said."""
    (said,) = read_yaml(export.files[0].text).values()
    words = ["--model", str(facts.path), "--flash-attn", "on", "--parallel", str(said["parallel"])]
    words += ["--batch-size", str(said["batch_size"]), "--ubatch-size", str(said["ubatch_size"])]
    words += ["--ctx-size", str(said["ctx_size"])]
    if said["gpu_layers"] >= 0:
        words += ["--gpu-layers", str(said["gpu_layers"]), "--fit", "off"]
    else:
        words += ["--fit", "on", "--fit-ctx", "8192", "--fit-target", said["fit_target"]]
    if said["no_kv_offload"]:
        words.append("--no-kv-offload")
    if said["cache_type"] != "fp16":
        words += ["--cache-type-k", said["cache_type"], "--cache-type-v", said["cache_type"]]
    return [*words, *shlex.split(said["extra_flags"])]


def _jan(export: Export, facts: ModelFacts) -> list[str]:
    """extensions/llamacpp-extension/src/preset.ts: llama.cpp's own defaults are passed over."""
    said = read_yaml(export.files[0].text)
    words = ["--model", said["model_path"], "--ctx-size", str(said["ctx_size"])]
    words += ["--parallel", str(said["parallel"] + 2), "--kv-unified"]
    return [*words, *_differing(said)]


def _differing(said: dict[str, Any]) -> Iterator[str]:
    defaults = {
        "n_gpu_layers": None,
        "flash_attn": "auto",
        "cache_type_k": "f16",
        "cache_type_v": "f16",
        "batch_size": 2048,
        "ubatch_size": 512,
        "n_cpu_moe": 0,
        "override_tensor": None,
    }
    for name, default in defaults.items():
        if said.get(name, default) != default:
            yield from (f"--{name.replace('_', '-')}", str(said[name]))
    if said["no_kv_offload"]:
        yield "--no-kv-offload"


_MAKE: dict[str, Callable[[Export, ModelFacts], list[str]]] = {
    "llama-server": _llama_server,
    "opencode": _llama_server,
    "llama-swap": _llama_swap,
    "docker-model-runner": _docker,
    "text-generation-webui": _text_generation_webui,
    "jan": _jan,
}
