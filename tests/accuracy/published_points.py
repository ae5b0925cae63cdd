"""The published measurements, read: each point's model, settings and devices, and each of its figures.

tests/data/published_measurements.json holds what was published, published_readings.toml what it leaves
unsaid and which figures differ by a rule.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from advisor.memory.plan import Target
from advisor.model import ModelFacts
from advisor.settings.load_settings import LoadSettings, engine_n_ctx
from tests.accuracy.published_models import read_facts

DATA = Path(__file__).resolve().parents[1] / "data"

# A state depends on no context, so that a point may lack one.
_ANY_N_CTX = 4096
_HOST_NAMES = re.compile(r"CPU(_Mapped)?|Host|\w+_Host")
_NOT_A_DEVICE = frozenset({"TOTAL", "total", "GPU_total", "per_seq", "non"})
_ABOUT_DEVICES = frozenset({"model", "kv", "rs", "compute", "kv_plus_rs"})


@dataclass(frozen=True, slots=True)
class Figure:
    """One published number. `path` says where it stands: ("kv_detail", "swa", "K")."""

    path: tuple[str, ...]
    mib: float | str  # some sources have words
    n_decimals: int
    is_cut: bool  # llama.cpp's memory breakdown divides by 2^20 and drops the rest; its log rounds

    @property
    def name(self) -> str:
        return " ".join(self.path)

    def printed(self, mib: float) -> str:
        """`mib` as the source would have printed it."""
        return f"{int(mib) if self.is_cut else mib:.{self.n_decimals}f}"


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement: the published words, and how they are read."""

    published: Mapping[str, Any]
    reading: Mapping[str, Any]

    @property
    def id(self) -> int:
        return int(self.published["id"])

    @property
    def model(self) -> str:
        return str(self.published["model"])

    @property
    def is_mainline(self) -> bool:
        """False for a fork of llama.cpp."""
        return "ik_llama" not in f"{self.published['backend']} {self.published['source']}"

    def figures(self) -> Iterator[Figure]:
        """All sizes in MiB that the point gives; counts of cells and layers are no sizes."""
        is_cut = self.published["evidence"] == "memory_breakdown"
        for path, value in _leaves((), self.published["buffers"]):
            yield Figure(path, value, 0 if is_cut or isinstance(value, int) else 2, is_cut)
        if self.published["measured_total_MiB"] is not None:
            yield Figure(("total",), self.published["measured_total_MiB"], 0, is_cut=False)

    def rule(self, kind: str, figure: Figure) -> str:
        """The rule in the reading's table `kind` for this figure: the longest name that it begins with."""
        table: Mapping[str, str] = self.reading.get(kind, {})
        found = [name for name in table if figure.name.startswith(name) or name == "all"]
        return table[max(found, key=len)] if found else ""

    @property
    def facts(self) -> ModelFacts:
        return read_facts(self.reading["model"])

    @property
    def targets(self) -> tuple[Target, ...]:
        """The GPUs that the figures name, in order."""
        names = self.reading.get("gpus") or list(self._named_gpus())
        return tuple(Target(name, name.rstrip("0123456789")) for name in names)

    def _named_gpus(self) -> dict[str, None]:
        found: dict[str, None] = {}
        for part, by_device in self.published["buffers"].items():
            if part in _ABOUT_DEVICES:
                names = (name.removesuffix("_Mapped") for name in by_device if not is_host(name))
                found |= dict.fromkeys(name for name in names if name not in _NOT_A_DEVICE)
        return dict(sorted(found.items()))

    @property
    def settings(self) -> LoadSettings:
        """As published; what is not said is what llama-server would do for one user."""
        published = self.published
        n_seq_max = published["n_seq_max"] or 1
        kv_unified = published["kv_unified"] is not False
        n_ubatch = published["n_ubatch"] or 512
        n_gpu_layers, n_cpu_moe = self._layers()
        read: dict[str, Any] = dict(self.reading.get("settings", {}))
        for name in ("tensor_split", "override_tensor"):
            if name in read:
                read[name] = tuple(tuple(item) if isinstance(item, list) else item for item in read[name])
        asked: dict[str, Any] = {
            "n_ctx": engine_n_ctx(published["n_ctx"] or _ANY_N_CTX, n_seq_max, kv_unified),
            "n_batch": max(2048, n_ubatch),
            "n_ubatch": n_ubatch,
            "n_seq_max": n_seq_max,
            "kv_unified": kv_unified,
            "n_outputs_max": n_seq_max,
            "cache_type_k": published["type_k"] or "f16",
            "cache_type_v": published["type_v"] or published["type_k"] or "f16",
            "flash_attn": {None: "auto", True: "on", False: "off"}[published["flash_attn"]],
            "n_gpu_layers": n_gpu_layers,
            "n_cpu_moe": n_cpu_moe,
        }
        return LoadSettings(**(asked | read))

    def _layers(self) -> tuple[int, int]:
        """-ngl as it was said ("all", "20/49", "61"), everything where nothing was, and --n-cpu-moe."""
        said = str(self.published["ngl"] or "all")
        number = re.match(r"\d+", said)
        moe = re.search(r"--n-cpu-moe (\d+)", said)
        n_gpu_layers = int(number[0]) if number else self.facts.all_gpu_layers
        return n_gpu_layers, int(moe[1]) if moe else 0


def is_host(name: str) -> bool:
    """True for the names of host buffers: "CPU_Mapped", "CUDA_Host"."""
    return _HOST_NAMES.fullmatch(name) is not None


@cache
def read_points() -> tuple[Point, ...]:
    """All points, in the file's order. A point without a reading has no model."""
    measured = json.loads((DATA / "published_measurements.json").read_text(encoding="utf-8"))
    readings = _readings()["points"]
    return tuple(Point(point, readings.get(str(point["id"]), {})) for point in measured["points"])


def sentence(rule: str) -> str:
    """The words for a rule's name; a reason that is written out stays as it is."""
    return str(_readings()["rules"].get(rule, rule))


@cache
def _readings() -> dict[str, Any]:
    return tomllib.loads((DATA / "published_readings.toml").read_text(encoding="utf-8"))


def _leaves(path: tuple[str, ...], value: object) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves((*path, key), inner)
    elif value is not None and path[-1] not in ("cells", "layers"):
        yield path, value
