"""`recommend --gpu-only`: context only, never layers or experts on the CPU for it."""

import json

import pytest

from advisor.cli.main import main

COMPUTER = ["--gpu", "RTX 4070", "--ram", "64GiB", "--basis", "formula", "--json"]


@pytest.mark.parametrize("options", [[], ["--gpu-only"]])
def test_nothing_is_put_on_the_cpu_where_that_is_ruled_out(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["recommend", "preset:qwen3-30b-a3b", *options, *COMPUTER])
    answer = json.loads(capsys.readouterr().out)
    codes = {reason["code"] for reason in answer["recommended"]["reasons"]}
    assert code == (1 if options else 0)
    assert ("nearest" in codes) == bool(options)
    assert ("on-cpu" in codes) == (not options)
