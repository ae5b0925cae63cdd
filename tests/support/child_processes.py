"""Which child processes a test has left running."""

from __future__ import annotations

import os

import psutil


def children() -> set[psutil.Process]:
    """All child processes of the test run, and theirs."""
    return set(psutil.Process().children(recursive=True)) if _has_children() else set()


def _has_children() -> bool:
    """Asked around every test: one system call, where looking through all processes takes milliseconds."""
    if not hasattr(os, "waitid"):
        return True
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def left_running(before: set[psutil.Process], grace_seconds: float = 2.0) -> list[str]:
    """The command lines of children that are not in `before` and do not end by themselves in time.

    They are killed, so that they cannot disturb the tests that follow.
    """
    _, alive = psutil.wait_procs(children() - before, timeout=grace_seconds)
    left = []
    for process in alive:
        try:
            command = " ".join(process.cmdline()) or process.name()
            # multiprocessing keeps this one for as long as the interpreter lives.
            if "multiprocessing.resource_tracker" in command:
                continue
            process.kill()
            process.wait()
            left.append(command)
        except psutil.NoSuchProcess:
            continue
    return left
