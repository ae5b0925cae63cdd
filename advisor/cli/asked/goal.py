"""What the model is for, and how long its person waits: a goal by its name, with a patience of one's own."""

from __future__ import annotations

import argparse
from dataclasses import replace

from advisor.errors import SettingsError
from advisor.recommend.goals import DEFAULT_GOAL, goal_named
from advisor.recommend.result import Goal, Patience


def is_goal_said(args: argparse.Namespace) -> bool:
    """Whether the words choose a goal, or change how patient it is: then it decides."""
    return bool(args.goal or args.patience_seconds or args.patience_speed or args.no_patience)


def goal_of(args: argparse.Namespace) -> Goal:
    """The goal that was named, else the default, as patient as was said.

    Raises PresetError for a goal that does not exist, and SettingsError for words that contradict each other
    or leave half of a patience open.
    """
    goal = goal_named(args.goal or DEFAULT_GOAL)
    seconds, speed = args.patience_seconds, args.patience_speed
    if args.no_patience:
        if seconds or speed:
            option = "--patience-seconds" if seconds else "--patience-speed"
            raise SettingsError(
                "--no-patience", f"{option} says another thing.", hint="Leave one of them out."
            )
        return replace(goal, patience=None)
    if not seconds and not speed:
        return goal
    if goal.patience is None and not (seconds and speed):
        raise SettingsError(
            "--patience-seconds" if seconds else "--patience-speed",
            f'the goal "{goal.name}" has no patience of its own to change.',
            hint="Say both --patience-seconds and --patience-speed.",
        )
    if goal.patience:
        seconds = seconds or goal.patience.seconds_to_first_token
        speed = speed or goal.patience.tokens_per_second
    return replace(goal, patience=Patience(seconds, speed, is_said=True))
