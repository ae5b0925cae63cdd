"""MODEL as an address: planned from its header alone, by the engine as well."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.cli.main import main
from tests.support.gguf_bytes import expand_head
from tests.support.range_server import serving


def test_an_address_without_a_file_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "hf:owner/repo", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "bad-address"


def test_a_server_that_has_no_such_file(capsys: pytest.CaptureFixture[str]) -> None:
    with serving({}) as server:
        assert main(["inspect", f"{server.address}/model.gguf", "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "not-found"


@pytest.mark.engine
def test_the_engine_plans_a_model_that_is_not_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = expand_head("phi2-dense", tmp_path)
    words = ["-c", "2048", "--basis", "engine", "--json"]
    with serving({"/model.gguf": file.read_bytes()}) as server:
        assert main(["plan", f"{server.address}/model.gguf", *words]) == 0
    out, err = capsys.readouterr()
    there = json.loads(out)
    assert "Fetched" in err
    assert main(["plan", str(file), *words]) == 0
    here = json.loads(capsys.readouterr().out)
    assert there["basis"] == "engine"
    for part in ("weights_bytes", "kv_cache_bytes", "compute_bytes", "output_bytes"):
        assert [line[part] for line in there["memory"]] == [line[part] for line in here["memory"]]
