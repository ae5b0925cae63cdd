"""Levers outside the load: what other programs hold, and how much is kept free."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.hardware.device import Device, Holder
from advisor.hardware.reserve import Reserve, with_reserve
from advisor.recommend.levers.situation import ByFormula, Situation
from advisor.recommend.result import Lever

RULE_OF_THUMB_PERCENT = 25

_OLLAMA_STOP = "ollama stop "
_PLACEHOLDER = "NAME"  # the command of a holder whose model is not known by name


def holder_levers(now: Situation) -> Iterator[Lever]:
    """Programs that can be told to give a device's memory back, where the driver says how much they hold."""
    for device in now.hardware.devices:
        for holder in device.holders:
            if not holder.n_bytes or not holder.release_command:
                continue
            devices = [
                _with_more_free(other, holder.n_bytes) if other.id == device.id else other
                for other in now.hardware.devices
            ]
            planner = _with_devices(now, devices)
            gain_tokens = now.gain(now.most(now.request, planner))
            if gain_tokens > 0:
                yield now.lever(
                    f"unload-{holder.name.lower().replace(' ', '-')}",
                    _title(holder),
                    gain_tokens,
                    holder.n_bytes,
                    command=holder.release_command,
                )


def closing_levers(now: Situation) -> Iterator[Lever]:
    """All other programs closed: the most that this computer could give."""
    planner = _with_devices(now, [_alone(device) for device in now.hardware.devices])
    gain_tokens = now.gain(now.most(now.request, planner))
    gpus = [line.device_name for line in now.here.memory[:-1] if line.buffers.total_bytes]
    counted = [device for device in now.hardware.gpus if device.name in gpus] or [now.hardware.ram]
    gain_bytes = sum(_alone(device).usable_bytes - device.usable_bytes for device in counted)
    if gain_tokens > 0 and gain_bytes > 0:
        yield now.lever("close-others", "Close other programs", gain_tokens, gain_bytes, "at most")


def reserve_levers(now: Situation) -> Iterator[Lever]:
    """What people are told, "leave a quarter of the memory free", and what that would cost here."""
    careful = with_reserve(now.hardware, Reserve(percent=RULE_OF_THUMB_PERCENT))
    most = now.most(now.request, now.planner.instead(hardware=careful))
    if most < now.n_ctx_max:
        title = f"Leave {RULE_OF_THUMB_PERCENT} % of the memory free, as a rule of thumb says"
        detail = "" if most else "then nothing fits"
        yield now.lever("reserve-percent", title, most - now.n_ctx_max, 0, detail)


def _title(holder: Holder) -> str:
    command = holder.release_command or ""
    if command.startswith(_OLLAMA_STOP) and not command.endswith(_PLACEHOLDER):
        return f"Unload {command.removeprefix(_OLLAMA_STOP)} from {holder.name}"
    if holder.name == "llama-server":
        return "Stop the other llama-server"
    return f"Unload what {holder.name} has loaded"


def _with_devices(now: Situation, devices: list[Device]) -> ByFormula:
    return now.planner.instead(hardware=replace(now.hardware, devices=tuple(devices)))


def _with_more_free(device: Device, n_bytes: int) -> Device:
    if device.free_bytes is None:
        return device
    return replace(device, free_bytes=min(device.total_bytes, device.free_bytes + n_bytes))


def _alone(device: Device) -> Device:
    if device.free_bytes is None or device.usable_if_others_closed_bytes <= device.usable_bytes:
        return device
    best = device.usable_if_others_closed_bytes + device.reserve_bytes
    return replace(device, free_bytes=min(device.total_bytes, best))
