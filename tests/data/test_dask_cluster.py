"""A Dask cluster that cannot be reached is one line, with its place in params.yaml."""

import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data import dask_cluster


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "CONNECT_TIMEOUT_S", 1)
    line = "params.yaml:15: tcp://127.0.0.1:9: no Dask scheduler answers there within 1 s"
    with pytest.raises(DarkroomError, match=line), dask_cluster.connect("tcp://127.0.0.1:9", "params.yaml:15"):
        pass


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "distributed", None)
    line = "params.yaml:15: tcp://127.0.0.1:9: install the extra `dask`, or say processes"
    with pytest.raises(DarkroomError, match=f"^{line}$"), dask_cluster.connect("tcp://127.0.0.1:9", "params.yaml:15"):
        pass
