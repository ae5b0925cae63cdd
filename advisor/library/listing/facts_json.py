"""`ModelFacts` as JSON and back, so that a header that was read once need not be read again.

Every field is written in the order of its dataclass: a text of other fields than today's is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from advisor.model.facts import Attention, Layer, ModelFacts, Recurrence, Role, Weight

_APART = ("path", "shards", "layers", "weights")


def shape_of_facts() -> str:
    """The names of all fields that are written: what is stored under another shape cannot be read back."""
    kinds = (ModelFacts, Layer, Attention, Recurrence, Weight)
    return ";".join(",".join(field.name for field in fields(kind)) for kind in kinds)


def facts_to_json(facts: ModelFacts) -> str:
    """Everything but where the file lies."""
    layers = [
        [
            layer.index,
            layer.attention and _row(Attention)(layer.attention),
            layer.recurrence and _row(Recurrence)(layer.recurrence),
            layer.n_ff,
            layer.n_expert_used,
        ]
        for layer in facts.layers
    ]
    plain = [getattr(facts, name) for name in _plain_fields()]
    return json.dumps([plain, layers, [_row(Weight)(weight) for weight in facts.weights]])


def facts_from_json(text: str, path: Path, shards: Sequence[Path]) -> ModelFacts:
    """The facts of the model at `path`. Raises ValueError for what `facts_to_json` did not write."""
    try:
        plain, layers, weights = json.loads(text)
        return ModelFacts(
            path=path,
            shards=tuple(shards),
            layers=tuple(_layer(row) for row in layers),
            weights=tuple(_weight(*row) for row in weights),
            **dict(zip(_plain_fields(), plain, strict=True)),
        )
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError("it is not what was written") from error


def _layer(row: Sequence[Any]) -> Layer:
    index, attention, recurrence, n_ff, n_expert_used = row
    return Layer(
        index,
        Attention(*attention) if attention else None,
        Recurrence(*recurrence) if recurrence else None,
        n_ff,
        n_expert_used,
    )


def _weight(name: str, role: str, layer: int | None, dims: Sequence[int], *rest: Any) -> Weight:  # noqa: ANN401 - as the dataclass has them
    return Weight(name, _ROLES[role], layer, tuple(dims), *rest)


_ROLES = {role.value: role for role in Role}


@cache
def _plain_fields() -> tuple[str, ...]:
    return tuple(field.name for field in fields(ModelFacts) if field.name not in _APART)


@cache
def _row(kind: type) -> Callable[[object], tuple[Any, ...]]:
    return attrgetter(*(field.name for field in fields(kind)))
