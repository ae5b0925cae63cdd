"""The goals that a recommendation can serve: `presets/goals.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from advisor.errors import PresetError
from advisor.presets import read_toml
from advisor.recommend.result import Goal, Patience
from advisor.settings.load_settings import CACHE_TYPES

DEFAULT_GOAL = "chat"


def load_goals() -> dict[str, Goal]:
    """All goals by name, in the file's order. Raises PresetError for a malformed file."""
    return {name: _goal(name, entry) for name, entry in read_toml("goals.toml").items()}


def goal_named(name: str) -> Goal:
    """The goal of that name. Raises PresetError, naming those that exist."""
    goals = load_goals()
    try:
        return goals[name]
    except KeyError:
        raise PresetError(
            f'There is no goal "{name}".', hint=f"Choose one of {', '.join(goals)}.", code="unknown-goal"
        ) from None


def _goal(name: str, entry: object) -> Goal:
    if not isinstance(entry, Mapping):
        raise PresetError(f'The goal "{name}" is not a table.', hint="Compare it with those in goals.toml.")
    try:
        goal = Goal(
            name=name,
            title=str(entry["title"]),
            description=str(entry["description"]),
            n_ctx=_whole(entry["n_ctx"]) if "n_ctx" in entry else None,
            users=_whole(entry["users"]),
            cache_types=_words(entry["cache_types"]),
            patience=_patience(entry["patience"]) if "patience" in entry else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise PresetError(
            f'The goal "{name}" is incomplete: {error}.', hint="Compare it with the others in goals.toml."
        ) from error
    unknown = [t for t in goal.cache_types if t not in CACHE_TYPES]
    if unknown or not goal.cache_types or goal.users < 1:
        raise PresetError(
            f'The goal "{name}" asks for something that does not exist.',
            hint=f"cache_types may hold {', '.join(CACHE_TYPES)}; users is at least 1.",
        )
    return goal


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    raise ValueError(f"{value!r} is not a positive whole number")


def _patience(value: object) -> Patience:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is not a table with seconds_to_first_token and tokens_per_second")
    return Patience(_positive(value["seconds_to_first_token"]), _positive(value["tokens_per_second"]))


def _positive(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < inf:
        return float(value)
    raise ValueError(f"{value!r} is not a positive number")


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise TypeError(f"{value!r} is not a list of words")
