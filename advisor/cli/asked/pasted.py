"""`plan --pasted`: a configuration that people already have, read from a file or stdin."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields, replace
from pathlib import Path

from advisor.basis import Note
from advisor.cli.asked.model import is_here
from advisor.cli.asked.request import said_request
from advisor.errors import UsageError
from advisor.settings.pasted.pasted import MAX_BYTES, Pasted, unread
from advisor.settings.pasted.reading import read_pasted
from advisor.settings.request import Request

_TITLES = {
    "llama-server": "a command of llama.cpp",
    "ollama-modelfile": "a Modelfile of Ollama",
    "ollama-options": "options of Ollama",
    "lm-studio": "a default file of LM Studio",
    "kcpps": "settings of KoboldCpp",
}
_DEFAULTS_FOLDER = "user-concrete-model-default-config"  # LM Studio's: the path below it names the model


def pasted_of(args: argparse.Namespace) -> Pasted | None:
    """What `--pasted` names, None without it; `args` then has its model and what is loaded beside it.

    What the command line says itself wins. Raises UsageError (bad-paste) for a text that cannot be read.
    """
    if not args.pasted:
        if args.model is None:
            raise UsageError(
                "MODEL is missing.",
                hint="Name a model, or paste a configuration that does: --pasted FILE.",
            )
        return None
    pasted = read_pasted(_text(args.pasted))
    if args.model is None and pasted.model and not is_here(pasted.model):
        raise UsageError(
            "The model of the pasted text is not on this computer.",
            hint="Name it yourself: plan MODEL --pasted FILE.",
        )
    args.model = args.model or _model(args.pasted, pasted)
    if args.model is None:
        raise UsageError("The pasted text names no model.", hint="Name it: plan MODEL --pasted FILE.")
    beside = pasted.beside
    args.mmproj = args.mmproj or _path(beside.projector)
    args.model_draft = args.model_draft or _path(beside.draft)
    args.lora = args.lora or [path for path in map(_path, beside.adapters) if path]
    if beside.draft:
        args.cache_type_k_draft = beside.draft_cache_type_k or args.cache_type_k_draft
        args.cache_type_v_draft = beside.draft_cache_type_v or args.cache_type_v_draft
        if args.gpu_layers_draft is None:
            args.gpu_layers_draft = beside.draft_gpu_layers
    return pasted


def merged(args: argparse.Namespace, request: Request) -> Request:
    """The pasted request with what the command line says itself."""
    said, nothing = said_request(args), Request()
    changed = {
        field.name: getattr(said, field.name)
        for field in fields(Request)
        if getattr(said, field.name) != getattr(nothing, field.name)
    }
    return replace(request, **changed)


def said_of(pasted: Pasted) -> tuple[Note, ...]:
    """For people: what was read, what was passed over, and what should be known."""
    found = [Note("pasted", f"Read as {_TITLES[pasted.format]}.")]
    if pasted.unknown:
        words = ", ".join(pasted.unknown)
        found.append(Note("unknown-words", f"Not known here, and left out of the figures: {words}."))
    return (*found, *pasted.notes)


def _text(name: str) -> str:
    """At most a byte more than may be read. Raises UsageError (bad-paste)."""
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise unread(f"--pasted {name} cannot be read: {reason}.", "Check its name and rights.") from error
    if len(data) > MAX_BYTES:
        raise unread("The pasted text is longer than 1 MiB.", "Paste only the command or the settings.")
    # Windows PowerShell writes UTF-16 with a mark.
    encoding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise unread("What was pasted is no text.", "Paste a command, or a settings file.") from error


def _model(source: str, pasted: Pasted) -> str | None:
    """The model that the text names; a Modelfile's path is relative to it, LM Studio's file is called so."""
    if pasted.format == "lm-studio" and source != "-":
        parts = Path(source).absolute().parts
        if _DEFAULTS_FOLDER in parts:
            return "/".join(parts[parts.index(_DEFAULTS_FOLDER) + 1 :]).removesuffix(".json")
    model = _path(pasted.model)
    if model and pasted.format == "ollama-modelfile" and source != "-":
        beside = Path(source).parent / model
        if not Path(model).is_absolute() and beside.is_file():
            return str(beside)
    return model


def _path(word: str | None) -> str | None:
    """A shell would have replaced the "~"."""
    if not word or not word.startswith(("~/", "~\\")):
        return word
    try:
        return str(Path.home() / word[2:])
    except RuntimeError:  # an account without a home
        return word
