"""`read_pasted`: which format a text has, and the reader for it."""

from __future__ import annotations

import json

from advisor.settings.pasted import kcpps, lm_studio, modelfile
from advisor.settings.pasted.command import is_command, read_command
from advisor.settings.pasted.pasted import Pasted, check_size, unread
from advisor.settings.pasted.words import Shell

_KNOWN = "a llama-server command, a Modelfile, Ollama's options or LM Studio's default file"


def read_pasted(text: str, shell: Shell | None = None) -> Pasted:
    """The configuration in `text`, whatever its format; `shell` is whose quoting a command has.

    Nothing is executed, and no file that it names is opened. Raises UsageError (bad-paste) for a text that
    is none of the known formats or has a value that its program would refuse, SettingsError for one that no
    runtime could pass on.
    """
    check_size(text)
    plain = text.removeprefix("\ufeff").strip()
    if not plain:
        raise unread("Nothing was pasted.", f"Paste {_KNOWN}.")
    pasted = _of_json(plain) if plain.startswith("{") else _of_text(text, shell)
    pasted.request.check()
    return pasted


def _of_text(text: str, shell: Shell | None) -> Pasted:
    if is_command(text) or not modelfile.is_modelfile(text):
        return read_command(text, shell)
    return modelfile.read_modelfile(text)


def _of_json(text: str) -> Pasted:
    try:
        document: dict[str, object] = json.loads(text)  # it begins with a brace
    except (ValueError, RecursionError) as error:
        raise unread("The pasted text begins like JSON, but is none.", "Paste the whole file.") from error
    if lm_studio.looks_like_defaults(document):
        return lm_studio.read_defaults(document)
    if kcpps.looks_like_kcpps(document):
        return kcpps.read_kcpps(document)
    if modelfile.looks_like_options(document):
        return modelfile.read_options(document)
    raise unread("The pasted JSON is of no format that is known here.", f"Paste {_KNOWN}.")
