"""What this computer has measured, put where it was measured: at its devices."""

from __future__ import annotations

from dataclasses import replace

from advisor.hardware.device import Device, Hardware, MeasuredSpeed
from advisor.settings.calibration import Calibration


def calibrated(hardware: Hardware, calibration: Calibration) -> Hardware:
    """`hardware` with the measured speeds of its devices; made-up hardware learns nothing from this one."""
    if hardware.made_up or not calibration.n_probes:
        return hardware
    devices = (replace(device, measured=_measured(device.id, calibration)) for device in hardware.devices)
    return replace(hardware, devices=tuple(devices))


def measured_decode_share(device: Device, *, has_experts: bool) -> float | None:
    """The share of the peak bandwidth that writing reached with such models, None where not measured."""
    if device.measured is None:
        return None
    return device.measured.expert_decode_share if has_experts else device.measured.decode_share


def measured_prefill(device: Device, *, has_experts: bool) -> float | None:
    """The arithmetic in a second that reading reached with such models, None where not measured."""
    if device.measured is None:
        return None
    measured = device.measured
    return measured.expert_prefill_flops_per_second if has_experts else measured.prefill_flops_per_second


def _measured(device_id: str, calibration: Calibration) -> MeasuredSpeed | None:
    found = MeasuredSpeed(
        decode_share=calibration.decode_share.get(device_id),
        prefill_flops_per_second=calibration.prefill_flops_per_second.get(device_id),
        expert_decode_share=calibration.expert_decode_share.get(device_id),
        expert_prefill_flops_per_second=calibration.expert_prefill_flops_per_second.get(device_id),
    )
    return None if found == MeasuredSpeed() else found
