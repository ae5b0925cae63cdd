"""Which programs can be asked what they have loaded, and where."""

import pytest

from advisor.errors import UsageError
from advisor.export.choices import TARGETS
from advisor.export.loaded import ADDRESSES, ASKABLE, ask


@pytest.mark.parametrize("to", sorted(TARGETS.keys() - ASKABLE))
def test_what_cannot_be_asked_is_said(to: str) -> None:
    """KoboldCpp, LocalAI and the like are planned as llama-server, and are not one at its address."""
    with pytest.raises(UsageError, match="cannot be asked"):
        ask(to)


@pytest.mark.parametrize("to", sorted(ASKABLE))
def test_no_other_computer_is_asked(to: str) -> None:
    with pytest.raises(UsageError, match="not an address of this computer"):
        ask(to, "http://192.168.0.2:11434")


def test_each_that_can_be_asked_has_an_address_here() -> None:
    assert {TARGETS[to].profile for to in ASKABLE} == ADDRESSES.keys()
    assert all(address.startswith("http://127.0.0.1:") for address in ADDRESSES.values())
