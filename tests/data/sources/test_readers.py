"""Each layout is recognised by its files and read completely; odd files are listed, hostile ones refused with a line."""

import gzip
import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from darkroom.core.errors import DarkroomError
from darkroom.data.sources import readers
from darkroom.data.sources.readers import idx
from darkroom.data.sources.readers.collection import Collection, in_order

IMAGES = np.arange(4 * 3 * 4, dtype=np.uint8).reshape(4, 3, 4)
LABELS = np.array([1, 0, 1, 0])


def as_idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.astype(np.uint8).tobytes()


def files(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(name.encode())
    return root


def summary(collection: Collection) -> list[tuple[str, str, str]]:
    """Source, class and split of every image."""
    items = collection.items
    return [
        (*row[:1], collection.classes[row[1]], row[2])
        for row in zip(items["source"], items["label"], items["split"], strict=True)
    ]


def test_a_folder_per_class(tmp_path: Path) -> None:
    root = files(
        tmp_path, "dog/b.png", "cat/inner/a.png", "cat/ä 'q'\n.png", "readme.txt", ".git/x", "cat/Thumbs.db", "cat/.DS_Store"
    )
    (root / "empty").mkdir()
    collection = readers.read(root)
    assert (collection.layout, collection.skipped) == ("a folder per class: 3 folders", 3)
    assert summary(collection) == [("cat/inner/a.png", "cat", ""), ("cat/ä 'q'\n.png", "cat", ""), ("dog/b.png", "dog", "")]
    assert collection.classes == ("cat", "dog", "empty")
    assert [(row.source, row.reason) for row in collection.refused] == [("readme.txt", "in no class folder")]
    assert collection.images[2].read_bytes() == b"dog/b.png"


def test_entries_that_cannot_be_read_are_listed(tmp_path: Path) -> None:
    root = files(tmp_path, "a/1.png", "b/1.png")
    (root / "a" / "broken.png").symlink_to("nowhere")
    (root / "a" / "linked.png").symlink_to("1.png")
    (root / "a" / "loop").symlink_to(root)
    (root / "b" / "self.png").symlink_to("self.png")
    os.mkfifo(root / "b" / "pipe.png")
    (root / os.fsdecode(b"b/latin\xe9.png")).touch()
    collection = readers.read(root)
    assert [source for source, *_ in summary(collection)] == ["a/1.png", "a/linked.png", "b/1.png"]
    assert {row.source: (row.class_name, row.reason) for row in collection.refused} == {
        "a/broken.png": ("a", "a broken link"),
        "a/loop": ("a", "a link to a folder; it is not followed"),
        "b/latin\\xe9.png": ("b", "its name is not UTF-8; rename it"),
        "b/pipe.png": ("b", "not a regular file (a device, a pipe or a socket)"),
        "b/self.png": ("b", "too many levels of symbolic links"),
    }


@pytest.mark.parametrize(
    "names",
    [("train", "val", "test"), ("Training", "val", "Testing"), ("Train", "VALID", "TEST"), ("train", "validation", "test")],
)
def test_split_folders_in_any_case(tmp_path: Path, names: tuple[str, str, str]) -> None:
    root = files(tmp_path, *(f"{split}/{name}/1.png" for split in names for name in ("cat", "dog")), f"{names[0]}/loose.png")
    collection = readers.read(root)
    assert {split: list(rows) for split, rows in collection.items.groupby("split")["source"]} == {
        split: [f"{folder}/{name}/1.png" for name in ("cat", "dog")]
        for folder, split in zip(names, ("train", "validation", "test"), strict=True)
    }
    assert [row.source for row in collection.refused] == [f"{names[0]}/loose.png"]


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (("train/a/1.png", "test/a/1.png", "cats/1.png"), "test, train look like splits, but cats lie beside them"),
        (("train/a/1.png", "val/a/1.png", "valid/a/1.png"), "two folders for one split: train, val, valid"),
        (("a.png", "b.png"), "not recognised as a data set; supported are a folder per class; train, val and test folders"),
        (("train.csv", "notes.txt"), "not recognised as a data set"),
        (("val/a/1.png", "test/a/1.png"), "test, val look like splits, but there is no train"),
    ],
)
def test_an_ambiguous_or_unknown_folder_is_refused(tmp_path: Path, names: tuple[str, ...], line: str) -> None:
    with pytest.raises(DarkroomError, match=line):
        readers.read(files(tmp_path, *names))


def test_classes_are_merged_over_unicode_forms_and_ordered_as_numbers(tmp_path: Path) -> None:
    collection = readers.read(files(tmp_path, "Gr\u00f6\u00dfe/1.png", "Gro\u0308\u00dfe/2.png", "klein/3.png"))
    assert collection.classes == ("Gr\u00f6\u00dfe", "klein")
    assert in_order(["10", "9", "1"]) == ("1", "9", "10")
    assert in_order(["b", "B", "ä", "10", "9"]) == ("10", "9", "B", "b", "ä")


def test_an_archive_that_was_packed_with_its_folder(tmp_path: Path) -> None:
    collection = readers.read(files(tmp_path, "photos/cat/1.png", "photos/dog/2.png"))
    assert summary(collection) == [("cat/1.png", "cat", ""), ("dog/2.png", "dog", "")]


def test_a_loose_file_beside_the_one_folder(tmp_path: Path) -> None:
    collection = readers.read(files(tmp_path, "photos/cat/1.png", "photos/dog/2.png", "README.md"))
    assert [source for source, *_ in summary(collection)] == ["cat/1.png", "dog/2.png"]
    assert [(row.source, row.reason) for row in collection.refused] == [("README.md", "in no class folder")]


def test_a_class_folder_whose_name_is_not_utf8(tmp_path: Path) -> None:
    root = files(tmp_path, "a/1.png", "b/1.png")
    (root / os.fsdecode(b"caf\xe9")).mkdir()
    (root / os.fsdecode(b"caf\xe9/1.png")).touch()
    collection = readers.read(root)
    assert collection.classes == ("a", "b")
    assert [(row.source, row.reason) for row in collection.refused] == [("caf\\xe9", "its name is not UTF-8; rename it")]


def test_system_folders_are_not_classes(tmp_path: Path) -> None:
    collection = readers.read(
        files(tmp_path, "train/cat/1.png", "train/dog/1.png", "train/@eaDir/x", "test/cat/1.png", "test/.git/x")
    )
    assert (collection.classes, collection.skipped) == (("cat", "dog"), 2)


def test_arrays_beside_class_folders(tmp_path: Path) -> None:
    root = files(tmp_path, "cat/1.png", "dog/1.png", "features.npy", "x.mat", "notes.npz")
    assert [row.source for row in readers.read(root).refused] == ["features.npy", "notes.npz", "x.mat"]
    np.savez(root / "notes.npz", images=IMAGES, labels=LABELS)
    with pytest.raises(
        DarkroomError,
        match="arrays: images and labels, and a folder per class: 2 folders: name the arrays in params.yaml, or move one away",
    ):
        readers.read(root)


def test_a_catalog_entry_names_the_classes_of_folders(tmp_path: Path) -> None:
    root = files(tmp_path, "cat/1.png", "dog/1.png")
    collection = readers.read(root, ("dog", "cat"))
    assert (summary(collection), collection.items["label"].tolist()) == (
        [("cat/1.png", "cat", ""), ("dog/1.png", "dog", "")],
        [1, 0],
    )
    with pytest.raises(DarkroomError, match="the classes are cat, dog, the catalog entry names dog, cow"):
        readers.read(root, ("dog", "cow"))


def test_idx_is_read(tmp_path: Path) -> None:
    for stem in ("train", "t10k"):
        (tmp_path / f"{stem}-images-idx3-ubyte").write_bytes(as_idx(IMAGES))
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(as_idx(LABELS))
    collection = readers.read(tmp_path, ("a", "b"))
    assert np.array_equal(collection.images[6], IMAGES[2])
    assert collection.items["source"].tolist()[-1] == "train-images-idx3-ubyte#3"
    assert collection.items["label"].tolist() == [*LABELS, *LABELS]
    assert collection.items["split"].tolist() == ["test"] * 4 + ["train"] * 4


def test_gzipped_idx(tmp_path: Path) -> None:
    (tmp_path / "emnist-letters-train-images-idx3-ubyte.gz").write_bytes(gzip.compress(as_idx(IMAGES)))
    (tmp_path / "emnist-letters-train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(as_idx(LABELS)))
    assert np.array_equal(readers.read(tmp_path).images[1], IMAGES[1])
    (tmp_path / "emnist-letters-train-images-idx3-ubyte.gz").write_bytes(gzip.compress(as_idx(IMAGES))[:-9])
    with pytest.raises(DarkroomError, match="idx3-ubyte.gz: damaged or truncated .Compressed file ended"):
        readers.read(tmp_path)


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda content: content[:-1], "truncated or too long: 63 bytes, the header states 64"),
        (lambda content: content + b"x", "truncated or too long: 65 bytes, the header states 64"),
        (lambda content: b"PNG" + content, "not an IDX file of bytes with 3 dimensions"),
        (lambda content: b"", "not an IDX file of bytes with 3 dimensions"),
        (lambda content: content[:4] + b"\xff" * 12 + content[16:], "the header states 79228162458924105385300197391"),
    ],
)
def test_a_damaged_idx_is_refused(tmp_path: Path, damage, line: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(damage(as_idx(IMAGES)))
    with pytest.raises(DarkroomError, match=line):
        idx.read_array(path, 3)


@pytest.mark.parametrize(
    ("labels", "line"), [([1, 2, 0, 0], "labels 0..2, but the catalog entry names 2 classes"), ([1], "4 images but 1 labels")]
)
def test_labels_must_fit(tmp_path: Path, labels: list[int], line: str) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(as_idx(IMAGES))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(as_idx(np.array(labels)))
    with pytest.raises(DarkroomError, match=line):
        readers.read(tmp_path, ("a", "b"))


@pytest.mark.parametrize("pattern", [("x_{}", "y_{}"), ("{}_images", "{}_labels")])
def test_npz_of_keras_and_of_medmnist(tmp_path: Path, pattern: tuple[str, str]) -> None:
    arrays = {}
    for split, count in (("train", 4), ("val", 2), ("test", 1)):
        arrays[pattern[0].format(split)], arrays[pattern[1].format(split)] = IMAGES[:count], LABELS[:count, np.newaxis]
    np.savez_compressed(tmp_path / "m.npz", **arrays)
    collection = readers.read(tmp_path / "m.npz")
    assert collection.items["split"].tolist() == ["train"] * 4 + ["validation"] * 2 + ["test"]
    assert (collection.items["source"][5], collection.items["label"][5]) == (f"m.npz/{pattern[0].format('val')}#1", 0)
    assert np.array_equal(collection.images[6], IMAGES[0])
    assert readers.read(tmp_path).items.equals(collection.items)


def test_npy_pairs(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", IMAGES[..., np.newaxis])
    np.save(tmp_path / "labels.npy", LABELS)
    collection = readers.read(tmp_path)
    assert (collection.classes, collection.items["split"].unique().tolist()) == (("0", "1"), [""])
    assert collection.images[3].shape == (3, 4, 1)


@pytest.mark.parametrize(
    ("arrays", "line"),
    [
        (
            {"images": IMAGES / 255, "labels": LABELS},
            "images must be uint8 N x H x W, or N x H x W x 1 or 3, not float64",
        ),
        ({"images": np.zeros((4, 3, 4, 2), np.uint8), "labels": LABELS}, r"not uint8 \(4, 3, 4, 2\)"),
        ({"images": IMAGES, "labels": np.zeros((4, 14), int)}, r"labels must be one integer per image, not int64 \(4, 14\)"),
        ({"images": IMAGES, "labels": np.array(list("abcd"))}, "labels must be one integer per image, not <U1"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, "no images in it"),
        ({"images": IMAGES, "labels": LABELS - 1}, "labels -1..0, but labels count from 0"),
        ({"pictures": IMAGES, "labels": LABELS}, "no known arrays .* it has pictures.npy, labels.npy"),
        (
            {"images": IMAGES, "labels": LABELS, "x_train": IMAGES, "y_train": LABELS},
            "more than one pair of arrays for a split",
        ),
        ({"images": np.array([{}, {}]), "labels": LABELS}, "a damaged .npz .Object arrays cannot be loaded"),
    ],
)
def test_arrays_that_cannot_be_labelled_images_are_refused(tmp_path: Path, arrays, line: str) -> None:
    np.savez(tmp_path / "m.npz", **arrays)
    with pytest.raises(DarkroomError, match=line):
        readers.read(tmp_path / "m.npz")


def npz_of(header: bytes, member: str = "images.npy") -> bytes:
    """An .npz of two members, the first with `header` as its content."""
    good = io.BytesIO()
    np.save(good, LABELS)
    with zipfile.ZipFile(stream := io.BytesIO(), "w") as archive:
        archive.writestr(member, header)
        archive.writestr("labels.npy", good.getvalue())
    return stream.getvalue()


def npy_of(header: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


DAMAGED = [
    b"",
    b"not a zip",
    b"PK\x03\x04" + b"\0" * 40,
    npz_of(npy_of("{'descr': '|u1', 'fortran_order': False, 'shape': (")),
    npz_of(npy_of("{[]: 1}\n")),
    npz_of(npy_of("{'descr': '|u1', 'fortran_order': False, 'shape': (100000, 100000, 78000), }\n")),
    npz_of(npy_of("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 5, 5), }\n")),
]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_npz_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(DarkroomError, match=r"m.npz: a damaged .npz"):
        readers.read(tmp_path)


@pytest.mark.parametrize("shape", ["(100000000000000000000, 5, 5)", "(-1, 5, 5)", "(4, 5"])
def test_a_damaged_npy_is_refused(tmp_path: Path, shape: str) -> None:
    (tmp_path / "images.npy").write_bytes(npy_of(f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n"))
    np.save(tmp_path / "labels.npy", LABELS)
    with pytest.raises(DarkroomError, match=r"images.npy: not a .npy file"):
        readers.read(tmp_path)


def test_a_member_of_an_npz_that_is_not_an_array_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.npz").write_bytes(npz_of(b"just text"))
    with pytest.raises(DarkroomError, match="m.npz: m.npz/images: not a NumPy array"):
        readers.read(tmp_path)


def test_an_npz_that_unpacks_to_far_more_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("darkroom.data.sources.bombs.MIN_LIMIT", 1000)
    np.savez_compressed(tmp_path / "m.npz", images=np.zeros((1000, 20, 20), np.uint8), labels=np.arange(1000) % 2)
    with pytest.raises(
        DarkroomError,
        match="m.npz: unpacks to more than [0-9,]+ bytes, like a decompression bomb; if you trust it, unpack it yourself",
    ):
        readers.read(tmp_path)


def test_an_absurd_number_of_classes_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", images=IMAGES[:2], labels=[0, 20_000_000])
    with pytest.raises(DarkroomError, match="labels 0..20000000, but labels count from 0 and are below 100,000"):
        readers.read(tmp_path)


def test_two_idx_files_for_one_split_are_refused(tmp_path: Path) -> None:
    for stem in ("emnist-letters-train", "train"):
        (tmp_path / f"{stem}-images-idx3-ubyte").write_bytes(as_idx(IMAGES))
        (tmp_path / f"{stem}-labels-idx1-ubyte").write_bytes(as_idx(LABELS))
    with pytest.raises(
        DarkroomError, match="several files for one split: emnist-letters-train-images-idx3-ubyte, train-images"
    ):
        readers.read(tmp_path)


def records(count: int, labels: int) -> np.ndarray:
    content = np.random.default_rng(0).integers(0, 256, (count, labels + 3072), np.uint8)
    content[:, :labels] = np.arange(count)[:, np.newaxis] % 2
    return content


def test_cifar_ten_and_hundred(tmp_path: Path) -> None:
    batch = records(6, 1)
    for name in ("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"):
        files(tmp_path, f"ten/{name}")
        (tmp_path / "ten" / name).write_bytes(batch.tobytes())
    (tmp_path / "ten" / "batches.meta.txt").write_text("airplane\nautomobile\n\n")
    collection = readers.read(tmp_path / "ten")
    assert (collection.classes, collection.items["split"].value_counts().to_dict()) == (
        ("airplane", "automobile"),
        {"train": 12, "test": 6},
    )
    assert np.array_equal(collection.images[7], batch[1, 1:].reshape(3, 32, 32).transpose(1, 2, 0))
    for name in ("train.bin", "test.bin"):
        files(tmp_path, f"hundred/{name}")
        (tmp_path / "hundred" / name).write_bytes(records(4, 2).tobytes())
    assert readers.read(tmp_path / "hundred").items["label"].tolist() == [0, 1] * 4
    (tmp_path / "hundred" / "test.bin").write_bytes(records(4, 2).tobytes()[:-1])
    with pytest.raises(
        DarkroomError, match=r"test.bin: truncated or too long: 12295 bytes are not a whole number of records of 3074 bytes"
    ):
        readers.read(tmp_path / "hundred")


def test_olivetti_faces(tmp_path: Path) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (4096, 20), np.uint8)
    savemat(tmp_path / "olivettifaces.mat", {"faces": faces})
    collection = readers.read(tmp_path)
    assert collection.items["label"].tolist() == [0] * 10 + [1] * 10
    assert np.array_equal(collection.images[3], faces[:, 3].reshape(64, 64).T)


def table(root: Path, name: str = "labels.csv", **columns: list[object]) -> Path:
    files(root, "img/a.png", "img/b.png", "img/c d.png")
    frame = pd.DataFrame({"File": ["img/a.png", "img/b.png", "img/c d.png"], "class": ["x", "y", "x"], **columns})
    path = root / name
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if name.endswith(".tsv") else ",")
    return path


@pytest.mark.parametrize("name", ["labels.csv", "labels.tsv", "labels.parquet", "LABELS.CSV"])
def test_a_table_in_every_format(tmp_path: Path, name: str) -> None:
    path = table(tmp_path, name, split=["train", "Val", "TEST"], patient=[7, 7, 8])
    collection = readers.read(path)
    assert summary(collection) == [("img/a.png", "x", "train"), ("img/b.png", "y", "validation"), ("img/c d.png", "x", "test")]
    assert collection.items["group"].tolist() == ["7", "7", "8"]
    assert "path from 'File', label from 'class', split from 'split', group from 'patient'" in collection.layout
    assert readers.read(tmp_path).items.equals(collection.items)


@pytest.mark.parametrize("separator", [";", "\t", ","])
def test_a_csv_with_another_separator(tmp_path: Path, separator: str) -> None:
    path = table(tmp_path)
    path.write_text(path.read_text().replace(",", separator))
    assert summary(readers.read(tmp_path)) == [("img/a.png", "x", ""), ("img/b.png", "y", ""), ("img/c d.png", "x", "")]


def test_whole_numbers_are_classes_in_a_table(tmp_path: Path) -> None:
    assert readers.read(table(tmp_path, "t.parquet", **{"class": [10, 9, 10]})).classes == ("9", "10")


def test_a_parquet_that_pandas_has_shuffled_and_indexed(tmp_path: Path) -> None:
    path = table(tmp_path, "t.parquet")
    frame = pd.read_parquet(path).assign(group=["p", None, "q"]).sample(frac=1, random_state=1)
    frame.rename(columns={"class": " class"}).set_index("File").to_parquet(path)
    collection = readers.read(path)
    assert summary(collection) == [("img/a.png", "x", ""), ("img/b.png", "y", ""), ("img/c d.png", "x", "")]
    assert collection.items["group"].tolist() == ["p", "", "q"]


def test_files_beside_a_table_are_counted(tmp_path: Path) -> None:
    table(tmp_path)
    files(tmp_path, "img/unnamed.png", "notes.txt")
    (tmp_path / "img" / "broken.png").symlink_to("nowhere")
    collection = readers.read(tmp_path)
    assert (collection.skipped, [(row.source, row.reason) for row in collection.refused]) == (
        2,
        [("img/broken.png", "a broken link")],
    )
    assert collection.layout.endswith("; files beside it that it does not name: 2")


def test_missing_files_of_a_table_go_to_the_ledger(tmp_path: Path) -> None:
    (tmp_path / "link.png").symlink_to("nowhere")
    for missing, reason in (("img/gone.png", "no such file"), ("link.png", "a broken link"), ("n" * 300, "file name too long")):
        collection = readers.read(table(tmp_path, File=["img/a.png", missing, "img"]))
        assert [(row.source, row.class_name, row.reason) for row in collection.refused] == [
            (missing, "y", reason),
            ("img", "x", "a folder, not a file"),
        ]


HOSTILE = {
    "empty": (b"", "not a readable table"),
    "heading only": (b"file,label\n", "no rows in it"),
    "binary": (bytes(range(256)) * 4, "not a readable table"),
    "utf-16": ("file,label\na,x\n".encode("utf-16"), "not a readable table"),
    "latin": (b"file,label\n\xe9.png,x\n", "not a readable table"),
    "no label": (b"file,size\na.png,3\n", "no column for label .known: label: label, class, .* it has file, size"),
    "no path": (b"label,size\nx,3\n", "no column for path"),
    "two paths": (b"file,image,label\na,b,x\n", "path could be 'file' or 'image': rename one of them"),
    "twice the same column": (b"file,file,label\na,b,x\n", "path could be 'file' or 'file'"),
    "outside": (
        b"file,label\nimg/a.png,x\n../../etc/passwd,y\n",
        "row 3: '../../etc/passwd': its path leads out of the table's folder",
    ),
    "absolute": (b"file,label\n/etc/passwd,x\n", "row 2: '/etc/passwd': its path leads out"),
    "nul": (b"file,label\nimg/a\0.png,x\n", "NUL|not a readable table"),
    "no value": (b"file,label\nimg/a.png,x\nimg/b.png,\n", "row 3: no label"),
    "no name": (b"file,label\n,x\n", "row 2: no path"),
    "short row": (b"file,label\nimg/a.png,x\nimg/b.png\n", "row 3: no label"),
    "long row": (b"file,label\nimg/a.png,x\nimg/b.png,y,z\n", "not a readable table"),
    "long rows": (b"file,label\nimg/a.png,x,1\nimg/b.png,y,z\n", "its rows have more fields than its heading"),
    "twice the same file": (
        b"file,label\nimg/a.png,x\nimg/./a.png,y\n",
        "row 3: 'img/a.png': this file is in the table twice",
    ),
    "unknown split": (b"file,label,split\nimg/a.png,x,train\nimg/b.png,y,holdout\n", "row 3: 'holdout': an unknown split"),
    "split for some": (
        b"file,label,split\nimg/a.png,x,train\nimg/b.png,y, \n",
        "row 3: no split, which other rows have: write train, val or test in all, or in none",
    ),
    "open quote": (b'file,label\n"img/a.png,x\nimg/b.png,y\n', "not a readable table|no label"),
    "nothing there": (b"file,label\nno.png,x\nnot.png,y\n", "row 2: 'no.png': no such file in .*, as for every other row$"),
    "a folder too many": (
        b"file,label\nphotos/img/a.png,x\nphotos/img/b.png,y\n",
        "row 2: 'photos/img/a.png': no such file in .*; leave out 'photos/'$",
    ),
    "backslashes": (b"file,label\nimg\\a.png,x\nimg\\b.png,y\n", r"row 2: .*; write / for each backslash$"),
}


@pytest.mark.parametrize("fault", HOSTILE)
def test_a_hostile_table_is_refused_with_one_line(tmp_path: Path, fault: str) -> None:
    content, line = HOSTILE[fault]
    table(tmp_path).write_bytes(content)
    with pytest.raises(DarkroomError, match=line) as refused:
        readers.read(tmp_path / "labels.csv")
    assert str(refused.value).startswith(f"{tmp_path}/labels.csv: ")
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ({"class": [[1], [2], [3]]}, "label: expected text or whole numbers"),
        ({"class": ["x", None, "y"]}, "row 2: no label"),
    ],
)
def test_a_hostile_parquet_is_refused(tmp_path: Path, columns: dict[str, list[object]], line: str) -> None:
    path = table(tmp_path, "t.parquet", **columns)
    with pytest.raises(DarkroomError, match=line):
        readers.read(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DarkroomError, match="t.parquet: not a readable table"):
        readers.read(path)


def test_two_tables_are_ambiguous(tmp_path: Path) -> None:
    table(tmp_path)
    table(tmp_path, "more.csv")
    with pytest.raises(
        DarkroomError, match="several tables of paths and labels: labels.csv, more.csv; name one of them in params.yaml"
    ):
        readers.read(tmp_path)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        *(("m.npz", "arrays.known_files"), ("m.npz", "bombs.check"), ("images.npy", "arrays.known_files")),
        *(("labels.csv", "columns.row_number"), ("labels.csv", "columns._cells"), ("labels.parquet", "columns._format")),
        ("train-images-idx3-ubyte.gz", "idx.of_arrays"),
    ],
)
def test_an_error_of_ours_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, function: str
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("a bug")

    np.savez(tmp_path / "m.npz", images=IMAGES, labels=LABELS) if name == "m.npz" else None
    if name.startswith("labels"):
        table(tmp_path, name, **{"class": ["x", "y", "" if "row" in function else "z"]})
    for stem, array in (("images", IMAGES), ("labels", LABELS)):
        if name == "images.npy":
            np.save(tmp_path / stem, array)
        if name.endswith(".gz"):
            (tmp_path / f"train-{stem}-idx{array.ndim}-ubyte.gz").write_bytes(gzip.compress(as_idx(array)))
    where = "darkroom.data.sources" if function.startswith("bombs") else "darkroom.data.sources.readers"
    monkeypatch.setattr(f"{where}.{function}", broken)
    with pytest.raises(ValueError, match="^a bug$"):
        readers.read(tmp_path)
