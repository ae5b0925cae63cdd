"""The stores that are known, in order: where a file is in two of them, the first keeps it."""

from __future__ import annotations

from collections.abc import Callable

from advisor.library.installed import Scan
from advisor.library.places import Places
from advisor.library.stores import (
    docker_models,
    folders,
    gpt4all,
    hugging_face,
    jan,
    kobold_cpp,
    llama_cpp,
    lm_studio,
    local_ai,
    ollama,
    ramalama,
    text_generation_webui,
)

Finder = Callable[[Places], Scan]

STORES: dict[str, Finder] = {
    ollama.STORE: ollama.find,
    lm_studio.STORE: lm_studio.find,
    llama_cpp.STORE: llama_cpp.find,
    hugging_face.STORE: hugging_face.find,
    jan.STORE: jan.find,
    gpt4all.STORE: gpt4all.find,
    text_generation_webui.STORE: text_generation_webui.find,
    local_ai.STORE: local_ai.find,
    ramalama.STORE: ramalama.find,
    docker_models.STORE: docker_models.find,
    kobold_cpp.STORE: kobold_cpp.find,
    folders.STORE: folders.find_usual,
}

TITLES: dict[str, str] = {
    ollama.STORE: "Ollama",
    lm_studio.STORE: "LM Studio",
    llama_cpp.STORE: "llama.cpp",
    hugging_face.STORE: "Hugging Face",
    jan.STORE: "Jan",
    gpt4all.STORE: "GPT4All",
    text_generation_webui.STORE: "text-generation-webui",
    local_ai.STORE: "LocalAI",
    ramalama.STORE: "ramalama",
    docker_models.STORE: "Docker Model Runner",
    kobold_cpp.STORE: "KoboldCpp",
    folders.STORE: "folder",
}
