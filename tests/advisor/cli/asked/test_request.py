"""The words of a command line as a request."""

from __future__ import annotations

from advisor.cli.asked.request import said_request
from advisor.cli.options.parser import parse


def test_a_switch_that_is_not_said_is_the_runtimes() -> None:
    assert said_request(parse(["plan", "x"])).kv_unified is None
    assert said_request(parse(["plan", "x", "-kvu"])).kv_unified is True
    assert said_request(parse(["plan", "x", "--no-kv-unified"])).kv_unified is False
    assert said_request(parse(["plan", "x", "-nkvo"])).offload_kqv is False
    assert said_request(parse(["plan", "x", "--swa-full"])).swa_full is True
