"""The safe context: the largest up to the limit that leaves every device its reserve, as measured here."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.probe.room import RAM, room_for_safe
from advisor.probe.task import Task
from advisor.recommend.search import ContextRange, largest


def corrections(
    predicted: Mapping[str, int], measured: Mapping[str, int | None], shared: frozenset[str]
) -> dict[str, int]:
    """What each device really took beyond the prediction, negative for less; nothing where it is not known.

    What a device in the RAM holds is part of the process's own where no driver tells it apart.
    """
    found = {}
    for name, n_bytes in measured.items():
        if n_bytes is None or name not in predicted:
            continue
        expected = predicted[name]
        if name == RAM:
            expected += sum(predicted.get(device, 0) for device in shared if measured.get(device) is None)
        found[name] = n_bytes - expected
    return found


def safe_context(task: Task, limit: int, corrected_by: Mapping[str, int]) -> int:
    """In the runtime's own word, 0 if not even the smallest leaves the reserve; never above `limit`."""
    room = room_for_safe(task.hardware)
    span = ContextRange(task.span.step, limit)
    guess = largest(lambda n: room.holds(task.estimate(n), corrected_by), span)
    return largest(lambda n: room.holds(task.plan(n), corrected_by), span, guess or span.step)
