"""This computer and its engine, and what the proofs here have taught about it."""

from __future__ import annotations

import sys
from pathlib import Path

from advisor.engine import remedies
from advisor.engine.client import EngineClient
from advisor.engine.devices import devices_of
from advisor.engine.launch import Launch
from advisor.engine.protocol import EngineInfo
from advisor.hardware.detect import default_detectors, detect, run_detectors
from advisor.hardware.device import Hardware
from advisor.hardware.reading import Detection
from advisor.hardware.reserve import Reserve
from advisor.history.keeping import learned
from advisor.history.store import History
from advisor.memory.companions import NO_COMPANIONS, Companions
from advisor.model.facts import ModelFacts
from advisor.recommend.planner import Planner
from advisor.settings.calibration import NOTHING_LEARNED, Calibration

from ui.session.state import EngineFacts

_IDLE_SECONDS = 20.0  # with a GPU, the engine's process holds memory as long as it lives


class ComputerAnswers:
    """Owns the one engine client."""

    def __init__(self, client: EngineClient | None = None) -> None:
        self._client = client or EngineClient()
        self._launch: Launch | None = None  # as the user wants it started, from the next `engine` on
        self._launched: Launch | None = None  # how the client starts it now
        self._info: EngineInfo | None = None
        self._detections: list[Detection] | None = None
        self._calibration = NOTHING_LEARNED

    @property
    def client(self) -> EngineClient:
        return self._client

    @property
    def launch(self) -> Launch | None:
        """How the engine is started, None for this program's own."""
        return self._launched

    @property
    def introduction(self) -> EngineInfo | None:
        """What the engine said of itself, None before it did."""
        return self._info

    @property
    def calibration(self) -> Calibration:
        return self._calibration

    def use_engine(self, launch: Launch) -> None:
        """Start the engine so, from the next `engine` on."""
        self._launch = launch

    def hardware(self, reserve: Reserve, *, anew: bool) -> Hardware:
        """This computer with that much kept free, with the engine's devices as far as they are known.

        `anew` asks the drivers, at a time when no engine is asked; else their last answers count. What the
        proofs here have taught is read again, too.
        """
        if anew or self._detections is None:
            if any(device.is_gpu for device in devices_of(self._info)):
                # Its driver holds memory, which would count as another program's.
                self._client.retire_if_idle(0)
            self._detections = run_detectors(default_detectors(Path("/"), sys.platform))
        hardware = detect(
            devices_of(self._info),
            engine_backends=self._info.backends if self._info else (),
            reserve=reserve,
            detections=self._detections,
        )
        self.learn(hardware)
        return hardware

    def engine(self) -> EngineFacts:
        """Start the engine afresh, since another may be installed by now, and let it introduce itself.

        Raises EngineError.
        """
        self._client.retire_if_idle(0)
        self._info = None
        launch = self._launch
        if launch != self._launched:
            before, self._client, self._launched = self._client, EngineClient(launch), launch
            before.close()
        info = self._client.hello()
        if info.unfit:
            self._client.retire_if_idle(0)  # nothing will be asked of it
            raise remedies.unfit(info.unfit)
        self._info = info
        return EngineFacts(info.binding, info.backends)

    def learn(self, hardware: Hardware) -> None:
        """From now on answers are given by what the proofs here have measured."""
        calibration = learned(hardware, History())
        if calibration != self._calibration:
            self._calibration = calibration

    def planner(
        self,
        facts: ModelFacts,
        hardware: Hardware,
        companions: Companions = NO_COMPANIONS,
        client: EngineClient | None = None,
    ) -> Planner:
        """By what was learned here; by formula without a `client`.

        Raises SettingsError for companions that do not go with the model.
        """
        return Planner(facts, hardware, client, companions=companions, calibration=self._calibration)

    def retire_engine(self) -> None:
        """End the engine's process if it has not been asked anything for a while."""
        self._client.retire_if_idle(_IDLE_SECONDS)

    def close(self) -> None:
        """Stop the engine's process, also in the middle of a question."""
        self._client.cancel()
        self._client.close()
