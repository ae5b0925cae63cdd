"""Sliding windows: which layers look back how many tokens.

A layer with a window keeps only its last tokens, so the pattern decides how the cache grows. The rules
are `load_arch_hparams` of src/models/*.cpp, `load_swa_pattern` (src/llama-model.cpp) and
`set_swa_pattern` (src/llama-hparams.cpp). A window in the header of any other architecture is ignored
by llama.cpp (Mistral, Qwen, Phi-3), so it is ignored here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.model import refusals
from advisor.model.keys import Keys
from advisor.model.shape import MAX_LAYERS, Shape

_WINDOW = "attention.sliding_window"
_PATTERN = "attention.sliding_window_pattern"


@dataclass(frozen=True, slots=True)
class WindowRule:
    """How one architecture's windows are read.

    In every `period` layers one looks back over all tokens: the last, or with `dense_first` the first.
    0 means that none does; None that the header must list the layers. A list in the header wins, then a
    period in the header.
    """

    period: int | None
    dense_first: bool = False
    optional: bool = False  # without the key, or with 0, there are no windows
    default: int | None = None  # tokens, where the header says nothing
    fixed: int | None = None  # tokens, whatever the header says


_EVERY_4TH_IF_ANY = WindowRule(4, optional=True)
_LISTED = WindowRule(None)

_RULES = {
    "afmoe": _EVERY_4TH_IF_ANY,
    "cohere2": WindowRule(4),
    "cohere2moe": WindowRule(4, dense_first=True),
    "dots3note": _LISTED,
    "exaone-moe": WindowRule(4),
    "exaone4": WindowRule(4, default=4096),
    "gemma-embedding": WindowRule(6),
    "gemma2": WindowRule(2, default=4096),
    "gemma3": WindowRule(6, optional=True),
    "gemma3n": WindowRule(5),
    "gemma4": _LISTED,
    "gemma4-assistant": _LISTED,
    "gpt-oss": WindowRule(2),
    "granite_swa": _LISTED,
    "laguna": WindowRule(4, dense_first=True, optional=True),
    "llama4": WindowRule(4, fixed=8192),
    "maple": _LISTED,
    "mellum": _EVERY_4TH_IF_ANY,
    "mimo2": _LISTED,
    "modern-bert": WindowRule(3, dense_first=True, optional=True),
    "muse-glimmer": WindowRule(4),
    "olmo2": _EVERY_4TH_IF_ANY,
    "plamo3": WindowRule(8, optional=True),
    "smallthinker": WindowRule(4, dense_first=True, optional=True, fixed=4096),
    "spark2_5": _LISTED,
    "step35": _LISTED,
}


def read_windows(keys: Keys, shape: Shape, recurrent: Sequence[bool]) -> tuple[int, ...]:
    """Tokens that each of the blocks looks back, 0 for all of them. Raises ModelFactsError."""
    none = (0,) * shape.n_layer_all
    if shape.architecture == "deepseek4":
        return (keys.positive(_WINDOW),) * shape.n_layer_all
    if shape.architecture == "lfm2":
        window = keys.number(_WINDOW, 0)
        return tuple(
            window if il < shape.n_layer and not recurrent[il] else 0 for il in range(shape.n_layer_all)
        )
    rule = _rule(keys, shape)
    if rule is None:
        return none
    window = _window(keys, rule)
    if not window:
        return none
    windowed = _windowed(keys, rule, shape)
    return tuple(window if is_windowed else 0 for is_windowed in windowed)


def _rule(keys: Keys, shape: Shape) -> WindowRule | None:
    if shape.architecture == "exaone4" and shape.n_layer != 64:
        return None  # only the 32B model has windows (src/models/exaone4.cpp)
    if shape.architecture == "dflash" and keys.number(_WINDOW, 0):
        return _LISTED
    if not keys.known and keys.has(_PATTERN):
        return WindowRule(0, optional=True)
    return _RULES.get(shape.architecture)


def _window(keys: Keys, rule: WindowRule) -> int:
    if rule.optional and not keys.number(_WINDOW, 0):
        return 0
    if rule.fixed is not None:
        # llama4: an explicit 0 turns the chunks off, a missing key does not.
        return rule.fixed if keys.number(_WINDOW, rule.fixed) else 0
    window = keys.number(_WINDOW, rule.default)
    if not window:
        raise refusals.absurd(keys.full(_WINDOW), "is 0, but layers of this model have a window")
    return window


def _windowed(keys: Keys, rule: WindowRule, shape: Shape) -> tuple[bool, ...]:
    listed = keys.required_array(_PATTERN) if rule.period is None else keys.array(_PATTERN)
    if listed is not None:
        if len(listed) > MAX_LAYERS:
            raise refusals.wrong_length(keys.full(_PATTERN), len(listed), shape.n_layer_all)
        # A shorter list leaves the rest without a window, a longer one is cut.
        return tuple(il < len(listed) and bool(listed[il]) for il in range(shape.n_layer_all))
    period = keys.number(_PATTERN, rule.period)
    return tuple(
        il < shape.n_layer and _in_period(il, period, dense_first=rule.dense_first)
        for il in range(shape.n_layer_all)
    )


def _in_period(il: int, period: int, *, dense_first: bool) -> bool:
    """Whether layer `il` has a window (set_swa_pattern)."""
    if period == 0:
        return True
    position = il % period
    return position != 0 if dense_first else position < period - 1
