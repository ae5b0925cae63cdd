"""Which device holds which block of the model, and which the output head.

Mirrors `load_tensors` (src/llama-model.cpp): GPUs are filled from the last block backwards, the output
counts as one more layer and goes first, and several GPUs share the blocks by proportion.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from advisor.errors import SettingsError
from advisor.memory.plan import Target
from advisor.settings.load_settings import LoadSettings

HOST = "CPU"
NO_DEVICE = "none"  # common/arg.cpp: the one word of --device that is no name


@dataclass(frozen=True, slots=True)
class Placement:
    """`devices` are the GPUs that a load uses, in order, and the host last; the rest are indices into it."""

    devices: tuple[Target, ...]
    layers: tuple[int, ...]  # of every block
    output: int
    shares: tuple[float, ...]  # of the GPUs, cumulative, the last is 1: for tensors that are split by rows

    @property
    def host(self) -> int:
        """The host's index: always the last."""
        return len(self.devices) - 1

    @property
    def has_gpu(self) -> bool:
        """True if there is a GPU, with layers or without."""
        return self.host > 0


def place(n_layer_all: int, settings: LoadSettings, targets: Sequence[Target]) -> Placement:
    """Places `n_layer_all` blocks and the output on `targets`; the host is added where it is not named."""
    gpus = used_gpus(settings, targets)
    host = next((target for target in targets if target.name == HOST), Target(HOST, HOST))
    if settings.split_mode == "none" and gpus:
        gpus = [gpus[min(settings.main_gpu, len(gpus) - 1)]]
    devices = (*gpus, host)
    n_offloaded = min(settings.n_gpu_layers, n_layer_all + 1) if gpus else 0
    first = n_layer_all + 1 - n_offloaded
    shares = _cumulative_shares(gpus, settings.tensor_split)
    layers = tuple(
        _device(shares, il - first, n_offloaded) if il >= first else len(gpus)
        for il in range(n_layer_all + 1)
    )
    return Placement(devices, layers[:-1], layers[-1], shares)


def used_gpus(settings: LoadSettings, targets: Sequence[Target]) -> list[Target]:
    """The GPUs that a load may use: all, or those that --device names, in its order.

    Mirrors parse_device_list (common/arg.cpp). What `targets` does not have is left out: `check_devices`
    says so.
    """
    gpus = [target for target in targets if target.name != HOST]
    if not settings.devices:
        return gpus
    by_name = {gpu.name: gpu for gpu in gpus}
    return [by_name[name] for name in settings.devices if name in by_name]


def device_names(wanted: Sequence[str], targets: Sequence[Target]) -> tuple[str, ...]:
    """ggml's names for what a person wrote: such a name, our own id ("nvidia:0"), or an index from 0.

    `none` means the CPU alone. Raises SettingsError (--device) for what is not there, naming what is.
    """
    if tuple(wanted) == (NO_DEVICE,):
        return (NO_DEVICE,)
    gpus = [target for target in targets if target.name != HOST]
    known = {name.casefold(): gpu.name for gpu in gpus for name in (gpu.device_id, gpu.name) if name}
    known |= {str(index): gpu.name for index, gpu in enumerate(gpus)}
    unknown = [word for word in wanted if word.casefold() not in known]
    if unknown:
        there = ", ".join(gpu.name for gpu in gpus)
        raise SettingsError(
            "--device",
            f'there is no GPU "{unknown[0]}" that llama.cpp would use.',
            hint=f"There is {there}; none means the CPU alone." if there else "Leave it out: there is none.",
        )
    return tuple(dict.fromkeys(known[word.casefold()] for word in wanted))


def check_devices(settings: LoadSettings, targets: Sequence[Target]) -> None:
    """Raises SettingsError for devices that are not among `targets`, and for a split or a main GPU that does
    not match the GPUs that are used."""
    device_names(settings.devices, targets)
    n_gpus = len(used_gpus(settings, targets))
    there = "no GPU" if not n_gpus else "one GPU" if n_gpus == 1 else f"{n_gpus} GPUs"
    split = settings.tensor_split
    if split and (len(split) != n_gpus or not any(split)):
        raise SettingsError(
            "--tensor-split",
            f"{len(split)} shares, {sum(split):g} in all, do not match {there}.",
            hint="Give one share for each GPU, not all of them 0; context-advisor devices lists them.",
        )
    if n_gpus and settings.main_gpu >= n_gpus:
        raise SettingsError(
            "--main-gpu",
            f"there is no GPU {settings.main_gpu}: there is {there}, counted from 0.",
            hint="context-advisor devices lists them.",
        )


def _cumulative_shares(gpus: Sequence[Target], tensor_split: Sequence[float]) -> tuple[float, ...]:
    """Where each GPU's part ends, as fractions of the whole: by what the user said, else by free memory."""
    wanted = [float(share) for share in tensor_split[: len(gpus)]]
    wanted += [0.0] * (len(gpus) - len(wanted))
    if not any(wanted):
        wanted = [float(gpu.free_bytes) for gpu in gpus]
    if not any(wanted):
        wanted = [1.0] * len(gpus)
    ends = list(accumulate(wanted))
    return tuple(_float32(end / ends[-1]) for end in ends)


def _device(shares: tuple[float, ...], nth: int, n_offloaded: int) -> int:
    """The GPU of the nth offloaded layer (std::upper_bound over the cumulative shares)."""
    return min(bisect_right(shares, _float32(nth / n_offloaded)), len(shares) - 1)


def _float32(value: float) -> float:
    """llama.cpp compares in single precision, where a third and a third of 33 can fall otherwise."""
    return ctypes.c_float(value).value
