"""Whether a load fits: one accounting, device by device, with shared memory counted once.

usable = free - reserve; a load's total has its overhead in it. Nothing else is added or taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from advisor.hardware.device import Device
from advisor.memory.plan import Verdict

# From best to worst.
_ORDER = (
    Verdict.FITS,
    Verdict.TIGHT,
    Verdict.PAGES_FROM_DISK,
    Verdict.UNKNOWN,
    Verdict.CLOSE_OTHER_APPS,
    Verdict.DOES_NOT_FIT,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one load wants of one memory and what that memory has, in bytes.

    `usable_bytes` is what is free now less the reserve (what is assumed to be, where the driver does not
    tell), `best_bytes` what would be usable with other programs closed. Of `total_bytes`, the system can drop
    `mapped_file_bytes` and read them again.
    """

    total_bytes: int
    usable_bytes: int
    reserve_bytes: int
    best_bytes: int
    mapped_file_bytes: int = 0
    free_is_known: bool = True
    shares_ram: bool = False


def claim_on(device: Device, total_bytes: int, mapped_file_bytes: int) -> Claim:
    """What a load that takes `total_bytes` in all wants of a device."""
    return Claim(
        total_bytes=total_bytes,
        usable_bytes=device.usable_bytes,
        reserve_bytes=device.reserve_bytes,
        best_bytes=device.usable_if_others_closed_bytes,
        mapped_file_bytes=mapped_file_bytes,
        free_is_known=device.free_bytes is not None,
        shares_ram=device.shares_ram,
    )


def judge(gpus: Sequence[Claim], host: Claim) -> Verdict:
    """The verdict of the worst place, since a load runs only if every part of it finds room.

    Several GPUs are judged one by one. Those that work in the RAM must besides fit into it together with the
    host's part. What is too much for cards alone, by no more than the RAM has left, needs layers on the CPU.
    """
    on_gpus = [_judge(gpu) for gpu in gpus]
    in_ram = _judge(_together([gpu for gpu in gpus if gpu.shares_ram], host))
    worst = max((*on_gpus, in_ram), key=_ORDER.index)
    if worst is not Verdict.DOES_NOT_FIT or in_ram is Verdict.DOES_NOT_FIT:
        return worst
    excess = sum(max(0, gpu.total_bytes - gpu.usable_bytes) for gpu in gpus if not gpu.shares_ram)
    return Verdict.NEEDS_OFFLOAD if 0 < excess <= host.usable_bytes - host.total_bytes else worst


def _together(borrowers: Sequence[Claim], host: Claim) -> Claim:
    """The RAM with all that lies in it. A GPU may have memory of its own beside it: the larger counts."""
    everyone = (host, *borrowers)
    return Claim(
        total_bytes=sum(claim.total_bytes for claim in everyone),
        usable_bytes=max(claim.usable_bytes for claim in everyone),
        reserve_bytes=host.reserve_bytes,
        best_bytes=max(claim.best_bytes for claim in everyone),
        mapped_file_bytes=host.mapped_file_bytes,
        free_is_known=host.free_is_known,
        shares_ram=True,
    )


def _judge(claim: Claim) -> Verdict:
    wanted, usable = claim.total_bytes, claim.usable_bytes
    if wanted <= usable:
        return Verdict.FITS if claim.free_is_known else Verdict.UNKNOWN
    if wanted <= usable + claim.reserve_bytes:
        return Verdict.TIGHT if claim.free_is_known else Verdict.UNKNOWN
    if wanted <= claim.best_bytes:
        return Verdict.CLOSE_OTHER_APPS
    if wanted - claim.mapped_file_bytes <= usable:
        return Verdict.PAGES_FROM_DISK
    return Verdict.DOES_NOT_FIT
