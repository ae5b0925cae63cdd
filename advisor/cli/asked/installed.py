"""The models installed on this computer, looked for at most once a command: several steps ask for names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from advisor.library.names import Installed


class _Found(NamedTuple):
    environment: Mapping[str, str]  # which says where the stores are
    installed: Installed


_last: list[_Found] = []


def installed_here() -> Installed:
    """Those of this computer and user, as this command found them first."""
    from advisor.library.names import Installed  # what --help does not need
    from advisor.library.places import places_here

    environment = dict(os.environ)
    if not _last or _last[0].environment != environment:
        _last[:] = [_Found(environment, Installed(places_here()))]
    return _last[0].installed


def forget() -> None:
    """For the next command of the same process: models may have come and gone."""
    _last.clear()
