"""The goals that a recommendation can serve: `presets/goals.toml`."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from math import inf
from pathlib import Path

from advisor.errors import PresetError
from advisor.model.facts import ModelFacts
from advisor.presets import read_shipped_toml, read_toml, user_presets, write_own
from advisor.recommend.result import Goal, Patience
from advisor.settings.load_settings import CACHE_TYPES
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import format_tokens

DEFAULT_GOAL = "chat"
FILE = "goals.toml"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEADER = re.compile(r"""\s*\[\s*("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)\s*[.\]]""")


def load_goals() -> dict[str, Goal]:
    """All goals by name, in the file's order. Raises PresetError for a malformed file."""
    return {name: _goal(name, entry) for name, entry in read_toml(FILE).items()}


def shipped_goals() -> dict[str, Goal]:
    """Ours alone, for where the user's own file cannot be read. Raises PresetError if ours is missing."""
    return {name: _goal(name, entry) for name, entry in read_shipped_toml(FILE).items()}


def goal_named(name: str) -> Goal:
    """The goal of that name. Raises PresetError, naming those that exist."""
    goals = load_goals()
    try:
        return goals[name]
    except KeyError:
        raise PresetError(
            f'There is no goal "{name}".', hint=f"Choose one of {', '.join(goals)}.", code="unknown-goal"
        ) from None


def own_goal(name: str, base: Goal, request: Request, facts: ModelFacts) -> Goal:
    """A goal that asks for what `request` says, and else for what `base` does. Saves nothing.

    Raises PresetError for different types of K and V, which a goal cannot ask for, and SettingsError.
    """
    types = {kind for kind in (request.cache_type_k, request.cache_type_v) if kind}
    if len(types) > 1:
        raise PresetError(
            "A goal has one cache type for K and V.", hint=f"Give one of {', '.join(sorted(types))} for both."
        )
    n_ctx = resolve(request, facts).n_ctx_per_slot if request.n_ctx else base.n_ctx
    users = request.users or request.n_seq_max or base.users
    wish = f"{format_tokens(n_ctx)} tokens" if n_ctx else "As many tokens as there are"
    return replace(
        base,
        name=name,
        title=name,
        description=f"{wish}, {users} {'user' if users == 1 else 'users'}",
        n_ctx=n_ctx,
        users=users,
        cache_types=tuple(types) or base.cache_types,
    )


def save_goal(goal: Goal) -> Path:
    """Keep `goal` in the user's own goals.toml, in place of one of the same name; the file it is in.

    Everything else in that file stays as it is, comments too; a copy of it as it was lies beside it. A goal
    of ours of that name is hidden by it. Raises PresetError for a name or goal that cannot be, and for a
    file that cannot be read or written.
    """
    if not _NAME.fullmatch(goal.name):
        raise PresetError(
            f"{goal.name!a} cannot be the name of a goal.",
            hint="Use letters, digits, - and _, at most 64 of them.",
            code="bad-goal-name",
        )
    own = _own_text()
    kept = _without(own, goal.name)
    text = f"{kept.rstrip()}\n\n" if kept.strip() else ""
    return _replaced(own, text + _table(goal), goal)


def delete_goal(name: str) -> bool:
    """Take a goal out of the user's own goals.toml; False if it is not in there. Ours cannot be deleted.

    Raises PresetError as `save_goal`.
    """
    own = _own_text()
    if name not in _tables(own):
        return False
    _replaced(own, _without(own, name), None, without=name)
    return True


def own_goals() -> frozenset[str]:
    """The names in the user's own goals.toml: these can be deleted. Raises PresetError if it is malformed."""
    return frozenset(_tables(_own_text()))


def _own_text() -> str:
    path = user_presets() / FILE
    try:
        return path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise PresetError(f"{path} cannot be read.", hint="Check its rights, or move it away.") from error


def _tables(text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        path = user_presets() / FILE
        raise PresetError(f"{path} is malformed: {error}.", hint="Correct the file or remove it.") from error


def _without(text: str, name: str) -> str:
    """`text` without the lines of one table and of its sub-tables; comments before it stay."""
    if name not in _tables(text):
        return text
    kept, is_its = [], False
    for line in text.splitlines(keepends=True):
        if header := _HEADER.match(line):
            is_its = header[1].strip("\"'") == name
        if not is_its:
            kept.append(line)
    return "".join(kept)


def _replaced(own: str, text: str, goal: Goal | None, *, without: str = "") -> Path:
    """Writes `text`, once it is sure that it says what it should and that nothing else has changed."""
    before, after = _tables(own), _tables(text)
    name = goal.name if goal else without
    is_right = (_goal(name, after.pop(name, None)) == goal) if goal else name not in after
    before.pop(name, None)
    if not is_right or before != after:
        raise PresetError(
            f"{user_presets() / FILE} was not changed: it is written in a way that cannot be edited here.",
            hint="Change the goal by hand.",
        )
    return write_own(FILE, text)


def _table(goal: Goal) -> str:
    """The goal as it stands in goals.toml."""
    lines = [f"[{goal.name}]", f"title = {_quoted(goal.title)}", f"description = {_quoted(goal.description)}"]
    if goal.n_ctx is not None:
        lines.append(f"n_ctx = {goal.n_ctx}")
    lines.append(f"users = {goal.users}")
    lines.append(f"cache_types = [{', '.join(map(_quoted, goal.cache_types))}]")
    if goal.patience:
        first, rate = goal.patience.seconds_to_first_token, goal.patience.tokens_per_second
        lines.append(f"patience = {{ seconds_to_first_token = {first!r}, tokens_per_second = {rate!r} }}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A basic string of TOML: as in JSON, but for one control character more."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


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
