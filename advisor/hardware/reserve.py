"""How much of a memory stays free for everything else: the desktop, a new tab, a second monitor.

What programs hold already is missing from the free memory anyway; the reserve is for what comes after. It
is an amount by role and never a share of what is free, which would take gigabytes from a large card and
too little from a small one. The amounts are defaults to be changed, not measurements.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from advisor.errors import SettingsError, UsageError
from advisor.hardware.device import Device, Hardware
from advisor.hardware.reading import Role
from advisor.units import GiB, MiB, parse_size

_COMPUTE_BYTES = 512 * MiB
_DISPLAY_BYTES = 1024 * MiB
_METAL_BYTES = 512 * MiB
_CONTAINER_BYTES = 1 * GiB
_HOST_BYTES = 2 * GiB
_HOST_SHARE = 10  # one tenth of the RAM
_WDDM_SHARE = 16  # one sixteenth of what Windows grants
_UNKNOWN_FREE_BYTES = 512 * MiB

_HINT = "Write a size like 1GiB, a share like 10%, or auto."


@dataclass(frozen=True, slots=True)
class Reserve:
    """What the user wants kept free on every device: an amount, a percentage of each, or neither (auto)."""

    n_bytes: int | None = None
    percent: float | None = None

    @staticmethod
    def parse(text: str) -> Reserve:
        """`--reserve SIZE|PERCENT|auto`. Raises SettingsError for anything else."""
        cleaned = text.strip().lower()
        if cleaned == "auto":
            return AUTO
        if cleaned.endswith("%"):
            try:
                percent = float(cleaned[:-1])
            except ValueError:
                raise SettingsError("--reserve", f'"{text}" is not a percentage.', hint=_HINT) from None
            if not 0 <= percent < 100:
                raise SettingsError("--reserve", f"{text} is not between 0% and 100%.", hint=_HINT)
            return Reserve(percent=percent)
        try:
            n_bytes = parse_size(text)
        except UsageError:
            reason = f'"{text}" is neither a size nor a percentage.'
            raise SettingsError("--reserve", reason, hint=_HINT) from None
        if cleaned.isdecimal() and 0 < n_bytes < MiB:  # "10" would be ten bytes, which nobody means
            raise SettingsError("--reserve", f'"{text}" has no unit.', hint=_HINT)
        return Reserve(n_bytes=n_bytes)

    @property
    def is_auto(self) -> bool:
        return self.n_bytes is None and self.percent is None

    def of(self, total_bytes: int) -> int:
        """The bytes that the user wants kept free of a memory of this size; 0 for auto."""
        if self.percent is not None:
            return int(total_bytes * self.percent / 100)
        return min(self.n_bytes or 0, total_bytes)


AUTO = Reserve()


def default_reserve_bytes(
    role: Role, total_bytes: int, *, budget_bytes: int | None = None, free_known: bool = True
) -> int:
    """The default reserve in bytes of a memory with this role and size.

    `budget_bytes` is what Windows grants (its own sizing rule keeps a sixteenth of that free). Where the
    driver does not tell what is free, more is kept. Never more than the memory itself.
    """
    if role is Role.COMPUTE:
        reserve = _COMPUTE_BYTES
    elif role is Role.DISPLAY:
        reserve = _DISPLAY_BYTES
    elif role is Role.WDDM:
        granted = total_bytes if budget_bytes is None else budget_bytes
        reserve = max(_DISPLAY_BYTES, granted // _WDDM_SHARE)
    elif role is Role.METAL:
        reserve = _METAL_BYTES
    elif role is Role.CONTAINER_RAM:
        reserve = _CONTAINER_BYTES
    else:
        reserve = max(_HOST_BYTES, total_bytes // _HOST_SHARE)
    if not free_known:
        reserve += _UNKNOWN_FREE_BYTES
    return min(reserve, total_bytes)


def with_reserve(hardware: Hardware, reserve: Reserve) -> Hardware:
    """The same computer with another amount kept free on every device. `reserve` is not auto."""

    def changed(device: Device) -> Device:
        kept = reserve.of(device.total_bytes)
        best = max(0, device.usable_if_others_closed_bytes + device.reserve_bytes - kept)
        return replace(device, reserve_bytes=kept, usable_if_others_closed_bytes=best)

    return replace(hardware, devices=tuple(changed(device) for device in hardware.devices))
