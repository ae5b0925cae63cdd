"""Ollama's words: a Modelfile, API options, and the variables of its server."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from advisor.basis import Note
from advisor.printable import printable
from advisor.settings.pasted.pasted import Beside, Pasted, text_of, truth, unread, whole
from advisor.settings.request import Request

MODELFILE, OPTIONS = "ollama-modelfile", "ollama-options"

# parser/parser.go: isValidCommand
_COMMANDS = frozenset(
    {"from", "license", "template", "system", "adapter", "draft", "renderer", "parser"}
    | {"parameter", "message", "requires"}
)
# api/types.go: Options, as far as they are no memory, and those that were dropped.
_HARMLESS = frozenset(
    {"num_thread", "draft_num_predict", "num_keep", "seed", "num_predict", "top_k", "top_p", "min_p"}
    | {"typical_p", "repeat_last_n", "temperature", "repeat_penalty", "presence_penalty"}
    | {"frequency_penalty", "stop"}
)
_DROPPED = frozenset(
    {"penalize_newline", "low_vram", "f16_kv", "logits_all", "vocab_only", "use_mlock", "mirostat"}
    | {"mirostat_tau", "mirostat_eta", "numa", "num_gqa", "rope_frequency_base", "rope_frequency_scale"}
)
_SERVER = re.compile(
    r"""^(?:export\s+|set(?:x)?\s+|\$env:|Environment=)?["']?(OLLAMA_\w+)["']?\s*(?:=|\s)\s*["']?([^"'\s]*)["']?\s*$""",
    re.IGNORECASE,
)
_LONGEST_ASSIGNMENT = 1000


def is_modelfile(text: str) -> bool:
    """Whether a line begins as FROM does, or sets one of the server's variables."""
    return re.search(r"^[ \t]*FROM[ \t]+\S", text, re.MULTILINE | re.IGNORECASE) is not None


def read_modelfile(text: str) -> Pasted:
    """What the model made of this Modelfile would be loaded with; variables of the server may stand before.

    Raises UsageError (bad-paste) where `ollama create` would refuse it.
    """
    model: str | None = None
    adapters: list[str] = []
    unknown: list[str] = []
    options: dict[str, object] = {}
    server: dict[str, str] = {}
    for command, value in _commands(text, server):
        match command:
            case "from":
                model = value
            case "adapter":
                adapters.append(value)
            case "parameter":
                name, _, rest = value.partition(" ")
                options[name.lower()] = _plain(rest.strip())
            case _ if command not in _COMMANDS:
                unknown.append(printable(command))
    if model is None:
        raise unread("The Modelfile has no FROM.", "Add a line like FROM llama3.1:8b.")
    return _made(MODELFILE, options, server, model, tuple(adapters), tuple(unknown))


def read_options(document: Mapping[str, object]) -> Pasted:
    """What the options of an API request, or these alone, ask for. Raises UsageError (bad-paste)."""
    options = document.get("options", document)
    if not isinstance(options, Mapping):
        raise unread('"options" is not a table.', 'Write it like {"options": {"num_ctx": 8192}}.')
    return _made(OPTIONS, dict(options), {}, text_of(document, "model"))


def looks_like_options(document: Mapping[str, object]) -> bool:
    """Whether this is an API request of Ollama, or its options alone."""
    return "options" in document or any(str(key).startswith("num_") for key in document)


def _made(
    format_name: str,
    options: Mapping[str, object],
    server: Mapping[str, str],
    model: str | None,
    adapters: tuple[str, ...] = (),
    unknown: tuple[str, ...] = (),
) -> Pasted:
    found, others = _options(options, format_name)
    notes = [
        Note("dropped-option", f"Ollama drops {name} with a warning.") for name in others if name in _DROPPED
    ]
    strange = tuple(printable(name) for name in others if name not in _DROPPED)
    if strange and format_name == MODELFILE:
        words = ", ".join(strange)
        notes.append(
            Note("unknown-parameter", f"ollama create refuses parameters it does not know: {words}.")
        )
    _server(found, server, notes)
    layers = found.pop("n_gpu_layers", None)
    return Pasted(
        format=format_name,
        request=Request(
            runtime="ollama",
            n_gpu_layers=layers if isinstance(layers, int) and layers >= 0 else None,
            **found,
        ),
        model=model,
        beside=Beside(adapters=adapters),
        context_by_runtime="n_ctx" not in found,
        layers_by_runtime=layers is None or layers < 0,
        unknown=(*unknown, *strange),
        notes=tuple(notes),
    )


def _options(options: Mapping[str, object], format_name: str) -> tuple[dict[str, Any], list[str]]:
    """The options that decide memory, as `Request` names them, and the rest without the harmless ones."""
    found: dict[str, Any] = {}
    others = []
    for key, value in options.items():
        match key:
            case "num_ctx":
                found["n_ctx"] = whole(key, value)
            case "num_batch":
                # llm/llama_server.go: both batch sizes
                found["n_batch"] = whole(key, value)
            case "num_gpu":
                found["n_gpu_layers"] = whole(key, value)
            case "main_gpu" if value is not None:
                # llm/llama_server.go: appendMainGPUArgs
                found |= {"main_gpu": whole(key, value), "split_mode": "none"}
            case "use_mmap" if value is not None:
                found["use_mmap"] = truth(key, value)
            case _ if key not in _HARMLESS and not (format_name == OPTIONS and value is None):
                others.append(str(key))
    return found, others


def _server(found: dict[str, Any], server: Mapping[str, str], notes: list[Note]) -> None:
    """What the server's own variables add (envconfig/config.go)."""
    if cache_type := server.get("OLLAMA_KV_CACHE_TYPE", "").lower():
        found |= {"cache_type_k": cache_type, "cache_type_v": cache_type}
    else:
        text = (
            "The cache type and the number of slots are settings of Ollama's server: f16 and one slot are "
            "assumed where OLLAMA_KV_CACHE_TYPE and OLLAMA_NUM_PARALLEL are not pasted above."
        )
        notes.append(Note("server-assumed", text))
    if flash_attn := server.get("OLLAMA_FLASH_ATTENTION", "").lower():
        found["flash_attn"] = "on" if flash_attn in {"1", "t", "true"} else "off"
    if slots := server.get("OLLAMA_NUM_PARALLEL"):
        found["n_seq_max"] = whole("OLLAMA_NUM_PARALLEL", _plain(slots))
    if "n_ctx" not in found and (n_ctx := server.get("OLLAMA_CONTEXT_LENGTH")):
        found["n_ctx"] = whole("OLLAMA_CONTEXT_LENGTH", _plain(n_ctx))


def _commands(text: str, server: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Each command with its value (parser/parser.go); a comment is one only at the start of a line."""
    lines = iter(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"))
    for line in lines:
        plain = line.strip()
        if not plain or plain.startswith("#") or plain == "[Service]":
            continue
        if len(plain) <= _LONGEST_ASSIGNMENT and (assignment := _SERVER.match(plain)):
            server[assignment[1].upper()] = assignment[2]
            continue
        command, _, value = plain.partition(" ")
        value = value.strip()
        if value.count('"""') == 1:
            value = "\n".join([value, *_rest_of_text(lines)])
        yield command.lower(), _unquoted(value)


def _rest_of_text(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if '"""' in line:
            return
    raise unread('A text in """ does not end.', "Paste the whole Modelfile.")


def _unquoted(value: str) -> str:
    for quotes in ('"""', '"'):
        if len(value) >= 2 * len(quotes) and value.startswith(quotes) and value.endswith(quotes):
            return value[len(quotes) : -len(quotes)]
    return value


def _plain(value: str) -> object:
    """A parameter's value: a number and true or false as such, else the text."""
    value = _unquoted(value)
    if re.fullmatch(r"[+-]?[0-9]{1,15}", value):
        return int(value)
    return {"true": True, "false": False}.get(value.lower(), value)
