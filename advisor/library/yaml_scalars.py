"""The single values of a small YAML file: as much of YAML as programs write that list their models in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_LINE = re.compile(r"(?P<indent> *)(?P<key>[A-Za-z_][\w.-]*)\s*:(?:\s+(?P<value>.*))?$")
_PLAIN_END = re.compile(r"\s+#.*$")


def yaml_scalars(text: str) -> Mapping[str, str]:
    """Keys with a text or number, those of a table with its name before them: "parameters.model".

    Lists, blocks and whatever else YAML has are passed over; the first of two equal keys counts.
    """
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in text.splitlines():
        said = _LINE.match(line)
        if not said:
            continue
        indent = len(said["indent"])
        while above and above[-1][0] >= indent:
            above.pop()
        name = ".".join([*(key for _, key in above), said["key"]])
        value = _unquoted(said["value"] or "")
        if value:
            found.setdefault(name, value)
        else:
            above.append((indent, said["key"]))
    return found


def _unquoted(value: str) -> str:
    value = value.strip()
    if value.startswith("'"):
        whole = re.match(r"'((?:[^']|'')*)'", value)
        return whole[1].replace("''", "'") if whole else ""
    if value.startswith('"'):
        whole = re.match(r'"(?:[^"\\]|\\.)*"', value)
        try:
            return str(json.loads(whole[0])) if whole else ""
        except ValueError:  # an escape that JSON does not have
            return whole[0][1:-1] if whole else ""
    return "" if value.startswith(("#", "|", ">", "[", "{", "&", "*", "!")) else _PLAIN_END.sub("", value)
