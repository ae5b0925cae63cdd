"""From a name, as a store has it, to the file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from advisor.errors import ModelError, UsageError
from advisor.library.belonging import runtime_of
from advisor.library.files import identity
from advisor.library.installed import NOT_GGUF, InstalledModel
from advisor.library.places import Places
from advisor.library.safetensors import NOT_A_GGUF, is_safetensors_model
from advisor.library.scan import copies_joined
from advisor.library.stores.known import STORES, TITLES
from advisor.library.stores.ollama import full_name
from advisor.printable import printable

# model, namespace/model or host/namespace/model, with a tag or without: nobody means a file by that.
_LIKE_A_NAME = re.compile(r"\w[\w.:-]*(/[\w.-]+){0,2}(:[\w.-]+)?")
_SHOWN_NAMES = 3
_MOST_CANDIDATES = 8


@dataclass(frozen=True)
class Installed:
    """The models that the stores of `places` have, looked for once and only if a name is asked for."""

    places: Places

    @cached_property
    def models(self) -> tuple[InstalledModel, ...]:
        """Not through `scan`: a file with names in two stores is found by both."""
        return tuple(model for find in STORES.values() for model in find(self.places).models)


def installed_named(word: str, installed: Installed) -> InstalledModel | None:
    """The installed model of that name, None if there is none.

    The exact spelling comes first; a tag that is left out is "latest". What is no whole name may be the end
    of one ("file.gguf", "name/file") or its beginning ("owner/name"). Raises UsageError where it could be
    several models.
    """
    for means in (_is_exactly, _is_but_for_case, _is_part):
        found = [model for model in installed.models if any(means(word, name) for name in model.names)]
        alone = copies_joined(list({identity(model.path) or model.path: model for model in found}.values()))
        if len(alone) > 1:
            raise _ambiguous(word, alone)
        if alone:
            return alone[0]
    return None


def _is_exactly(word: str, name: str) -> bool:
    return name in {word, full_name(word)}


def _is_but_for_case(word: str, name: str) -> bool:
    return name.casefold() in {word.casefold(), full_name(word).casefold()}


def _is_part(word: str, name: str) -> bool:
    whole, part = name.casefold(), word.casefold()
    ends = part and whole.endswith((f"/{part}", f"\\{part}", f"/{part}.gguf", f"\\{part}.gguf"))
    return bool(ends) or whole == f"{part}.gguf" or ("/" in part and whole.startswith(f"{part}/"))


def _ambiguous(word: str, models: Sequence[InstalledModel]) -> UsageError:
    same_name = len({model.name for model in models}) < len(models)
    shown = [
        f"{printable(str(model.path) if same_name else model.name, 200)} ({TITLES[model.store]})"
        for model in models[:_MOST_CANDIDATES]
    ]
    more = f" and {len(models) - len(shown)} more" if len(models) > len(shown) else ""
    return UsageError(
        f'"{printable(word)}" could be {len(models)} models.',
        hint=f"{'Give the path of one' if same_name else 'Say which'}: {', '.join(shown)}{more}.",
        code="ambiguous-model",
    )


def model_path(word: str, installed: Installed) -> Path:
    """The file that `word` means: a path if it exists there, else an installed model of that name.

    What looks like a path is returned as it is, for the reader of files to judge. Raises ModelError for a
    name that nothing has (unknown-model) and for a model that cannot be opened (not-gguf, broken-model), and
    UsageError for a name that could be several (ambiguous-model).
    """
    if exists(word):
        _refuse_safetensors(Path(word))
        return Path(word)
    model = installed_named(word, installed)
    if model is None:
        if word.lower().endswith(".gguf") or not _LIKE_A_NAME.fullmatch(word):
            return Path(word)
        raise _unknown(word, installed)
    if model.problem:
        raise ModelError(
            f"{printable(word)} is installed, but cannot be opened. {model.problem}",
            hint="Choose another one: context-advisor models lists those that are installed.",
            code="not-gguf" if model.format == NOT_GGUF else "broken-model",
        )
    return model.path


def _refuse_safetensors(path: Path) -> None:
    try:
        names = [entry.name for entry in path.iterdir()] if path.is_dir() else []
    except OSError:
        return  # the reader of files says what is wrong
    if is_safetensors_model(names):
        raise ModelError(
            f"{printable(path.name)} cannot be opened. {NOT_A_GGUF}",
            hint="Look for a GGUF version of it, or convert it with llama.cpp's convert_hf_to_gguf.py.",
            code=NOT_GGUF,
        )


def runtime_of_word(word: str, installed: Installed) -> str | None:
    """The runtime that the model belongs to which `word` means as in `model_path`, None if it is no one's."""
    if exists(word):
        return runtime_of(Path(word), installed.places)
    model = installed_named(word, installed)
    return model.runtime if model else None


def exists(word: str) -> bool:
    try:
        Path(word).lstat()
    except PermissionError:
        return True  # something may be there: the reader of files says what is wrong
    except (OSError, ValueError):  # also a word that no file can be called, as "llama3.1:8b" on Windows
        return False
    return True


def _unknown(word: str, installed: Installed) -> ModelError:
    names = sorted({name for model in installed.models for name in model.names})
    # A tag that was not typed says nothing about nearness.
    spelled = {name if ":" in word else name.rpartition(":")[0] or name: name for name in names}
    near = [spelled[key] for key in difflib.get_close_matches(word, spelled, _SHOWN_NAMES)]
    shown = ", ".join(printable(name) for name in near or names[:_SHOWN_NAMES])
    if near:
        hint = f"Did you mean {shown}? context-advisor models lists all."
    elif names:
        hint = f"Installed are, for example, {shown}. context-advisor models lists all."
    else:
        hint = "Give the path of a GGUF file: no program here has a model that you may read."
    return ModelError(
        f'There is no file "{printable(word)}", and no installed model of that name.',
        hint=hint,
        code="unknown-model",
    )
