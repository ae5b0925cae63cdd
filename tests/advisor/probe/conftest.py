"""A proof against a prover whose memory is a straight line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from advisor.hardware.device import Device, Hardware
from advisor.model.facts import ModelFacts
from advisor.probe.prove import prove
from advisor.probe.result import ProbeResult
from advisor.settings.request import Request
from tests.support.fake_prover import WEIGHTS_BYTES, FakeProver
from tests.support.planning import LinearPlanner, a_model
from tests.support.probe_ground import Proof, room_for


@pytest.fixture
def facts(tmp_path: Path) -> ModelFacts:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    return replace(a_model(), path=path, shards=(path,))


@pytest.fixture
def proof(facts: ModelFacts, tmp_path: Path) -> Proof:
    """A proof on a computer with RAM for 20,480 tokens, as it is predicted."""

    def run(
        prover: FakeProver, *devices: Device, request: Request | None = None, **options: Any
    ) -> ProbeResult:
        hardware = Hardware(devices or (room_for(20480),))
        planner = LinearPlanner(facts, hardware, WEIGHTS_BYTES)
        return prove(facts, hardware, request or Request(), planner, prover, folder=tmp_path, **options)

    return run
