from __future__ import annotations

import subprocess
import sys

from advisor.engine.worker import guard, memory_sample, pressure
from advisor.units import MiB

START = "from advisor.engine.worker import guard, memory_sample\nMIB = 1024 * 1024\n"


def run(body: str) -> str:
    """What a Python of its own prints: a limit cannot be taken back."""
    done = subprocess.run([sys.executable, "-c", START + body], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_limit_below_what_is_there_is_refused() -> None:
    body = "try:\n    guard.set_limit(MIB)\nexcept Exception as error:\n    print(error.kind)\n"
    assert run(body) == "memory"


def test_the_limit_is_on_all_data() -> None:
    body = (
        "data = memory_sample.sample()['data_bytes']\n"
        "print(guard.set_limit(data + 64 * MIB) == data + 64 * MIB)\n"
        "small = bytearray(32 * MIB)\n"
        "try:\n    bytearray(64 * MIB)\nexcept MemoryError:\n    print('capped')\n"
    )
    assert run(body) == "True\ncapped"


def test_a_load_has_room_for_what_is_not_known_yet() -> None:
    body = (
        "guard.limit_load(64 * MIB)\n"
        "some = bytearray(512 * MIB)\n"
        "try:\n    bytearray(2048 * MIB)\nexcept MemoryError:\n    print('capped')\n"
    )
    assert run(body) == "capped"


def test_what_the_load_took_is_no_longer_free() -> None:
    body = (
        "before = memory_sample.sample()\n"
        "taken = bytearray(100 * MIB)\n"
        "for at in range(0, len(taken), 4096):\n    taken[at] = 1\n"
        "lines = ['load_tensors:   CPU_Mapped model buffer size =    50.00 MiB']\n"
        "limit = guard.limit_contexts(200 * MIB, before, lines)\n"
        "print((limit - memory_sample.sample()['data_bytes']) // (10 * MIB))\n"
    )
    assert run(body) in ("4", "5")


def test_mapped_weights_are_read_from_the_log() -> None:
    lines = (
        "load_tensors: CPU_Mapped model buffer size =   235.16 MiB",
        "load_tensors: Vulkan0 model buffer size =   100.00 MiB",
        "load_tensors: CPU_Mapped model buffer size =     0.50 MiB",
        "load_tensors: CPU_REPACK model buffer size =    12.66 MiB",
    )
    assert guard.mapped_bytes(lines) == int(235.16 * MiB) + MiB // 2
    assert guard.mapped_bytes(()) == 0


def test_this_process_is_measured() -> None:
    now = memory_sample.sample()
    assert now["rss_bytes"]
    assert now["peak_rss_bytes"]
    assert now["mapped_bytes"] is not None
    assert now["mapped_bytes"] < now["rss_bytes"] <= now["peak_rss_bytes"]
    assert now["data_bytes"]


def test_the_peak_can_begin_anew() -> None:
    body = (
        "big = bytearray(200 * MIB)\n"
        "for at in range(0, len(big), 4096):\n    big[at] = 1\n"
        "del big\n"
        "before = memory_sample.sample()['peak_rss_bytes']\n"
        "memory_sample.begin_anew()\n"
        "print((before - memory_sample.sample()['peak_rss_bytes']) // (150 * MIB))\n"
    )
    assert run(body) == "1"


def test_a_system_that_does_not_tell_is_not_under_pressure() -> None:
    assert not pressure.is_high()
