"""The largest safe context of a model, in a form that holds for as long as the free memory allows it.

Free memory changes from second to second, and with it, seldom, the answer. So what is kept is what the load
wants of every device at the largest safe context and one step above it: as long as the first fits and the
second does not, the answer is the same, and no arithmetic need be done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from advisor.hardware.device import Device, Hardware
from advisor.memory.assemble import devices_by_name, targets
from advisor.memory.plan import MemoryPlan, Verdict
from advisor.memory.verdict import claim_on, judge
from advisor.model.facts import ModelFacts
from advisor.recommend.planner import Planner
from advisor.recommend.search import context_range, largest
from advisor.settings.request import Request
from advisor.settings.resolve import resolve

# What one load wants of each device, the host last: its name, bytes, and those of them that are mapped.
Wants = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer on one computer. `n_ctx` is 0 where nothing fits; `at` is then the smallest context's.

    `asked_n_ctx` is the same context in the runtime's own word, `above` what one step more wants: None at
    the end of the range.
    """

    n_ctx: int
    asked_n_ctx: int
    at: Wants
    above: Wants | None


def judged(
    facts: ModelFacts, request: Request, hardware: Hardware, before: Judgement | None = None
) -> Judgement:
    """By formula, from all contexts up to the training one. Raises SettingsError leaves.

    `before` is an earlier answer, at best of the same computer: it tells where to look first.
    """
    planner = Planner(facts, hardware)
    span = context_range(request, facts)

    def plan(n_ctx: int) -> MemoryPlan:
        return planner.estimate(resolve(request, facts, n_ctx))

    guess = _expected(before, span.step, hardware) if before else None
    best = largest(lambda n_ctx: plan(n_ctx).fits, span, guess)
    chosen = plan(best or span.step)
    above = plan(best + span.step) if best and best < span.highest else None
    return Judgement(
        n_ctx=chosen.settings.n_ctx if best else 0,
        asked_n_ctx=best,
        at=_wants(chosen),
        above=_wants(above) if above else None,
    )


def verdict_of(judgement: Judgement, hardware: Hardware) -> Verdict:
    """The verdict of the judged context. `hardware` has the `computer_key` of the judgement's."""
    device_of = devices_by_name(hardware)
    claims = [claim_on(device_of[name], total, mapped) for name, total, mapped in judgement.at]
    return judge(claims[:-1], claims[-1])


def verdict_now(judgement: Judgement, hardware: Hardware) -> Verdict | None:
    """The verdict with what is free now, None where the answer has to be found again."""
    names = devices_by_name(hardware)
    rows = (*judgement.at, *(judgement.above or ()))
    if not judgement.at or not {name for name, *_ in rows}.issubset(names):
        return None  # an entry that was not written by us
    now = verdict_of(judgement, hardware)
    fits = now is Verdict.FITS
    if fits != bool(judgement.n_ctx):
        return None
    further = fits and judgement.above and verdict_of(replace(judgement, at=judgement.above), hardware)
    return None if further is Verdict.FITS else now


def _expected(before: Judgement, step: int, hardware: Hardware) -> int | None:
    """Where the answer should be now, if every further step of context took what the last one did."""
    if not before.asked_n_ctx or before.above is None:
        return before.asked_n_ctx or None
    device_of = devices_by_name(hardware)
    steps = [
        (device_of[name].usable_bytes - total) // (above - total)
        for (name, total, _), (_, above, _) in zip(before.at, before.above, strict=False)
        if above > total and name in device_of
    ]
    return max(step, before.asked_n_ctx + min(steps, default=0) * step)


def computer_key(hardware: Hardware) -> str:
    """What decides how a load is spread over a computer and what it costs there, but not what is free.

    With several GPUs the layers are spread by what is free on each: there that is part of it.
    """
    spread = len(targets(hardware)) > 2
    devices = [_lasting(device, with_free=spread) for device in hardware.devices]
    return hashlib.sha256(repr((devices, hardware.made_up)).encode(errors="replace")).hexdigest()


def judgement_to_json(judgement: Judgement) -> str:
    return json.dumps([judgement.n_ctx, judgement.asked_n_ctx, judgement.at, judgement.above])


def judgement_from_json(text: str) -> Judgement:
    """Raises ValueError for what `judgement_to_json` did not write."""
    try:
        n_ctx, asked, at, above = json.loads(text)
        return Judgement(
            int(n_ctx), int(asked), _read_wants(at), None if above is None else _read_wants(above)
        )
    except (TypeError, RecursionError) as error:
        raise ValueError("it is not what was written") from error


def _read_wants(rows: Sequence[tuple[str, int, int]]) -> Wants:
    return tuple((str(name), int(total), int(mapped)) for name, total, mapped in rows)


def _lasting(device: Device, *, with_free: bool) -> Device:
    """A device without what changes by itself."""
    return replace(
        device,
        free_bytes=device.free_bytes if with_free else None,
        reserve_bytes=0,
        usable_if_others_closed_bytes=0,
        holders=(),
        notes=(),
        sources=(),
    )


def _wants(plan: MemoryPlan) -> Wants:
    return tuple((line.device, line.total_bytes, line.buffers.mapped_file_bytes) for line in plan.memory)
