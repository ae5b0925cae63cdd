"""YAML that every reader understands alike, whether by the rules of YAML 1.1 or of 1.2.

All texts stand in double quotes, where `on`, `no`, `1e3` or `0o7` are texts in both, and nothing but plain
ASCII escapes is used in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

# A key that both versions read as this text: three letters or more, and none of the words below.
_PLAIN_KEY = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{2,}")
_WORDS = frozenset({"yes", "off", "true", "false", "null"})


def yaml_text(document: Mapping[str, object] | Sequence[object], comment: str) -> str:
    """The document, below a comment of one line. Raises TypeError for what is read in different ways."""
    lines = _mapping(document, "") if isinstance(document, Mapping) else _list(document, "")
    return "\n".join([f"# {comment}", *lines]) + "\n"


def _mapping(mapping: Mapping[str, object], indent: str) -> Iterator[str]:
    for key, value in mapping.items():
        name = key if _PLAIN_KEY.fullmatch(key) and key.lower() not in _WORDS else quoted(key)
        yield from _entry(f"{indent}{name}:", value, indent)


def _entry(start: str, value: object, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield start
        yield from _mapping(value, indent + "  ")
    elif isinstance(value, list | tuple) and value:
        yield start
        yield from _list(value, indent + "  ")
    else:
        yield f"{start} {_scalar(value)}"


def _list(items: Sequence[object], indent: str) -> Iterator[str]:
    for item in items:
        yield from _item(item, indent)


def _item(item: object, indent: str) -> Iterator[str]:
    if not isinstance(item, Mapping):
        yield f"{indent}- {_scalar(item)}"
        return
    lines = list(_mapping(item, indent + "  "))
    yield f"{indent}- {lines[0].lstrip()}"
    yield from lines[1:]


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    raise TypeError(f"{value!r} has no form that all versions of YAML read alike")


def quoted(text: str) -> str:
    """In double quotes, with whatever is not printable escaped."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    number = ord(character)
    return (
        f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
    )
