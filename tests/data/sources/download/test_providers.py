"""Sources that are not URLs: a Debian package, a data set of scikit-learn."""

from pathlib import Path

import numpy as np
import pytest

from darkroom.config.catalog import Bundled, DebianPackage
from darkroom.core.errors import DarkroomError
from darkroom.data.sources.download import providers


def test_without_apt_the_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DarkroomError, match=r"apt-get: not on this machine \(it needs Debian or Ubuntu\)"):
        providers.open_source(DebianPackage(debian="dataset-fashion-mnist", folder="usr"), tmp_path)


def test_bundled_digits_are_complete(tmp_path: Path) -> None:
    deliver = providers.open_source(Bundled(scikit_learn="load_digits"), tmp_path)
    assert np.load(deliver("images.npy")).shape == (1797, 8, 8)
