"""YAML read by the rules of 1.1 and of 1.2, which must come to the same."""

from __future__ import annotations

from typing import Any

import yaml
from ruamel.yaml import YAML


def read_yaml(text: str) -> Any:
    """What PyYAML (YAML 1.1) and ruamel.yaml (YAML 1.2) both make of it."""
    old = yaml.safe_load(text)
    new = YAML(typ="safe", pure=True).load(text)
    assert old == new
    assert repr(old) == repr(new)  # True == 1
    return old
