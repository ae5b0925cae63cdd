import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from advisor.engine.protocol import EngineInfo
from advisor.hardware.device import Hardware
from advisor.history.fields import to_json
from advisor.history.record import UnreadableRecord, decoded, encoded, is_same, marks, model_key, record_of
from advisor.settings.calibration import Calibration
from advisor.settings.rope import TRAINED_ROPE
from advisor.units import GiB, MiB
from tests.support.planning import a_model, gpu, ram
from tests.support.probe_records import GPU, RESULT, a_record

ENGINE = EngineInfo(
    binding="0.3.36",
    library="libllama.so",
    python="3.11.0",
    executable="python",
    backends=("CPU",),
    devices=(),
    supports_gpu_offload=False,
    has_breakdown=True,
    unfit=None,
    notes=(),
)


def with_file_bytes(number: str) -> str:
    content = {**json.loads(encoded(a_record())), "file_bytes": "HERE"}
    return json.dumps(content).replace('"HERE"', number)


def with_decode_share(number: str) -> str:
    taught = to_json(Calibration(decode_share={"nvidia:0": 0.5}))
    content = {**json.loads(encoded(a_record())), "calibration": taught}
    return json.dumps(content).replace("0.5", number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        "{}",
        "[" * 100_000,
        '{"at": 7}',
        json.dumps({**json.loads(encoded(a_record())), "result": None}),
        json.dumps({**json.loads(encoded(a_record())), "file_bytes": "many"}),
        json.dumps({**json.loads(encoded(a_record())), "file_bytes": True}),
        json.dumps({**json.loads(encoded(a_record())), "devices": [[1, 2]]}),
        *(with_file_bytes(number) for number in ("1" + "0" * 400, "9" * 5000, "-1e400", "NaN")),
        *(with_decode_share(number) for number in ("1" + "0" * 400, "Infinity", "NaN")),
    ],
)
def test_what_is_no_record_is_not_read(text: str) -> None:
    with pytest.raises(UnreadableRecord):
        decoded(text)


def test_an_outcome_of_a_later_version_is_not_read() -> None:
    content = json.loads(encoded(a_record()))
    content["result"]["attempts"][0]["outcome"] = "teleported"
    with pytest.raises(UnreadableRecord, match="teleported"):
        decoded(json.dumps(content))


def test_a_record_survives_its_text() -> None:
    record = a_record()
    assert decoded(encoded(record)) == record
    assert decoded(encoded(record)).result.measured_notes[0].values == {"device": "CPU", "share": 0.5}


@pytest.mark.parametrize("name", ["Lüneburg 模型", "a\x00b", "\udcff\udc80", "=1+1", "x" * 99_999, "; DROP"])
def test_odd_names_and_paths_survive(name: str) -> None:
    record = a_record(name, path=f"/models/{name}.gguf")
    assert encoded(record).isascii()
    assert decoded(encoded(record)) == record


def test_fields_of_a_later_version_are_passed_over_and_missing_ones_have_their_default() -> None:
    content = json.loads(encoded(a_record()))
    content["weather"] = {"rain": True}
    content["result"]["settings"]["n_wonders"] = 7
    del content["calibration"]
    del content["result"]["settings"]["rope"]
    found = decoded(json.dumps(content))
    settings = replace(RESULT.settings, rope=TRAINED_ROPE)
    assert found == a_record(calibration=None, result=replace(RESULT, settings=settings))


def test_the_key_is_the_same_wherever_the_file_lies_and_another_for_another_file() -> None:
    facts = a_model()
    moved = replace(facts, path=Path("/elsewhere/b.gguf"))
    assert model_key(moved) == model_key(facts)
    others = [replace(facts, n_params=7), replace(facts, file_bytes=7), replace(facts, name="\udcff")]
    assert len({model_key(it) for it in (facts, *others)}) == 4


def test_a_device_is_the_same_with_a_little_less_memory_but_not_with_half() -> None:
    assert is_same(GPU, replace(GPU, total_bytes=GPU.total_bytes - 100 * MiB))
    assert not is_same(GPU, replace(GPU, total_bytes=GPU.total_bytes // 2))
    assert not is_same(GPU, replace(GPU, name="Another"))


def test_a_record_says_when_in_utc_whatever_the_clock_says() -> None:
    hardware = Hardware((gpu(12 * GiB), ram(32 * GiB)))
    now = datetime(2026, 5, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    record = record_of(a_model(), hardware, ENGINE, RESULT, now=now)
    assert record.at == "2026-04-30T23:30:00+00:00"
    assert record.at == now.astimezone(UTC).isoformat()
    assert record.devices == marks(hardware)
    assert record.predicted_bytes == RESULT.predicted_bytes
    assert decoded(encoded(record)) == record
