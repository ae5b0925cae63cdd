from pathlib import Path

import pytest

from advisor.history.store import History
from tests.support.histories import history_in


@pytest.fixture
def history(tmp_path: Path) -> History:
    return history_in(tmp_path)
