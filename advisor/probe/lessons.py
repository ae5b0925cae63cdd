"""What several proofs teach together.

One proof may have run on a busy or hot computer. Whatever disturbs it makes it slower, never faster, so of
the newest proofs of one model with the same settings the fastest counts. What it takes beside its buffers is
disturbed both ways, by programs that take memory meanwhile and by such that give it back: there the middle
one does, of two the larger, since too little is an error and too much only a margin. Among different models
speed is the median and memory the most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median, median_high
from typing import TypeVar

from advisor.basis import Note
from advisor.settings.calibration import Calibration
from advisor.settings.load_settings import LoadSettings

_Figure = TypeVar("_Figure", int, float)

# Drivers and builds change: older proofs do not count. Of one model and its settings, and of all of those.
_NEWEST_ALIKE = 3
_NEWEST = 5
# An earlier proof was so many times as fast: more than measuring twice differs by on a quiet computer.
_DISTURBED = 1.25


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one proof taught. `about` is the same for one model with the same settings but its context."""

    about: str
    taught: Calibration


def about(model_key: str, settings: LoadSettings) -> str:
    """What a proof was of: speed and overhead depend on all settings but the length of the context."""
    return f"{model_key} {replace(settings, n_ctx=0)!r}"


def combined(lessons: Sequence[Lesson]) -> Calibration:
    """What the lessons teach together, given oldest first."""
    alike: dict[str, list[Calibration]] = {}
    for lesson in lessons:
        so_far = alike.pop(lesson.about, [])
        alike[lesson.about] = [*so_far, lesson.taught]  # last, for it is the newest now
    each = [_joined(proofs[-_NEWEST_ALIKE:], memory=median_high, speed=max) for proofs in alike.values()]
    together = _joined(each, memory=max, speed=median)
    return replace(together, n_probes=sum(lesson.taught.n_probes for lesson in lessons))


def slower_than_before(now: Calibration, before: Sequence[Calibration]) -> Note | None:
    """A note if an earlier proof of the same model with the same settings was a good deal faster.

    `before` are what the earlier ones taught, oldest first; those that will count beside this one are asked.
    """
    fastest = _joined(before[1 - _NEWEST_ALIKE :], memory=median_high, speed=max)
    most = max(_times_as_fast(fastest, now), default=0.0)
    if most < _DISTURBED:
        return None
    text = (
        f"An earlier proof of this model with these settings was up to {most:.1f} times as fast: other "
        "programs, heat or the power plan may have slowed this one down. Of the last "
        f"{_NEWEST_ALIKE} the fastest counts."
    )
    return Note("slower-than-before", text)


def _times_as_fast(one: Calibration, other: Calibration) -> Iterator[float]:
    for speeds, others in zip(_speeds(one), _speeds(other), strict=True):
        for device, speed in speeds.items():
            if others.get(device):
                yield speed / others[device]


def _speeds(of: Calibration) -> tuple[Mapping[str, float], ...]:
    return (
        of.decode_share,
        of.prefill_flops_per_second,
        of.expert_decode_share,
        of.expert_prefill_flops_per_second,
    )


def _joined(
    proofs: Sequence[Calibration],
    *,
    memory: Callable[[list[int]], int],
    speed: Callable[[list[float]], float],
) -> Calibration:
    return Calibration(
        overhead_bytes=_by_key([one.overhead_bytes for one in proofs], memory),
        decode_share=_by_key([one.decode_share for one in proofs], speed),
        prefill_flops_per_second=_by_key([one.prefill_flops_per_second for one in proofs], speed),
        expert_decode_share=_by_key([one.expert_decode_share for one in proofs], speed),
        expert_prefill_flops_per_second=_by_key(
            [one.expert_prefill_flops_per_second for one in proofs], speed
        ),
    )


def _by_key(
    mappings: Sequence[Mapping[str, _Figure]], join: Callable[[list[_Figure]], _Figure]
) -> dict[str, _Figure]:
    """The newest of each key, joined."""
    keys = sorted({key for mapping in mappings for key in mapping})
    return {key: join([mapping[key] for mapping in mappings if key in mapping][-_NEWEST:]) for key in keys}
