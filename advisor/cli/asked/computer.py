"""The computer that a command plans for, and the engine that it may ask."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.basis import Note
from advisor.engine import remedies
from advisor.engine.client import EngineClient
from advisor.engine.devices import devices_of
from advisor.engine.launch import Launch
from advisor.engine.protocol import EngineInfo
from advisor.errors import EngineError, UsageError
from advisor.hardware.detect import default_detectors, detect, run_detectors
from advisor.hardware.device import Hardware
from advisor.hardware.document import load_hardware
from advisor.hardware.reading import Detection
from advisor.hardware.reserve import Reserve
from advisor.hardware.what_if import what_if
from advisor.memory.assemble import targets
from advisor.memory.companions import NO_COMPANIONS, Companions
from advisor.memory.placement import device_names
from advisor.model.facts import ModelFacts
from advisor.recommend.planner import Planner
from advisor.settings.calibration import Calibration
from advisor.settings.request import Request


@dataclass(frozen=True, slots=True)
class Computer:
    """The hardware to plan for and, if it was wanted and answers, the engine."""

    hardware: Hardware
    client: EngineClient | None
    engine: EngineInfo | None
    engine_problem: EngineError | None


@contextlib.contextmanager
def opened_computer(args: argparse.Namespace) -> Iterator[Computer]:
    """What `--gpu`, `--hardware`, `--reserve`, `--basis` and the engine options describe.

    Raises UsageError leaves for options that cannot be and, with `--basis engine`, an EngineError.
    """
    reserve = Reserve.parse(args.reserve)
    if args.hardware and (args.gpu or args.vram or args.ram):
        raise UsageError(
            "--hardware already describes a whole computer.", hint="Leave out --gpu, --vram and --ram."
        )
    # The devices are read before the engine starts: its driver would hold memory of its own by then.
    detections = run_detectors(default_detectors(Path("/"), sys.platform))
    client = None if args.basis == "formula" else EngineClient(launch_of(args))
    try:
        engine, problem = _introduced(client)
        if problem and args.basis == "engine":
            raise problem
        computer = Computer(
            hardware=_hardware(args, reserve, detections, engine),
            client=client if engine else None,
            engine=engine,
            engine_problem=problem,
        )
        if args.verbose:
            _say_who_answered(computer)
        yield computer
    finally:
        if client:
            client.close()


def on_devices(request: Request, computer: Computer) -> Request:
    """`request` with ggml's names after --device. Raises SettingsError for what is not there."""
    names = device_names(request.devices, targets(computer.hardware))
    return replace(request, devices=names) if names != request.devices else request


def planner_for(
    args: argparse.Namespace,
    facts: ModelFacts,
    computer: Computer,
    companions: Companions = NO_COMPANIONS,
    notes: tuple[Note, ...] = (),
) -> Planner:
    """Who plans this model there with its companions, by the basis that was asked for."""
    return Planner(
        facts,
        computer.hardware,
        computer.client,
        must_ask_engine=args.basis == "engine",
        engine_problem=computer.engine_problem,
        companions=companions,
        notes=notes,
        calibration=learned(computer.hardware),
    )


def learned(hardware: Hardware) -> Calibration:
    """What the proofs on this computer taught; nothing where the history cannot be read."""
    from advisor.history import keeping, store  # not every command plans

    return keeping.learned(hardware, store.History())


def launch_of(args: argparse.Namespace) -> Launch:
    """How --engine-python and --engine-lib want the engine to be started. Raises UsageError for no folder."""
    if args.engine_lib and not Path(args.engine_lib).is_dir():
        raise UsageError(
            f"--engine-lib: {args.engine_lib} is not a folder.",
            hint="Give the folder that holds llama.cpp's libraries, or leave the option out.",
        )
    return Launch(
        python=args.engine_python or sys.executable,
        library_dir=Path(args.engine_lib) if args.engine_lib else None,
    )


def _say_who_answered(computer: Computer) -> None:
    """For --verbose: the engine and the drivers, a line each on stderr."""
    if computer.engine:
        backends = ", ".join(computer.engine.backends)
        print(f"Engine: llama-cpp-python {computer.engine.binding}, built for {backends}.", file=sys.stderr)
    else:
        problem = computer.engine_problem
        print(f"Engine: {problem.message if problem else 'not asked.'}", file=sys.stderr)
    for device in computer.hardware.devices:
        print(f"{device.name}: read from {', '.join(device.sources) or 'nothing'}.", file=sys.stderr)


def _introduced(client: EngineClient | None) -> tuple[EngineInfo | None, EngineError | None]:
    if client is None:
        return None, None
    try:
        info = client.hello()
    except EngineError as error:
        return None, error
    return (None, remedies.unfit(info.unfit)) if info.unfit else (info, None)


def _hardware(
    args: argparse.Namespace, reserve: Reserve, detections: list[Detection], engine: EngineInfo | None
) -> Hardware:
    if args.hardware:
        return load_hardware(Path(args.hardware))
    here = detect(
        devices_of(engine),
        engine_backends=engine.backends if engine else (),
        reserve=reserve,
        detections=detections,
    )
    return what_if(here, gpus=args.gpu or (), vram_bytes=args.vram, ram_bytes=args.ram, reserve=reserve)
