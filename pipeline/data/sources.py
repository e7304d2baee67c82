"""Where the files of a data set come from: an address, a Debian package, a library that ships them.

Each source delivers one named file as bytes, already decompressed; whoever asks compares the SHA-256. A source that fails
raises Refusal with one line, so that the next one can be tried.
"""

import gzip
import io
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tqdm import tqdm

from pipeline.errors import Refusal
from pipeline.params.recipe import Bundled, DebianPackage, Source, Url

TIMEOUT_S = 10  # without a byte
PATIENCE_S = 20  # before a source may be called too slow
SLOWEST = 20_000  # bytes a second
APT_TIMEOUT_S = 120
GZIP = b"\x1f\x8b"

Fetch = Callable[[str], bytes]


def open_source(source: Source, scratch: Path) -> Fetch:
    """A function from a file's name to its decompressed content; `scratch` is a folder it may fill."""
    if isinstance(source, Url):
        return lambda name: decompressed(name, _download(source.url.replace("{file}", name), scratch))
    if isinstance(source, DebianPackage):
        folder = _unpack(source, scratch)
        return lambda name: decompressed(name, _packaged(folder, name))
    return lambda name: _bundled(source, name)


def describe(source: Source) -> str:
    """The source in a few words, for progress and errors."""
    if isinstance(source, Url):
        return urlsplit(source.url).netloc
    return f"Debian package {source.debian}" if isinstance(source, DebianPackage) else f"scikit-learn {source.scikit_learn}"


def decompressed(name: str, content: bytes) -> bytes:
    """Undoes gzip where the content is gzip. Raises Refusal where it is damaged or cut short."""
    if not content.startswith(GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise Refusal(f"{name}: a damaged archive ({error})") from None


class Pace(tqdm):  # type: ignore[misc]
    """A progress bar that refuses a source that trickles: no single wait is long, but the whole would never end."""

    url = ""
    begun = 0.0
    received = 0

    def __bool__(self) -> bool:
        return True  # tqdm's own answer is no where the length is unknown, and pooch would not call update

    def update(self, n: float | None = 1) -> None:
        """Counts `n` bytes. Raises Refusal where less than `SLOWEST` bytes a second have come after `PATIENCE_S`."""
        super().update(n)
        self.begun = self.begun or time.monotonic()  # the first bytes start the clock: connecting has its own limit
        self.received += int(n or 0)
        elapsed = time.monotonic() - self.begun
        if elapsed > PATIENCE_S and self.received < SLOWEST * elapsed:
            raise Refusal(f"{self.url}: slower than {SLOWEST // 1000} kB/s")


def _download(url: str, scratch: Path) -> bytes:
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    part = scratch / "download"
    try:
        with Pace(unit="B", unit_scale=True, delay=1, leave=False) as bar:
            bar.url = url
            pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT_S)(url, str(part), None)
    except requests.HTTPError as error:
        raise Refusal(f"{url}: HTTP {error.response.status_code}") from None
    except requests.Timeout:
        raise Refusal(f"{url}: no answer within {TIMEOUT_S} s") from None
    except requests.exceptions.ChunkedEncodingError:
        raise Refusal(f"{url}: the connection broke before the file was whole") from None
    except requests.ConnectionError:
        raise Refusal(f"{url}: cannot be reached, or fell silent") from None
    except requests.RequestException as error:
        raise Refusal(f"{url}: {type(error).__name__}") from None
    return part.read_bytes()


def _unpack(source: DebianPackage, scratch: Path) -> Path:
    """Fetches and unpacks a package as an ordinary user, with package lists of its own."""
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
        raise Refusal(f"{command[0]}: not on this machine (it needs Debian or Ubuntu)") from None
    except subprocess.TimeoutExpired:
        raise Refusal(f"{command[0]}: no answer within {APT_TIMEOUT_S} s") from None
    except subprocess.CalledProcessError as error:
        told = [line for line in error.stderr.splitlines() if line.startswith("E:")] or error.stderr.splitlines() or ["failed"]
        raise Refusal(f"{command[0]}: {told[-1]}") from None


def _packaged(folder: Path, name: str) -> bytes:
    for candidate in (folder / f"{name}.gz", folder / name):
        if candidate.is_file():
            return candidate.read_bytes()
    raise Refusal(f"{name}: not in the package's folder {folder.name}")


def _bundled(source: Bundled, name: str) -> bytes:
    """`images.npy` (uint8 N x 8 x 8, the 0..16 of the original scaled to 0..255) or `labels.npy` (int64 N)."""
    import numpy as np
    from sklearn import datasets

    data = getattr(datasets, source.scikit_learn)()
    arrays = {"images.npy": np.rint(data.images * (255 / 16)).astype(np.uint8), "labels.npy": data.target.astype(np.int64)}
    if name not in arrays:
        raise Refusal(f"{name}: scikit-learn gives {' and '.join(arrays)}")
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.ascontiguousarray(arrays[name]), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def scratch_folder() -> "tempfile.TemporaryDirectory[str]":
    """A folder for half-finished work, outside the data, gone at the end whatever happens."""
    return tempfile.TemporaryDirectory(prefix="darkroom-")
