"""A proof: how many attempts it takes, and the predicted against the measured peak.

    python -m tests.benchmarks.bench_probe

A small model under a cap of 512 MiB, and the Gemma 3 270M of the development extra at its training context.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from advisor.model import read_model
from advisor.probe.result import ProbeResult
from advisor.settings.request import Request
from advisor.units import MiB, format_tokens
from tests.support.gemma import real_gemma
from tests.support.real_proof import proved
from tests.support.small_models import small_llama


def main() -> None:
    request = Request(runtime="llama-server")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = small_llama(folder / "small.gguf", n_layer=16, n_head=4, n_head_kv=4, n_ff=64, n_vocab=1024)
        _show("small model, worker capped at 512 MiB", proved(small, request, folder, cap_bytes=512 * MiB)[0])
        with real_gemma() as file:
            _show("Gemma 3 270M", proved(read_model(file), request, folder)[0])


def _show(what: str, found: ProbeResult) -> None:
    limit = f"{format_tokens(found.limit_n_ctx)} tokens ({found.bound_by})"
    print(f"{what}: {limit}, {len(found.attempts)} attempts, {found.method} fill, {found.seconds:.1f} s")
    for device, predicted in found.predicted_bytes.items():
        measured = found.measured_peak_bytes[device]
        if measured:
            print(
                f"  {device}: predicted {predicted / MiB:.1f} MiB, measured peak {measured / MiB:.1f} MiB, "
                f"off by {(predicted - measured) / MiB:+.1f} MiB ({100 * (predicted / measured - 1):+.1f} %)"
            )


if __name__ == "__main__":
    main()
