from __future__ import annotations

import ctypes
from typing import Any

import pytest

from advisor.engine.worker import fitness
from advisor.engine.worker.fitness import different_field, unfit


class Params(ctypes.Structure):
    """A structure with a number, a bool, and another number behind it."""

    _fields_ = [("n_ctx", ctypes.c_uint32), ("swa_full", ctypes.c_bool), ("n_last", ctypes.c_int64)]


KNOWN: dict[str, float] = {"n_ctx": 512, "swa_full": 1, "n_last": -1}
SOUND = bytes(Params(512, True, -1))


class Function:
    """A C function that returns a structure: through a pointer, or as ctypes does it."""

    def __init__(self, written: bytes) -> None:
        self._written = written
        self.restype: Any = None
        self.argtypes: Any = None

    def __call__(self, address: int | None = None) -> Any:
        if address is not None:
            ctypes.memmove(address, self._written, len(self._written))
            return address
        room = bytearray(ctypes.sizeof(self.restype))
        room[: len(self._written)] = self._written
        return self.restype.from_buffer(room)


class Llama:
    """Bindings whose library writes `written` as its default parameters."""

    a_params = Params

    def __init__(self, written: bytes) -> None:
        self._lib = {"a_default_params": Function(written)}


@pytest.fixture(params=["x86_64", "arm64"])
def _machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitness.platform, "machine", lambda: request.param)


@pytest.mark.usefixtures("_machine")
@pytest.mark.parametrize(
    ("written", "field"),
    [
        (SOUND, None),
        (bytes(Params(0, True, -1)), "n_ctx"),
        (bytes(Params(512, False, -1)), "swa_full"),
        (SOUND[:4] + b"\x1e" + SOUND[5:], "swa_full"),  # 30 reads as True, and is the type id of bf16
        (b"\0" * 8 + SOUND, "n_ctx"),  # a field was put in front
        (bytes(8), "n_ctx"),
    ],
)
def test_a_field_that_is_not_as_known_is_found(written: bytes, field: str | None) -> None:
    found = different_field(Llama(written), "a_params", KNOWN)
    assert (found in (field, "its size")) if field else found is None


def test_a_larger_structure_is_seen_on_x86(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitness.platform, "machine", lambda: "AMD64")
    assert different_field(Llama(SOUND + b"\0"), "a_params", KNOWN) == "its size"


def test_a_larger_structure_does_no_harm_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitness.platform, "machine", lambda: "aarch64")
    assert different_field(Llama(SOUND + b"\1" * 500), "a_params", KNOWN) is None


def test_a_field_that_the_bindings_lack_differs() -> None:
    assert different_field(Llama(SOUND), "a_params", {"n_new": 1}) == "n_new"


def test_bindings_without_dry_runs_are_too_old() -> None:
    assert "too old" in (unfit(Llama(SOUND)) or "")
