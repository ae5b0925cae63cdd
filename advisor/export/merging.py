"""An export laid over a file that is there: what the export says is replaced, all else is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from advisor.errors import OutputError, UsageError


def merged_modelfile(before: str | None, export: str, name: str) -> str:
    """The Modelfile with our PARAMETERs in place of those of the same name; templates and the rest stay.

    Raises UsageError where it is of another model.
    """
    if before is None or not before.strip():
        return export
    ours = [_command(line) for line in export.splitlines()]
    source = next(value for word, value in ours if word == "FROM")
    parameters = dict(_parameter(value) for word, value in ours if word == "PARAMETER")
    adapters = [value for word, value in ours if word == "ADAPTER"]
    kept: list[str] = []
    sources: list[str] = []
    for line, word, value in _commands(before):
        if word == "PARAMETER" and _parameter(value)[0] in parameters:
            continue
        if word == "FROM":
            sources.append(value)
        if word == "ADAPTER" and value in adapters:
            adapters.remove(value)
        kept.append(line)
    if sources and sources != [source]:
        raise UsageError(
            f"{name} is of another model: FROM {sources[0]}, not {source}.",
            hint=f"Give --name {sources[0]} if that is the same one, or choose another file with -o.",
            code="another-model",
        )
    added = [] if sources else [f"FROM {source}"]
    added += [f"ADAPTER {value}" for value in adapters]
    added += [f"PARAMETER {key} {value}" for key, value in parameters.items()]
    return "\n".join([*kept, *added]) + "\n"


def merged_defaults(before: str | None, export: str, name: str) -> str:
    """LM Studio's defaults with our load fields in place of those of the same key.

    Raises OutputError where the file is not such a document.
    """
    if before is None or not before.strip():
        return export
    try:
        document = json.loads(before)
        fields = document.get("load", {"fields": []})["fields"]
        keys = [str(field["key"]) for field in fields]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OutputError(
            f"{name} is not what LM Studio writes, and was not touched.",
            hint="Move it away, and LM Studio starts anew with the defaults of this export.",
            code="not-read",
        ) from error
    ours: list[dict[str, Any]] = json.loads(export)["load"]["fields"]
    by_key = {field["key"]: field for field in ours}
    merged = [by_key.get(key, field) for key, field in zip(keys, fields, strict=True)]
    merged += [field for field in ours if field["key"] not in keys]
    document["load"] = {**document.get("load", {}), "fields": merged}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _commands(text: str) -> Iterator[tuple[str, str, str]]:
    """Each line with its command and value; lines within triple quotes have none (parser/parser.go)."""
    inside = False
    for line in text.splitlines():
        word, value = ("", "") if inside else _command(line)
        if line.count('"""') % 2 and (inside or word):
            inside = not inside
        yield line, word, value


def _command(line: str) -> tuple[str, str]:
    if line.startswith("#"):
        return "", ""
    word, _, value = line.strip().partition(" ")
    return word.upper(), _unquoted(value.strip())


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value


def _parameter(value: str) -> tuple[str, str]:
    key, _, said = value.partition(" ")
    return key.lower(), said.strip()
