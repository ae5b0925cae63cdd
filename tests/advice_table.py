"""`make advice-table`: what is recommended on fourteen made-up computers, beside the rule that people quote.

    python -m tests.advice_table [GOAL]

By formula, since no engine knows computers that are not here.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache

from advisor.hardware.detect import detect
from advisor.hardware.device import Hardware
from advisor.hardware.what_if import what_if
from advisor.memory.plan import MemoryPlan
from advisor.model.build import facts as read_facts
from advisor.model.facts import ModelFacts
from advisor.model.presets import preset_header
from advisor.recommend.advise import advise
from advisor.recommend.goals import DEFAULT_GOAL, goal_named
from advisor.recommend.places import places
from advisor.recommend.planner import Planner
from advisor.recommend.result import Recommendation
from advisor.settings.request import Request
from advisor.settings.resolve import resolve
from advisor.units import GiB, format_bytes, format_tokens


@dataclass(frozen=True, slots=True)
class Computer:
    """`gpus` by name, as --gpu takes them."""

    title: str
    ram_gib: int
    gpus: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleOfThumb:
    """What people say of an 8B model at 4 bit on a computer with so much memory, in tokens."""

    memory_gib: int
    low: int
    high: int


COMPUTERS = (
    Computer("RTX 4060 8 GB", 32, ("GeForce RTX 4060",)),
    Computer("RTX 4070 12 GB", 32, ("GeForce RTX 4070",)),
    Computer("RTX 4080 16 GB", 32, ("GeForce RTX 4080",)),
    Computer("RTX 4090 24 GB", 64, ("GeForce RTX 4090",)),
    Computer("RTX 5090 32 GB", 64, ("GeForce RTX 5090",)),
    Computer("RX 7800 XT 16 GB", 32, ("Radeon RX 7800 XT",)),
    Computer("RTX 3090 24 GB + 3060 12 GB", 64, ("GeForce RTX 3090", "GeForce RTX 3060 12GB")),
    Computer("Apple M2 16 GB", 16, ("Apple M2",)),
    Computer("Apple M4 32 GB", 32, ("Apple M4",)),
    Computer("Apple M4 Pro 64 GB", 64, ("Apple M4 Pro",)),
    Computer("Apple M4 Max 128 GB", 128, ("Apple M4 Max (40-core GPU)",)),
    Computer("RAM only 16 GB", 16),
    Computer("RAM only 32 GB", 32),
    Computer("RAM only 64 GB", 64),
)
MODELS = (
    "llama-3.2-3b",
    "llama-3.1-8b",
    "gemma-3-12b",
    "qwen3-30b-a3b",
    "llama-3.1-70b",
    "qwen3-next-80b-a3b",
)
RULE_MODEL = "llama-3.1-8b"
RULES = (
    RuleOfThumb(16, 4096, 8192),
    RuleOfThumb(32, 8192, 32768),
    RuleOfThumb(64, 32768, 65536),
    RuleOfThumb(128, 65536, 131072),
)
_COLUMNS = "  {:28}{:>11}{:>13}{:>10}  {:17}{:>10}  {:11}{}"


@cache
def model(name: str) -> ModelFacts:
    return read_facts(preset_header(name))


def hardware(computer: Computer) -> Hardware:
    """The made-up computer, without what this one has."""
    bare = Hardware((detect().ram,))
    return what_if(bare, gpus=computer.gpus, ram_bytes=computer.ram_gib * GiB)


def answer(name: str, computer: Computer, goal: str) -> Recommendation:
    there = hardware(computer)
    return advise(model(name), there, goal_named(goal), Request(), Planner(model(name), there))


def line(computer: Computer, found: Recommendation) -> str:
    """One computer's answer: what is recommended, what is comfortable, what is safe, and the room left."""
    settings = found.settings
    k, v = settings.cache_type_k, settings.cache_type_v
    nearest = next((note.text for note in found.reasons if note.code == "nearest"), None)
    where = places(settings, found.model, has_gpu=bool(found.hardware.gpus))
    return _COLUMNS.format(
        computer.title,
        format_tokens(found.n_ctx) if found.n_ctx else "-",
        format_tokens(found.n_ctx_comfortable) if found.n_ctx_comfortable else "-",
        format_tokens(found.n_ctx_safe) if found.n_ctx_safe else "-",
        str(found.plan.verdict),
        format_bytes(margin(found.plan)),
        k if k == v else f"{k}/{v}",
        nearest or where,
    ).rstrip()


def margin(plan: MemoryPlan) -> int:
    """Bytes left, or missing, in the tightest memory; what a GPU borrows counts in the RAM, too."""
    *gpus, host = plan.memory
    shared = [gpu for gpu in gpus if gpu.shares_ram]
    usable = max(line.usable_bytes for line in (host, *shared))
    in_ram = sum(line.total_bytes for line in (host, *shared))
    return min(usable - in_ram, *(gpu.usable_bytes - gpu.total_bytes for gpu in gpus), usable - in_ram)


def rule_lines(rule: RuleOfThumb) -> list[str]:
    """The rule beside the answer, on each computer of that size, and where the difference comes from."""
    found = []
    for computer in COMPUTERS:
        if computer.ram_gib != rule.memory_gib or (computer.gpus and "Apple" not in computer.title):
            continue
        here = answer(RULE_MODEL, computer, DEFAULT_GOAL)
        planner = Planner(here.model, here.hardware)
        plan = planner.estimate(resolve(Request(), here.model, rule.high))
        largest = {row.settings.cache_type_k: row.n_ctx_max for row in reversed(here.alternatives)}
        comfort = here.n_ctx_comfortable
        usable = max(line.usable_bytes for line in plan.memory)
        found.append(
            f"  {computer.title:21}rule {rule.low // 1024}K to {rule.high // 1024}K;  fits "
            f"{format_tokens(largest['f16'])} at f16, {format_tokens(largest['q8_0'])} at q8_0;  comfortable "
            f"for chat to {format_tokens(comfort) if comfort else 'no context'}"
        )
        cache_bytes = sum(line.buffers.kv_cache_bytes for line in plan.memory)
        found.append(
            f"  {'':21}{format_tokens(rule.high)} tokens are {format_bytes(cache_bytes)} of cache: "
            f"{format_bytes(margin(plan))} of {format_bytes(usable)} usable stay empty"
            f"{_why(rule, comfort)}"
        )
    return found


def _why(rule: RuleOfThumb, comfort: int | None) -> str:
    """What the rule is about where it is not about memory."""
    if comfort is None:
        return ", but this memory is too slow to be comfortable at any context"
    if comfort < rule.low:
        return ", but by cautious figures a prompt as long takes longer than the goal allows"
    return "; the rule does not ask how much a token takes"


def main() -> int:
    goal = sys.argv[1] if len(sys.argv) > 1 else DEFAULT_GOAL
    print(f"Goal: {goal_named(goal).title}. Made-up computers, by formula; the speed of RAM is assumed slow.")
    for name in MODELS:
        facts = model(name)
        print(f"\n{facts.name} {facts.quantization}, {format_bytes(facts.file_bytes)}")
        print(
            _COLUMNS.format(
                "", "recommended", "comfortable", "safe", "verdict", "margin", "cache", "where"
            ).rstrip()
        )
        for computer in COMPUTERS:
            print(line(computer, answer(name, computer, goal)), flush=True)
    print("\nThe rule of thumb for an 8B model at 4 bit, and where the difference comes from:")
    for rule in RULES:
        print("\n".join(rule_lines(rule)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
