"""A Dask cluster that cannot be reached is one line, with its place in params.yaml."""

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data import dask_cluster
from tests.support.settings import settings

CHOSEN = settings(executor="tcp://127.0.0.1:9").preprocess


def test_a_missing_scheduler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "CONNECT_TIMEOUT_S", 1)
    line = "params.yaml:4: preprocess.executor: tcp://127.0.0.1:9: no Dask scheduler answers within 1 s"
    with pytest.raises(DarkroomError, match=line), dask_cluster.connect(CHOSEN):
        pass


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "distributed", None)
    line = "params.yaml:4: preprocess.executor: tcp://127.0.0.1:9: install the extra `dask`, or use processes"
    with pytest.raises(DarkroomError, match=f"^{line}$"), dask_cluster.connect(CHOSEN):
        pass
