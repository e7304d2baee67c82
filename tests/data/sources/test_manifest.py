"""The manifest: path, size and SHA-256 of each file of a data set, and what counts as a change."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from darkroom.core.errors import DarkroomError
from darkroom.data.sources import manifest, readers


def write(root: Path, **files: str) -> Path:
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def test_one_row_per_file_in_order(tmp_path: Path) -> None:
    root = write(tmp_path / "photos", dog__b_png="b", cat__a_png="aa")
    table = manifest.write(root, readers.read(root), tmp_path / "manifest.csv")
    digests = [hashlib.sha256(content).hexdigest() for content in (b"aa", b"b")]
    assert (tmp_path / "manifest.csv").read_text() == (
        f"path,size,sha256\ncat/a.png,2,{digests[0]}\ndog/b.png,1,{digests[1]}\n"
    )
    assert manifest.read(tmp_path / "manifest.csv") == dict(zip(table["path"], digests, strict=True))


def test_without_a_manifest_nothing_is_compared(tmp_path: Path) -> None:
    root = write(tmp_path / "photos", dog__b_png="b", cat__a_png="aa")
    assert manifest.check(root, readers.read(root), tmp_path / "manifest.csv") == {}


def test_a_new_image_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path / "photos", dog__b_png="b", cat__a_png="aa")
    manifest.write(root, readers.read(root), tmp_path / "manifest.csv")
    write(root, cat__c_png="c")
    with pytest.raises(DarkroomError, match=f"^{root}/cat/c.png: changed since {tmp_path}/manifest.csv was written; run `dvc"):
        manifest.check(root, readers.read(root), tmp_path / "manifest.csv")


@pytest.mark.parametrize("folder", ["", "inner/"])
def test_a_table_is_compared_in_any_folder(tmp_path: Path, folder: str) -> None:
    root = tmp_path / "photos"
    inside = write(root / folder, a_png="a", b_png="b", labels_csv="file,label\na.png,x\nb.png,y\n")
    manifest.write(root, readers.read(root), tmp_path / "manifest.csv")
    assert manifest.check(root, readers.read(root), tmp_path / "manifest.csv").keys() == {"a.png", "b.png", "labels.csv"}
    write(inside, labels_csv="file,label\na.png,y\nb.png,x\n")
    with pytest.raises(DarkroomError, match=f"^{inside}/labels.csv: changed since"):
        manifest.check(root, readers.read(root), tmp_path / "manifest.csv")


def test_arrays_are_compared(tmp_path: Path) -> None:
    root = tmp_path / "arrays"
    root.mkdir()
    np.save(root / "images.npy", np.zeros((2, 4, 4), np.uint8))
    np.save(root / "labels.npy", np.array([0, 1]))
    manifest.write(root, readers.read(root), tmp_path / "manifest.csv")
    assert manifest.check(root, readers.read(root), tmp_path / "manifest.csv").keys() == {"images.npy", "labels.npy"}
    np.save(root / "labels.npy", np.array([1, 0]))
    with pytest.raises(DarkroomError, match=f"^{root}/labels.npy: changed since"):
        manifest.check(root, readers.read(root), tmp_path / "manifest.csv")
