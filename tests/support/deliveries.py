"""Small files with the formats and names that the catalog's sources deliver, and catalog entries that point to them."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from scipy.io import savemat

from darkroom.config.catalog import CatalogEntry, Url

GENERATOR = np.random.default_rng(0)
LABELS = np.arange(20, dtype=np.uint8) % 2


def pixels(*shape: int) -> NDArray[np.uint8]:
    return GENERATOR.integers(0, 256, shape, np.uint8)


def npz(**arrays: NDArray[np.uint8]) -> bytes:
    np.savez(stream := io.BytesIO(), **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def idx(array: NDArray[np.uint8]) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape) + array.tobytes()


def mnist() -> dict[str, bytes]:
    return {"mnist.npz": npz(x_train=pixels(20, 28, 28), y_train=LABELS, x_test=pixels(20, 28, 28), y_test=LABELS)}


def mnist_files(suffix: str) -> dict[str, bytes]:
    pairs = {f"{split}-{what}-ubyte{suffix}": idx(array) for split in ("train", "t10k")
             for what, array in (("images-idx3", pixels(20, 28, 28)), ("labels-idx1", LABELS))}  # fmt: skip
    return {name: gzip.compress(content) if suffix else content for name, content in pairs.items()}


def medmnist(name: str, *colours: int) -> dict[str, bytes]:
    """As MedMNIST's README describes it: three splits, labels N x 1."""
    arrays = {f"{split}_images": pixels(20, 28, 28, *colours) for split in ("train", "val", "test")}
    return {name: npz(**arrays, **{f"{split}_labels": LABELS[:, None] for split in ("train", "val", "test")})}


def cifar() -> dict[str, bytes]:
    return packed_cifar(
        {name: np.hstack([LABELS[:, None], pixels(20, 3072)]).tobytes() for name in ("data_batch_1.bin", "test_batch.bin")}
    )


def packed_cifar(files: dict[str, bytes]) -> dict[str, bytes]:
    with tarfile.open(fileobj=(stream := io.BytesIO()), mode="w:gz") as archive:
        for name, content in {**files, "readme.html": b"<html>"}.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return {"cifar-10-binary.tar.gz": stream.getvalue()}


def olivetti() -> dict[str, bytes]:
    savemat(stream := io.BytesIO(), {"faces": pixels(4096, 400)})
    return {"olivettifaces.mat": stream.getvalue()}


DELIVERIES: dict[str, Callable[[], dict[str, bytes]]] = {
    "cifar10": cifar,
    "dermamnist": partial(medmnist, "dermamnist.npz", 3),
    "fashion-mnist": partial(mnist_files, ""),
    "kmnist": partial(mnist_files, ".gz"),
    "mnist": mnist,
    "olivetti": olivetti,
    "pathmnist": partial(medmnist, "pathmnist.npz", 3),
    "pneumoniamnist": partial(medmnist, "pneumoniamnist.npz"),
}


def moved(entry: CatalogEntry, files: dict[str, bytes], address: str, folder: Path) -> CatalogEntry:
    """The entry with the checksums of `files`, which are written to `folder`, and with the host of its URL replaced."""
    (first, *_) = (source for source in entry.sources if isinstance(source, Url))
    for file, content in files.items():
        path = folder / urlsplit(first.url).path.lstrip("/").replace("{file}", file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" and not file.endswith(".gz") else content)
    algorithms = {64: "sha256", 32: "md5"}
    sums = {file: hashlib.new(algorithms[len(old)], files[file]).hexdigest() for file, old in entry.files.items()}
    host = "://".join(urlsplit(first.url)[:2])
    return entry.model_copy(update={"files": sums, "sources": (Url(url=first.url.replace(host, address)),)})
