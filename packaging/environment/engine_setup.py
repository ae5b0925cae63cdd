"""The engine's part of the set-up: which one to have, and what to say when it is not this machine's own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from environment import debian, machine
from environment.console import Runner, SetupStopped, same_command, say
from environment.engine_choice import ENGINES, NAMES, EnginePlan, choose
from environment.engine_install import Installed, Outcome, carry_out, installed_now
from environment.machine import Machine
from environment.record import Engine

LEAST_FREE_BYTES = 1 << 30


def read_wish(text: str) -> str:
    """ENGINE as written: "" (keep what is there), "auto" or an engine's name. Raises SetupStopped."""
    wish = text.strip().lower()
    if wish and wish != "auto" and wish not in ENGINES:
        hint = "Choose one of: auto, " + ", ".join(ENGINES) + "."
        raise SetupStopped(f"There is no engine named {text.strip()}.", hint=hint, exit_code=2)
    return wish


def is_settled(recorded: Engine | None, wish: str, requirement: str, *, needed: bool) -> bool:
    """Whether what was set up before is what is wanted now.

    An engine that is asked for by name and is not there is tried again each time: the user may have installed
    what was missing. So is any engine that could not be had, if it is `needed`, as it is for the tests.
    """
    if recorded is None or recorded.requirement != requirement:
        return False
    if recorded.installed is None:
        return not needed and not wish
    if wish == "cpu" and recorded.note:  # now the CPU is what the user wants, and no longer worth a remark
        return False
    return wish in ("", recorded.installed)


def set_up(python: Path, wish: str, requirement: str, run: Runner) -> Engine:
    """Install the engine for this wish; where it cannot be had, say why and install the one for the CPU."""
    here = machine.look()
    plan = choose(here, wish or "auto", os.environ.get("CMAKE_ARGS", ""))
    say(f"Engine: {NAMES[plan.engine]} ({plan.why}).")
    outcome = _attempt(plan, here, python, requirement, run)
    if outcome.installed is not None:
        return Engine(requirement, outcome.installed.engine, _told(device_note(outcome.installed)))
    if plan.engine == "cpu":
        return _without(plan, outcome, python, requirement, run)
    note = _told(absence_note(plan, outcome))
    instead = choose(here, "cpu", os.environ.get("CMAKE_ARGS", ""))
    cpu = _attempt(instead, here, python, requirement, run)
    if cpu.installed is None:
        return _without(instead, cpu, python, requirement, run)
    return Engine(requirement, cpu.installed.engine, note)


def _without(plan: EnginePlan, outcome: Outcome, python: Path, requirement: str, run: Runner) -> Engine:
    """What is left when even the engine for the CPU cannot be installed: the one that was there, or none."""
    there = installed_now(python, run)
    if there is not None and is_version(there, requirement):
        why = reasons(plan, outcome)
        return Engine(requirement, there.engine, _told(f"The engine that was there is used: {why}."))
    return Engine(requirement, None, _told(absence_note(plan, outcome)))


def is_version(there: Installed, requirement: str) -> bool:
    """Whether what is there is the version that pyproject.toml asks for."""
    return requirement.endswith("==" + there.version)


def _attempt(plan: EnginePlan, here: Machine, python: Path, requirement: str, run: Runner) -> Outcome:
    user_args = os.environ.get("CMAKE_ARGS", "")
    there = installed_now(python, run)
    fits = there is not None and there.engine == plan.engine and is_version(there, requirement)
    if fits and not user_args:
        return Outcome(there, ())
    if shutil.disk_usage(python.parent).free < LEAST_FREE_BYTES:
        return Outcome(None, ("less than 1 GiB of disk space is free",))
    outcome = carry_out(plan, python, requirement, run)
    if outcome.installed is None and not here.compiler and debian.install(("g++", "make"), run):
        return carry_out(choose(machine.look(), plan.engine, user_args), python, requirement, run)
    return outcome


def reasons(plan: EnginePlan, outcome: Outcome) -> str:
    """Why nothing came of the plan, each clause once."""
    return "; ".join(dict.fromkeys(filter(None, (*outcome.failures, plan.obstacle))))


def absence_note(plan: EnginePlan, outcome: Outcome) -> str:
    """Why the planned engine is not there, what answers instead, and how to get it after all."""
    instead = "The formula alone answers." if plan.engine == "cpu" else "The engine for the CPU is used."
    told = f"There is no {NAMES[plan.engine]} engine here: {reasons(plan, outcome)}. {instead}"
    if not plan.routes and not plan.remedy:
        return told
    remedy = f"{plan.remedy}, then" if plan.remedy else "to try again,"
    return f"{told}\n{remedy[0].upper()}{remedy[1:]} run: {same_command('run', plan.engine)}"


def device_note(installed: Installed) -> str:
    """What to say of an engine for a GPU that finds none; empty if all is well."""
    if installed.engine == "cpu" or installed.offload:
        return ""
    name = NAMES[installed.engine]
    return (
        f"The engine is built for {name}, but finds no device for it: the driver may be too old, or the "
        "device hidden by a container or an environment variable."
    )


def _told(note: str) -> str:
    if note:
        say(note)
    return note
