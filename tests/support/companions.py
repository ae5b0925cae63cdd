"""What lies beside a made-up model: two projectors, a draft model, adapters. None of the files exists."""

from __future__ import annotations

from pathlib import Path

from advisor.gguf.header import Tensor
from advisor.memory.companions import Draft
from advisor.memory.plan import MemoryPlan
from advisor.model.adapter import Adapter, AdapterPair
from advisor.model.projector import Projector
from advisor.units import MiB
from tests.support import answers
from tests.support.fake_domain import FakeDomain

FILE = Path("/models/gemma.gguf")
SMALL = Projector(Path("/models/mmproj-gemma-F16.gguf"), 812 * MiB, 815 * MiB)
LARGE = Projector(Path("/models/mmproj-gemma-F32.gguf"), 1624 * MiB, 1626 * MiB)
DRAFT_FILE = Path("/models/draft.gguf")
DRAFT = Draft(answers.model("Gemma 1B", path=DRAFT_FILE, weights_bytes=700 * MiB).facts)


def adapter(name: str, half_bytes: int = 16 * MiB) -> Adapter:
    a, b = (Tensor(f"q.lora_{half}", (1, 1), 0, 1, half_bytes, 0) for half in "ab")
    return Adapter(Path("/models", name), "gemma3", (AdapterPair("q", a, b),))


PIRATE, POET = adapter("pirate-lora.gguf"), adapter("poet-lora.gguf")


def domain_with_companions() -> FakeDomain:
    """Both projectors lie beside `FILE`; all of the files can be opened."""
    made = FakeDomain()
    made.companions.projectors = {FILE.name: (SMALL, LARGE)}
    made.companions.side_files = {it.path.name: it for it in (SMALL, LARGE, PIRATE, POET)} | {
        DRAFT_FILE.name: DRAFT
    }
    return made


def companions_bytes(plan: MemoryPlan | None) -> int:
    """What the plan counts beside the model."""
    return sum(line.companions_bytes for line in plan.memory) if plan else 0
