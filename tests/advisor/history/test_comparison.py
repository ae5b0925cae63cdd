import csv
import io
import json
from dataclasses import replace

import pytest

from advisor.history.comparison import COLUMNS, DeviceComparison, as_csv, as_json, comparisons
from advisor.units import MiB
from tests.support.probe_records import RESULT, a_record


def test_the_error_is_how_far_the_prediction_was_above() -> None:
    assert DeviceComparison("CPU", 103, 100).error_percent == pytest.approx(3.0)
    assert DeviceComparison("CPU", 97, 100).error_percent == pytest.approx(-3.0)
    assert DeviceComparison("CPU", 97, None).error_percent is None
    assert DeviceComparison("CPU", 97, 0).error_percent is None


def test_a_device_without_a_measure_is_compared_with_nothing() -> None:
    result = replace(RESULT, measured_peak_bytes={"CUDA0": 1000 * MiB})
    gpu, cpu = comparisons(a_record(result=result))
    assert (gpu.device, gpu.error_percent) == ("CUDA0", 3.0)
    assert (cpu.device, cpu.measured_bytes) == ("CPU", None)


def test_the_json_is_the_whole_record_with_the_comparison() -> None:
    text = as_json([a_record("\udcff 模型", id=7)], 1)
    assert text.isascii()
    document = json.loads(text)
    assert document["schema_version"] == 1
    (probe,) = document["probes"]
    assert (probe["id"], probe["model_name"]) == (7, "\udcff 模型")
    assert probe["result"]["bound_by"] == "memory"
    assert probe["comparison"][0] == {
        "device": "CUDA0",
        "predicted_bytes": 1030 * MiB,
        "measured_peak_bytes": 1000 * MiB,
        "error_percent": 3.0,
    }
    assert probe["comparison"][1]["error_percent"] is None


def test_the_table_has_a_line_for_each_device_and_no_formulas() -> None:
    names = ['=HYPERLINK("x")', 'semi;colon, "quoted"\nand broken', "\udcff"]
    lines = list(csv.reader(io.StringIO(as_csv([a_record(name, id=1) for name in names]), newline="")))
    assert lines[0] == list(COLUMNS)
    assert len(lines) == 1 + 2 * len(names)
    assert all(len(line) == len(COLUMNS) for line in lines)
    first = dict(zip(COLUMNS, lines[1], strict=True))
    assert first["model"] == "'" + names[0]
    assert (first["measured_peak_bytes"], first["error_percent"]) == (str(1000 * MiB), "3.00")
    assert dict(zip(COLUMNS, lines[2], strict=True))["error_percent"] == ""
    assert dict(zip(COLUMNS, lines[3], strict=True))["model"] == names[1]
    as_csv([a_record("\udcff")]).encode("utf-8")
