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
from tests.benchmarks.figure import Figure
from tests.support.gemma import real_gemma
from tests.support.real_proof import proved
from tests.support.small_models import small_llama

MOST_ATTEMPTS = 6  # in the common case


def main() -> list[Figure]:
    request = Request(runtime="llama-server")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = small_llama(folder / "small.gguf", n_layer=16, n_head=4, n_head_kv=4, n_ff=64, n_vocab=1024)
        capped = proved(small, request, folder, cap_bytes=512 * MiB)[0]
        figures = _shown("small model, worker capped at 512 MiB", capped)
        with real_gemma() as file:
            return figures + _shown("Gemma 3 270M", proved(read_model(file), request, folder)[0])


def _shown(what: str, found: ProbeResult) -> list[Figure]:
    limit = f"{format_tokens(found.limit_n_ctx)} tokens ({found.bound_by})"
    print(f"{what}: {limit}, {len(found.attempts)} attempts, {found.method} fill, {found.seconds:.1f} s")
    figures = [
        Figure("attempts of a proof", len(found.attempts), "", f"{what}; {limit}", at_most=MOST_ATTEMPTS)
    ]
    for device, predicted in found.predicted_bytes.items():
        measured = found.measured_peak_bytes[device]
        if measured:
            print(
                f"  {device}: predicted {predicted / MiB:.1f} MiB, measured peak {measured / MiB:.1f} MiB, "
                f"off by {(predicted - measured) / MiB:+.1f} MiB ({100 * (predicted / measured - 1):+.1f} %)"
            )
            figures.append(
                Figure(
                    f"predicted less measured peak on {device}",
                    (predicted - measured) / MiB,
                    "MiB",
                    f"{what}; {measured / MiB:.1f} MiB measured",
                    at_least=-max(measured / 100, 16 * MiB) / MiB,
                    at_most=max(3 * measured / 100, 32 * MiB) / MiB,
                )
            )
    return figures


if __name__ == "__main__":
    main()
