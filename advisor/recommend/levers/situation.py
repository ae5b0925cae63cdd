"""`Situation`: the recommendation that levers are measured against, and what a change of it buys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from advisor.errors import SettingsError
from advisor.hardware.device import Hardware
from advisor.memory.plan import MemoryPlan
from advisor.model.facts import ModelFacts
from advisor.recommend.planning import Planning
from advisor.recommend.reasons import format_rate
from advisor.recommend.result import Alternative, Cost, Lever
from advisor.recommend.row import largest_row
from advisor.settings.load_settings import LoadSettings
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.settings.runtimes import Runtime
from advisor.speed import decoding
from advisor.speed.rate import Rate
from advisor.units import format_bytes, format_tokens

# What is less than this much of the whole is not worth a line.
_WORTH_SHOWING = 0.01
# A change of speed below this is not worth a word: the estimate is coarser.
_NOTICEABLE = 0.05
_ROUND_TO_PERCENT = 5
# Writing that keeps less than this of its speed is felt with every answer.
_MUCH_SLOWER = 0.8
_IN_TIMES = 2  # from here on "2.4 times", below it "40 %"


@dataclass(frozen=True, slots=True)
class ByFormula:
    """`Planning` that never asks the engine: levers are many, and each would be several questions."""

    planner: Planning

    def estimate(self, settings: LoadSettings) -> MemoryPlan:
        return self.planner.estimate(settings)

    def plan(self, settings: LoadSettings) -> MemoryPlan:
        return self.planner.estimate(settings)

    def instead(self, *, facts: ModelFacts | None = None, hardware: Hardware | None = None) -> ByFormula:
        return ByFormula(self.planner.instead(facts=facts, hardware=hardware))


@dataclass(frozen=True, slots=True)
class Situation:
    """What is recommended, `here` its plan at the recommended context, and how much it holds by formula.

    `n_ctx`, in the runtime's own word, is where bytes are compared. `request` asks for what is recommended.
    """

    chosen: Alternative
    rows: tuple[Alternative, ...]
    request: Request
    facts: ModelFacts
    hardware: Hardware
    planner: ByFormula
    runtime: Runtime
    n_ctx: int
    here: MemoryPlan
    n_ctx_max: int

    @property
    def settings(self) -> LoadSettings:
        """The recommended load."""
        return self.here.settings

    @property
    def holds_nothing(self) -> bool:
        return self.chosen.n_ctx_max == 0

    def at_n_ctx(self, request: Request) -> MemoryPlan | None:
        """The changed load at the recommended context, None where it cannot be."""
        try:
            return self.planner.estimate(resolve(request, self.facts, self.n_ctx))
        except SettingsError:
            return None

    def most(
        self, request: Request, planner: ByFormula | None = None, facts: ModelFacts | None = None
    ) -> int:
        """The most tokens that the changed load holds, 0 for none and where it cannot be."""
        try:
            return largest_row(request, facts or self.facts, planner or self.planner).n_ctx_max
        except SettingsError:
            return 0

    def gain(self, n_ctx_max: int) -> int:
        """Tokens gained over what is recommended. More memory helps no GPU that is at a limit of its own."""
        gained = n_ctx_max - self.n_ctx_max
        return min(0, gained) if self.chosen.at_device_limit else gained

    def changed(
        self,
        code: str,
        title: str,
        request: Request,
        *,
        detail: str = "",
        command: str | None = None,
        cost: Cost = Cost.LITTLE,
        freed: Callable[[MemoryPlan], int] | None = None,
    ) -> Lever | None:
        """The lever for another request, None where the load cannot be. `freed` says which bytes count."""
        plan = self.at_n_ctx(request)
        if plan is None:
            return None
        counted = freed or (lambda other: self.here.total_bytes - other.total_bytes)
        gain_tokens = self.gain(self.most(request))
        return self.lever(code, title, gain_tokens, counted(plan), detail, request, command, cost)

    def lever(
        self,
        code: str,
        title: str,
        gain_tokens: int,
        gain_bytes: int,
        detail: str = "",
        request: Request | None = None,
        command: str | None = None,
        cost: Cost = Cost.LITTLE,
    ) -> Lever:
        """The lever with its sentence: what it buys, then what else it does."""
        buys = self._buys(gain_tokens, gain_bytes)
        said = ", ".join(part for part in (buys, detail) if part)
        return Lever(
            code=code,
            text=f"{title}: {said}" if said else title,
            gain_tokens=gain_tokens,
            gain_bytes=gain_bytes,
            title=title,
            detail=detail,
            request=request,
            command=command,
            cost=cost,
        )

    def is_worth_showing(self, lever: Lever) -> bool:
        """Whether it buys, or costs, enough of the context or of the memory to be worth a line.

        Where nothing fits, only what changes that is.
        """
        if self.holds_nothing:
            return lever.gain_tokens > 0
        tokens = abs(lever.gain_tokens) >= max(1, self.n_ctx_max * _WORTH_SHOWING)
        return tokens or abs(lever.gain_bytes) >= max(1, self.here.total_bytes * _WORTH_SHOWING)

    def slower(self, request: Request) -> tuple[str, Cost]:
        """What the changed load costs of the speed of writing.

        "writes about 2.6 times slower at 16,640 tokens, 1.2 to 2.9 tokens/s at 131,072": the first is the
        mean of the cautious ratio and the hopeful one, in which what both loads have in common cancels out;
        the second is with all the tokens that it holds. Where nothing fits there is nothing to compare with:
        then it is the rate at the start.
        """
        plan = self.at_n_ctx(request)
        before = decoding(self.facts, self.settings, self.hardware)
        after = decoding(self.facts, plan.settings, self.hardware) if plan else None
        if before is None or after is None or plan is None:
            return "writes more slowly", Cost.HEAVY
        if self.holds_nothing:
            return f"writes about {_range(after.rate(0))} at the start", Cost.HEAVY

        def times(depth: int) -> float:
            old, new = before.rate(depth), after.rate(depth)
            return sqrt(new.low / old.low * new.high / old.high)

        depth = min(self.settings.n_ctx_per_slot, plan.settings.n_ctx_per_slot)
        full = max(depth, plan.settings.with_n_ctx(self.most(request)).n_ctx_per_slot)
        words = f"writes {_times_words(times(depth))} at {format_tokens(depth)} tokens"
        if full > depth:
            words += f", {_range(after.rate(full))} at {format_tokens(full)}"
        is_assumed = before.assumed_ram or after.assumed_ram
        if is_assumed:
            words += f" (if the RAM is {is_assumed.name})"
        # What is slow only with the tokens that it buys is slow all the same.
        is_much = min(times(depth), times(full)) < _MUCH_SLOWER
        return words, Cost.HEAVY if is_much else Cost.SOME

    def _buys(self, gain_tokens: int, gain_bytes: int) -> str:
        parts = []
        if gain_tokens > 0:
            tokens = format_tokens(gain_tokens)
            parts.append(f"then {tokens} tokens fit" if self.holds_nothing else f"+{tokens} tokens")
        elif gain_tokens < 0:
            parts.append(f"costs {format_tokens(-gain_tokens)} tokens")
        if gain_bytes > 0 and not self.holds_nothing:
            parts.append(f"frees {format_bytes(gain_bytes)}")
        elif gain_bytes < 0:
            parts.append(f"takes {format_bytes(-gain_bytes)} more")
        return ", ".join(parts)


def _range(rate: Rate) -> str:
    return f"{format_rate(rate.low)} to {format_rate(rate.high)} tokens/s"


def _times_words(times: float) -> str:
    if abs(times - 1) < _NOTICEABLE:
        return "about as fast"
    if times <= 1 / _IN_TIMES or times >= _IN_TIMES:
        return f"about {_few_digits(max(times, 1 / times))} times {'slower' if times < 1 else 'faster'}"
    percent = max(_ROUND_TO_PERCENT, round(abs(times - 1) * 100 / _ROUND_TO_PERCENT) * _ROUND_TO_PERCENT)
    return f"about {percent} % {'slower' if times < 1 else 'faster'}"


def _few_digits(times: float) -> str:
    return f"{times:.0f}" if times >= 3 else f"{times:.1f}"
