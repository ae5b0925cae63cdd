"""Records of proofs that never were, whole and consistent."""

from __future__ import annotations

from dataclasses import replace

from advisor.basis import Note
from advisor.engine.proof import FillMethod, SpeedPoint
from advisor.history.record import DeviceMark, ProbeRecord
from advisor.probe.result import Attempt, BoundBy, Outcome, ProbeResult
from advisor.settings.calibration import Calibration
from advisor.settings.load_settings import LoadSettings
from advisor.settings.rope import Rope
from advisor.units import GiB, MiB

GPU = DeviceMark("nvidia:0", "NVIDIA GeForce RTX 4070", 12 * GiB)
RAM = DeviceMark("ram", "RAM", 32 * GiB)

RESULT = ProbeResult(
    settings=LoadSettings(
        n_ctx=8192,
        cache_type_k="q8_0",
        override_tensor=(("exps", "CPU"),),
        tensor_split=(3.0, 1.0),
        rope=Rope(scaling="yarn", scale=2.5),
    ),
    limit_n_ctx=8448,
    bound_by=BoundBy.MEMORY,
    safe_n_ctx=8192,
    proved_n_ctx=8192,
    filled_tokens=8192,
    method=FillMethod.COPY,
    predicted_bytes={"CUDA0": 1030 * MiB, "CPU": 300 * MiB},
    measured_peak_bytes={"CUDA0": 1000 * MiB, "CPU": None},
    measured_notes=(Note("no-measure", "Nothing could measure it.", {"device": "CPU", "share": 0.5}),),
    speed=(SpeedPoint(0, 1000.0, 50.0), SpeedPoint(8192, None, 25.5)),
    attempts=(Attempt(8192, Outcome.OK, "", 1.5), Attempt(8704, Outcome.KILLED, "It was killed.", 0.5)),
    seconds=12.25,
)


def a_record(name: str = "Llama 3.1 8B", **changes: object) -> ProbeRecord:
    """A record of one proof; `changes` by field."""
    record = ProbeRecord(
        at="2026-05-01T12:00:00+00:00",
        model_key="0123456789abcdef",
        model_name=name,
        architecture="llama",
        quantization="Q4_K_M",
        path="/models/llama.gguf",
        file_bytes=4 * GiB,
        devices=(GPU, RAM),
        engine_binding="0.3.36",
        engine_backends=("CUDA", "CPU"),
        version="0.1.0",
        result=RESULT,
        predicted_bytes={"CUDA0": 1030 * MiB, "CPU": 300 * MiB},
        calibration=Calibration(
            overhead_bytes={"CUDA": 200 * MiB}, decode_share={"nvidia:0": 0.5}, n_probes=1
        ),
    )
    return replace(record, **changes)
