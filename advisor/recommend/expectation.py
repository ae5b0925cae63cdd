"""`Expectation`: what an answer will probably be, so that the engine is asked only where it matters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from advisor.basis import Basis
from advisor.engine.deaths import DEVICE_LIMIT
from advisor.hardware.device import Hardware
from advisor.memory.kv_cache import largest_tensor_bytes
from advisor.memory.plan import MemoryPlan, Verdict
from advisor.model.facts import ModelFacts
from advisor.recommend.planning import Planning
from advisor.recommend.room import Room, rooms
from advisor.settings.load_settings import LoadSettings
from advisor.settings.rope import TRAINED_ROPE

# Memory changes nearly in a straight line with each of these numbers: the same load, but for one of them.
_ALL_BUT: Mapping[str, Callable[[LoadSettings], LoadSettings]] = {
    "n_ctx": lambda settings: replace(settings, n_ctx=0, rope=TRAINED_ROPE),
    "n_gpu_layers": lambda settings: replace(settings, n_gpu_layers=0),
    "n_cpu_moe": lambda settings: replace(settings, n_cpu_moe=0),
}
# By this much of a load the formula is not wrong.
_CERTAIN = 0.1


@dataclass(frozen=True, slots=True)
class _Answered:
    """One answer: how many bytes more than by formula each device takes."""

    settings: LoadSettings
    off_by: Mapping[str, int]
    all_but: Mapping[str, LoadSettings]  # `_ALL_BUT` of these settings


class Expectation:
    """A `Planning` that learns: the formula, corrected by the answers about the loads most alike.

    An engine differs from the formula by nearly the same bytes for all cache types and contexts, and a device
    that cannot work on a cache of some size cannot for any type. `plan` asks and learns, once a load.
    """

    def __init__(self, facts: ModelFacts, planner: Planning) -> None:
        self._facts = facts
        self._planner = planner
        self._estimates: dict[LoadSettings, MemoryPlan] = {}
        self._plans: dict[LoadSettings, MemoryPlan] = {}
        self._answered: list[_Answered] = []
        self._largest_that_worked = 0  # bytes of one tensor of a cache on a GPU
        self._smallest_beyond: int | None = None  # a device's limit is below this

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        """By formula alone, once a load."""
        if settings not in self._estimates:
            self._estimates[settings] = self._planner.estimate(settings)
        return self._estimates[settings]

    def plan(self, settings: LoadSettings) -> MemoryPlan:
        """The answer itself."""
        if settings not in self._plans:
            self._plans[settings] = plan = self._planner.plan(settings)
            self._learn(plan)
        return self._plans[settings]

    def instead(self, *, facts: ModelFacts | None = None, hardware: Hardware | None = None) -> Planning:
        """By formula alone."""
        return self._planner.instead(facts=facts, hardware=hardware)

    def room_bytes(self, settings: LoadSettings) -> int:
        """What the memory with the least room will have left; negative where the load will not fit."""
        plan = self.estimate(settings)
        left = min(room.n_bytes for room in self._rooms(plan))
        if plan.verdict is Verdict.UNKNOWN:  # nothing is known to fit
            return min(left, -1)
        limit = self._device_limit()
        if limit is None or not _has_cache_on_gpu(plan):
            return left
        return min(left, limit - largest_tensor_bytes(self._facts, settings))

    def gpu_room_bytes(self, settings: LoadSettings) -> int:
        """The same for the GPUs alone, each by itself; 0 without any.

        The RAM is left out: it gets fuller with what is moved off them.
        """
        off_by = self._off_by(settings)
        left = (
            line.usable_bytes - line.total_bytes - round(off_by.get(line.device, 0))
            for line in self.estimate(settings).memory[:-1]
        )
        return min(left, default=0)

    def is_hopeless(self, settings: LoadSettings) -> bool:
        """Whether the load is too large by more than the formula could be wrong: not worth a question."""
        return self.room_bytes(settings) < -_CERTAIN * self.estimate(settings).total_bytes

    def _rooms(self, plan: MemoryPlan) -> list[Room]:
        return rooms(plan, self._off_by(plan.settings))

    def _learn(self, plan: MemoryPlan) -> None:
        is_beyond = any(note.code == DEVICE_LIMIT for note in plan.notes)
        by_formula = self.estimate(plan.settings)
        if not is_beyond and plan.basis is Basis.FORMULA and plan.memory == by_formula.memory:
            return  # nobody else was asked
        tensor_bytes = largest_tensor_bytes(self._facts, plan.settings)
        if is_beyond:
            self._smallest_beyond = min(tensor_bytes, self._smallest_beyond or tensor_bytes)
            return
        if _has_cache_on_gpu(plan):
            self._largest_that_worked = max(tensor_bytes, self._largest_that_worked)
        ours = {line.device: line.total_bytes for line in by_formula.memory}
        off_by = {line.device: line.total_bytes - ours.get(line.device, 0) for line in plan.memory}
        all_but = {name: of(plan.settings) for name, of in _ALL_BUT.items()}
        self._answered.append(_Answered(plan.settings, off_by, all_but))

    def _device_limit(self) -> int | None:
        """The largest tensor that a device will work on, None where none was found to be too large.

        Vulkan's maxStorageBufferRange, the usual reason, is a power of two on most devices.
        """
        beyond, worked = self._smallest_beyond, self._largest_that_worked
        if beyond is None or beyond <= worked:
            return None
        power = 1 << ((beyond - 1).bit_length() - 1)
        return max(power, worked) if power >= worked else (worked + beyond) // 2

    def _off_by(self, settings: LoadSettings) -> Mapping[str, float]:
        """Bytes by device beyond the formula's: those of the load most alike.

        Where two are known that differ from it in one number alone, on the line through them.
        """
        if not self._answered:
            return {}
        nearest = min(self._answered, key=lambda one: _unlike(one.settings, settings))
        for name, all_but in _ALL_BUT.items():
            same = all_but(settings)
            if nearest.all_but[name] != same:
                continue
            here, wanted = getattr(nearest.settings, name), getattr(settings, name)
            known = [one for one in self._answered if one.all_but[name] == same]
            others = [one for one in known if getattr(one.settings, name) != here]
            if others:
                other = min(others, key=lambda one: abs(getattr(one.settings, name) - wanted))
                share = (wanted - here) / (getattr(other.settings, name) - here)
                return {
                    device: n_bytes + share * (other.off_by.get(device, n_bytes) - n_bytes)
                    for device, n_bytes in nearest.off_by.items()
                }
        return nearest.off_by


def expecting(facts: ModelFacts, planner: Planning) -> Expectation:
    """`planner` itself where it has begun to learn, else one that does."""
    return planner if isinstance(planner, Expectation) else Expectation(facts, planner)


def _has_cache_on_gpu(plan: MemoryPlan) -> bool:
    return any(line.buffers.kv_cache_bytes for line in plan.memory[:-1])


def _unlike(one: LoadSettings, other: LoadSettings) -> tuple[object, ...]:
    """For comparing: what changes the difference between engine and formula most comes first."""
    return (
        one.offload_kqv != other.offload_kqv,
        (one.split_mode, one.main_gpu, one.tensor_split, one.devices)
        != (other.split_mode, other.main_gpu, other.tensor_split, other.devices),
        abs(one.n_ubatch - other.n_ubatch),
        abs(one.n_gpu_layers - other.n_gpu_layers) + abs(one.n_cpu_moe - other.n_cpu_moe),
        (one.cache_type_k, one.cache_type_v) != (other.cache_type_k, other.cache_type_v),
        abs(one.n_ctx - other.n_ctx),
    )
