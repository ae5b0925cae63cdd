"""Frozen dataclasses as JSON and back, by their own annotations.

A field that this version does not know is passed over, one that an older version did not write has its
default: so records outlive the program that wrote them.
"""

from __future__ import annotations

import types
from collections.abc import Hashable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

_LARGEST = 1 << 63


def to_json(value: object) -> Any:  # noqa: ANN401 - what the json module takes has no narrower type
    """The value in what JSON has: dicts, lists, numbers, text, null."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def from_json(kind: type[T], content: object) -> T:
    """The dataclass of that kind. Raises ValueError or TypeError for content that is none."""
    if not isinstance(content, Mapping):
        raise TypeError(f"{kind.__name__} is not an object")
    hints = _hints(cast("Hashable", kind))
    values: dict[str, object] = {}
    for field in fields(cast("Any", kind)):
        if field.name in content:
            values[field.name] = _read(hints[field.name], content[field.name])
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{kind.__name__} lacks {field.name}")
    return kind(**values)


@cache
def _hints(kind: Hashable) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, content: Any) -> Any:  # noqa: ANN401 - as wide as annotations are
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (types.UnionType, Union):
        return _read_union(arguments, content)
    if origin is tuple:
        return _read_tuple(arguments, content)
    if origin is not None and issubclass(origin, Mapping):
        return {str(key): _read(arguments[1], item) for key, item in _typed(dict, content).items()}
    return _read_plain(kind, content)


def _read_plain(kind: Any, content: Any) -> Any:  # noqa: ANN401
    if is_dataclass(kind):
        return from_json(cast("type[Any]", kind), content)
    if issubclass(kind, Enum):
        return kind(content)
    if kind is float:
        return float(_number((int, float), content))
    return _number(int, content) if kind is int else _typed(kind, content)


def _read_union(kinds: tuple[Any, ...], content: Any) -> Any:  # noqa: ANN401
    if content is None and types.NoneType in kinds:
        return None
    for kind in kinds:
        try:
            return _read(kind, content)
        except (ValueError, TypeError):
            continue
    raise ValueError(f"{content!r} is none of {kinds}")


def _read_tuple(kinds: tuple[Any, ...], content: Any) -> tuple[Any, ...]:  # noqa: ANN401
    items = _typed(list, content)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(kinds[0], item) for item in items)
    return tuple(_read(kind, item) for kind, item in zip(kinds, items, strict=True))


def _number(kind: Any, content: Any) -> Any:  # noqa: ANN401
    """A number that can be counted with: neither nan nor without end."""
    if not -_LARGEST < _typed(kind, content) < _LARGEST:
        raise ValueError("a number is beyond all that is ever measured")
    return content


def _typed(kind: Any, content: Any) -> Any:  # noqa: ANN401
    if not isinstance(content, kind) or (isinstance(content, bool) and kind is not bool):
        raise ValueError(f"{content!r} is not what is expected here")
    return content
