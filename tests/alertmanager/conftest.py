"""One Alertmanager for all tests of the folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alertmanager_live import rendered, running_alertmanager

from stores import AlertStore


@pytest.fixture(scope="session")
def alerts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlertStore]:
    """Alertmanager with the default configuration; no sink listens."""
    config = rendered(sink_url="http://127.0.0.1:1")
    with running_alertmanager(tmp_path_factory.mktemp("alertmanager"), config) as store:
        yield store
