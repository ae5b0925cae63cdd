"""`Export`: one load in a runtime's own words, and what those words cannot say.

The renderers beside this module are pure functions from `Load` to `Export`; writing is another step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple

from advisor.export.choices import Flavour, Shell
from advisor.memory.companions import NO_COMPANIONS, Companions
from advisor.model.facts import ModelFacts
from advisor.settings.load_settings import LoadSettings

DEFAULT_FIT_TARGET_MIB = (1024,)  # common/common.h: fit_params_target
UNQUANTIZED = frozenset({"f32", "f16", "bf16"})  # of the cache types


class File(NamedTuple):
    """A text that belongs into a file of this name."""

    name: str
    text: str


class Cannot(NamedTuple):
    """A setting that the runtime has no word for, and what happens instead."""

    setting: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is to be said: settings of a model at a place, with what is loaded beside it.

    `model_path` may be the name of an installed model where the runtime takes one (Ollama, LM Studio).
    `fit_target_mib` is what an adjusting llama-server leaves free, one figure for all GPUs or one each.
    """

    settings: LoadSettings
    facts: ModelFacts
    model_path: str
    flavour: Flavour = "pinned"
    shell: Shell = "sh"
    companions: Companions = NO_COMPANIONS
    fit_target_mib: tuple[int, ...] = DEFAULT_FIT_TARGET_MIB

    @property
    def pinned(self) -> bool:
        return self.flavour == "pinned"

    @property
    def all_layers(self) -> bool:
        """Every block and the output on the GPU."""
        return self.settings.n_gpu_layers >= self.facts.all_gpu_layers

    @property
    def flash_attn(self) -> str:
        """on, off or auto. llama.cpp refuses a quantized V cache without it (src/llama-context.cpp)."""
        return "on" if self.settings.cache_type_v not in UNQUANTIZED else self.settings.flash_attn

    @property
    def with_flash_attn(self) -> bool:
        """For a runtime that knows on and off alone: auto turns it on wherever it can be."""
        return self.flash_attn != "off"

    @property
    def file_name(self) -> str:
        """The last part of the path, of whatever system that is."""
        return PurePosixPath(self.model_path.replace("\\", "/")).name

    @property
    def plain_name(self) -> str:
        """The file's name of characters that a section, a URL and a person can take."""
        stem = self.file_name.removesuffix(".gguf")
        return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.") or "model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The answer in one runtime's own words.

    `files` begins with the one that matters most. `commands` are lines for the shell that was asked for,
    `environment` is for the process that loads the model. `verified_with` says how the text was checked.
    """

    runtime: str
    files: tuple[File, ...]
    verified_with: str
    commands: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    programs: tuple[tuple[str, ...], ...] = ()  # what may be run on request, beside the first file
    model_key: str = ""  # the runtime's own name of the model's file, where it has one
    cannot_express: tuple[Cannot, ...] = ()
    notes: tuple[str, ...] = ()
