"""The kinds of source that a catalog entry can name: a URL, a Debian package, a data set that scikit-learn ships.

Each delivers one file by name into a scratch folder, perhaps compressed; the caller compares the checksum. A source that fails
raises DarkroomError with one line, so that the next one can be tried.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from sklearn import datasets

from darkroom.config.catalog import Bundled, DebianPackage, Source, Url
from darkroom.core import artifacts
from darkroom.core.errors import DarkroomError
from darkroom.data.sources.download import transfer

APT_TIMEOUT_S = 120

Deliver = Callable[[str], Path]


def open_source(source: Source, scratch: Path) -> Deliver:
    """A function that takes the name of a file and returns a local file with its content, which the caller may move.

    Files are written to the folder `scratch`.
    """
    if isinstance(source, Url):
        return lambda name: transfer.download(source.url.replace("{file}", name), scratch / name)
    if isinstance(source, DebianPackage):
        folder = _unpack(source, scratch.resolve())
        return lambda name: _packaged(folder, name)
    return lambda name: _bundled(source, scratch / name)


def describe(source: Source) -> str:
    """The source in a few words, for progress and errors."""
    if isinstance(source, Url):
        return urlsplit(source.url).netloc
    return f"Debian package {source.debian}" if isinstance(source, DebianPackage) else f"scikit-learn {source.scikit_learn}"


def _unpack(source: DebianPackage, scratch: Path) -> Path:
    """Downloads and unpacks a package without root: apt's lists and cache are in `scratch`."""
    options = [f"Dir::State::Lists={scratch}/lists", f"Dir::Cache={scratch}/cache", "Debug::NoLocking=1"]
    apt = ["apt-get", "-qq", *(word for option in options for word in ("-o", option))]
    for folder in ("lists/partial", "cache/archives/partial"):
        (scratch / folder).mkdir(parents=True, exist_ok=True)
    _run([*apt, "update"], scratch)
    _run([*apt, "download", source.debian], scratch)
    (package,) = scratch.glob("*.deb")
    _run(["dpkg-deb", "-x", str(package), str(scratch / "package")], scratch)
    return scratch / "package" / source.folder


def _run(command: list[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=APT_TIMEOUT_S)
    except FileNotFoundError:
        raise DarkroomError(f"{command[0]}: not on this machine (it needs Debian or Ubuntu)") from None
    except subprocess.TimeoutExpired:
        raise DarkroomError(f"{command[0]}: no answer within {APT_TIMEOUT_S} s") from None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.splitlines()
        reasons = [line for line in lines if line.startswith("E:")] or lines or ["failed"]
        raise DarkroomError(f"{command[0]}: {reasons[-1]}") from None


def _packaged(folder: Path, name: str) -> Path:
    for candidate in (folder / f"{name}.gz", folder / name):
        if candidate.is_file():
            return candidate
    raise DarkroomError(f"{name}: not in the package's folder {folder.name}")


def _bundled(source: Bundled, target: Path) -> Path:
    """`images.npy` (uint8 N x 8 x 8, the 0..16 of the original scaled to 0..255) or `labels.npy` (int64 N)."""
    data = getattr(datasets, source.scikit_learn)()
    arrays = {"images.npy": np.rint(data.images * (255 / 16)).astype(np.uint8), "labels.npy": data.target.astype(np.int64)}
    if target.name not in arrays:
        raise DarkroomError(f"{target.name}: scikit-learn delivers only {' and '.join(arrays)}")
    artifacts.write_array(target, arrays[target.name])
    return target
