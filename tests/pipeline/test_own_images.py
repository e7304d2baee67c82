"""A folder of images of every odd kind, from `dataset:` to prepared arrays: every file is in the ledger, none is changed."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster

from darkroom.commands import check
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.data import dask_cluster
from darkroom.data.shards import Shards
from pipeline import download, preprocess
from tests.conftest import HANGS_S, ROOT, Run
from tests.support import image_folder as own_images
from tests.support.encoders import saved

pytestmark = pytest.mark.processes
HERE = Workspace(Path(), Path(), Path("params.yaml"))  # the working folder, which is the project
IMAGE = "{height: 24, width: 32, channels: 3, shape: pad, interpolation: area, background: [0, 0, 0], max_pixels: 100_000_000}"


def use(dataset: str, **values: str) -> None:
    """params.yaml of the smoke test, for this data set, of which half of the files may be refused."""
    text = (ROOT / "tests" / "smoke.yaml").read_text()
    text = text.replace("dataset: data/catalog/digits.yaml", f"dataset: {dataset}").replace("refused: 0.05", "refused: 0.5")
    text = text.replace("workers: null", "workers: 1")  # few processes, unless a test asks for more
    lines = [f"image: {IMAGE}" if line.startswith("image:") else line for line in text.splitlines()]
    text = "\n".join(lines) + "\n"
    for key, value in values.items():
        (old,) = [line for line in lines if line.strip().startswith(f"{key}:")]
        text = text.replace(old, old.split(":")[0] + f": {value}")
    Path("params.yaml").write_text(text)


def prepare() -> None:
    """Runs the first two stages."""
    download.main([])
    preprocess.main([])


def refused() -> str:
    """The error of preprocess, after download has succeeded."""
    download.main([])
    with pytest.raises(DarkroomError) as error:
        preprocess.main([])
    assert len(str(error.value).splitlines()) == 1
    return str(error.value)


def table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, lineterminator="\n")


def by_source() -> dict[str, tuple[str, str]]:
    """The class and the hash of the prepared pixels of every image."""
    index = table(HERE.index)
    return {row[0]: (row[1], row[2]) for row in zip(index["source"], index["class"], index["sha256"], strict=True)}


def splits_of(*names: str) -> dict[str, list[str]]:
    index = table(HERE.index)
    return {split: sorted(rows) for split, rows in index.groupby("split")["source"]}


def test_any_number_of_unreadable_files_goes_to_the_ledger(project: Path) -> None:
    """More than fit in a task, and a line that `crop` would enlarge beyond the limit."""
    images = random_images(60, 2)
    images["c0/line.png"] = np.zeros((1, 20_000, 3), np.uint8)
    write(project / "photos", images)
    for number in range(150):
        (project / "photos" / "c0" / f".{number}.txt").with_name(f"0 {number}.txt").write_text("text")
    use("photos", refused="0.8", image="{height: 224, width: 224, channels: 3, shape: crop, interpolation: area, "
        "background: [0, 0, 0], max_pixels: 100_000_000}")  # fmt: skip
    prepare()
    rows = table(HERE.ledger)
    assert rows["action"].tolist() == ["refused"] * 151
    assert rows.loc[rows["source"] == "c0/line.png", "reason"].str.startswith("too narrow").all()
    for name in images:
        (project / "photos" / name).write_text("text")
    assert refused().startswith("params.yaml:9: preprocess.refused: 211 of 211 files cannot be used (100.0 %, ")
    assert len(table(HERE.ledger)) == 213  # and a row for each class


@pytest.fixture
def folder(project: Path) -> Path:
    own_images.write_folder(project / "photos")
    return project / "photos"


def test_every_file_is_in_the_ledger_or_the_index_and_none_is_changed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, files = own_images.digest(folder), own_images.odd_files()
    use("photos")
    prepare()
    assert own_images.digest(folder) == before
    assert "empty: a class without an image; left out" in capsys.readouterr().out
    ledger = {row["source"]: row for row in table(HERE.ledger).to_dict("records")}
    readable = {name for name, file in files.items() if file.pixels is not None}
    assert by_source().keys() == readable
    assert {name for name, row in ledger.items() if row["action"] == "converted"} == {
        name for name in readable if files[name].notes
    }
    for name, file in files.items():
        if file.notes:
            assert ledger[name]["reason"] == "; ".join(file.notes)
            assert ledger[name]["class"] == name.split("/")[0]
    others = {name: row["reason"] for name, row in ledger.items() if name not in files}
    assert others == {
        "": "a class without an image",
        "plain/broken.png": "a broken link",
        "plain/loop": "a link to a folder; it is not followed",
        "read me.txt": "in no class folder",
    }
    summary = json.loads(HERE.data_summary.read_text())
    assert summary["classes"] == list(own_images.CLASSES)
    refused = len(files) - len(readable) + 3
    assert {key: summary["files"][key] for key in ("used", "refused", "skipped")} == {
        "used": len(readable),
        "refused": refused,
        "skipped": 2,
    }
    assert sum(sum(classes.values()) for classes in summary["refused"].values()) == refused
    assert len(json.loads(HERE.previews.read_text())["converted"]) == 24


def test_a_table_a_zip_and_split_folders_give_the_same(folder: Path, project: Path) -> None:
    files = own_images.odd_files()
    use("photos")
    prepare()
    plain, drawn = by_source(), splits_of()
    zipped = project / "photos.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for name, file in files.items():
            archive.writestr(f"photos/{name}", file.content)
        archive.mkdir("photos/empty")
    use("photos.zip")
    prepare()
    assert (by_source(), splits_of()) == (plain, drawn)
    assert not list(Path("data").glob("unpacked*"))
    chosen = own_images.split_of(files)
    use(str(own_images.as_table(folder, files, chosen)))
    prepare()
    assert by_source() == plain
    existing = splits_of()
    assert existing == {
        split: sorted(name for name in plain if chosen[name] == short)
        for split, short in (("train", "train"), ("validation", "val"), ("test", "test"))
    }
    own_images.as_split_folders(folder, project / "split", chosen)
    use("split")
    prepare()
    assert {name.split("/", 1)[1]: value for name, value in by_source().items()} == plain
    assert {split: sorted(name.split("/", 1)[1] for name in names) for split, names in splits_of().items()} == existing


def digests() -> dict[str, str]:
    return own_images.digest_of_files(HERE.prepared) | own_images.digest_of_files(Path("reports/data"))


def test_workers_a_locale_and_a_dask_cluster_change_no_byte(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    use("photos", workers="1")
    prepare()
    alone = digests()
    use("photos", workers="3")
    for stage in ("download", "preprocess"):
        ended = run(f"pipeline.{stage}", LC_ALL="C")
        assert ended.returncode == 0, ended.stderr
    assert digests() == alone
    ended = run("pipeline.preprocess", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert ended.stderr == "photos: file names are read as ascii here; set PYTHONUTF8=1\n"
    monkeypatch.setattr(dask_cluster, "CONNECT_TIMEOUT_S", HANGS_S)
    with LocalCluster(n_workers=2, threads_per_worker=3, dashboard_address=None) as cluster:
        use("photos", executor=cluster.scheduler_address)
        prepare()
    assert digests() == alone
    monkeypatch.setattr(dask_cluster, "CONNECT_TIMEOUT_S", 1)
    line = f"params.yaml:12: preprocess.executor: {cluster.scheduler_address}: no Dask scheduler answers"
    with pytest.raises(DarkroomError, match=f"^{line}"):
        preprocess.main([])


TINY_DISK = "mount -t tmpfs -o size=64k none disk"  # visible to this process and its children only
MAY_MOUNT = (
    subprocess.run(["unshare", "-Urm", "true"], capture_output=True).returncode == 0 if shutil.which("unshare") else False
)


@pytest.mark.skipif(not MAY_MOUNT, reason="this user may not mount a file system of its own")
def test_a_full_disk_is_one_line(project: Path) -> None:
    """A memory-mapped array would end the process with SIGBUS."""
    write(project / "photos", random_images(60, 2))  # 135 KiB, prepared
    use("photos")
    download.main([])
    (project / "disk").mkdir()
    stage = f"exec {sys.executable} -m pipeline.preprocess --workspace disk"
    script = f"{TINY_DISK} && mkdir -p disk/data && cp -r data/raw disk/data && ln -s ../photos disk/photos && {stage}"
    ended = subprocess.run(["unshare", "-Urm", "bash", "-c", script], capture_output=True, text=True, timeout=HANGS_S)
    assert (ended.returncode, ended.stderr) == (1, "write: No space left on device\n")


def test_a_changed_table_is_noticed(folder: Path) -> None:
    labels = own_images.as_table(folder, own_images.odd_files())
    before = labels.read_text(encoding="utf-8")
    for dataset in ("photos", "photos/labels.csv"):
        use(dataset)
        download.main([])
        labels.write_text(before.replace(',"plain"', ',"other"', 1), encoding="utf-8")
        with pytest.raises(DarkroomError, match="photos/labels.csv: changed since data/raw/manifest.csv was written"):
            preprocess.main([])
        labels.write_text(before, encoding="utf-8")


def test_too_many_refused_files_stop_the_stage_and_the_ledger_lists_them(folder: Path) -> None:
    use("photos", refused="0.05")
    assert refused().startswith(
        "params.yaml:9: preprocess.refused: 39 of 155 files cannot be used (25.2 %, the limit is 5 %): "
    )
    assert (table(HERE.ledger)["action"] == "refused").sum() == 39
    assert not HERE.prepared.exists()
    assert not HERE.prepared.with_name("prepared.part").exists()


def test_a_file_that_has_changed_since_the_manifest_is_refused(folder: Path) -> None:
    use("photos")
    download.main([])
    name = next(name for name, file in own_images.odd_files().items() if "plain PNG" in name)
    (folder / name).write_bytes((folder / name).read_bytes() + b"x")
    rerun = "run `dvc repro`, or `dvc repro --force download`"
    with pytest.raises(DarkroomError) as error:
        preprocess.main([])
    assert str(error.value) == f"photos/{name}: changed since data/raw/manifest.csv was written; {rerun}"


def test_files_that_would_stop_dvc_are_listed_by_check(folder: Path) -> None:
    use("photos")
    line = "photos/plain/broken.png: a broken link; DVC cannot track it: delete it, or list it in .dvcignore"
    with pytest.raises(DarkroomError, match=f"^{line}$"):
        check.main([])
    with Path(".dvcignore").open("a") as stream:
        stream.write("/photos/plain/broken.png\n")
    check.main([])
    use("no/such/folder")
    with pytest.raises(DarkroomError, match=r"^params.yaml:3: dataset: no/such/folder: no such file or folder$"):
        check.main([])


def random_images(count: int, classes: int) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(0)
    return {f"c{number % classes}/{number:03d}.png": draw.integers(0, 256, (12, 12, 3), np.uint8) for number in range(count)}


def write(root: Path, images: dict[str, np.ndarray]) -> None:
    for name, pixels in images.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(saved(pixels, "PNG"))


def test_copies_are_dropped_or_stop_the_stage(project: Path) -> None:
    images = random_images(60, 2)
    images["c0/copy.png"] = images["c0/000.png"]
    images["c1/other label.png"] = images["c0/002.png"]
    images["c0/mirror.png"] = images["c0/004.png"][:, ::-1]
    write(project / "photos", images)
    use("photos", duplicates="{policy: drop, similarity: 0.99}")
    prepare()
    rows = table(HERE.ledger)
    assert {row["source"]: (row["action"], row["reason"]) for row in rows.to_dict("records")} == {
        "c0/copy.png": ("dropped", "exact copy of c0/000.png"),
        "c0/mirror.png": ("dropped", "mirrored copy of c0/004.png"),
        "c1/other label.png": ("dropped", "exact copy of c0/002.png"),
    }
    assert json.loads(HERE.data_summary.read_text())["files"]["dropped"] == 3
    assert len(by_source()) == 60
    use("photos", duplicates="{policy: stop, similarity: null}")
    assert refused() == (
        "params.yaml:10: preprocess.duplicates.policy: stop: 4 images have a duplicate: c0/000.png and c0/copy.png (exact), "
        "c0/002.png and c1/other label.png (exact), c0/copy.png and c0/000.png (exact); reports/data/duplicates.csv lists all"
    )


def test_copies_are_reported_across_splits(project: Path) -> None:
    images = {f"{split}/{name}": pixels for split in ("train", "test") for name, pixels in random_images(40, 2).items()}
    for name in [name for name in images if name.startswith("test/") and not name.endswith("7.png")]:
        images[name] = 255 - images[name][::-1]
    write(project / "photos", images)
    use("photos")
    prepare()
    assert json.loads(HERE.data_summary.read_text())["duplicates"]["leaked"] == 4
    index = table(HERE.index)
    assert sorted(index.loc[index["flags"] == "leaked", "source"]) == [f"test/c1/0{tens}7.png" for tens in range(4)]
    rows = table(HERE.duplicates)
    assert len(rows) == 8
    assert set(zip(rows["kind"], rows["similarity"], strict=True)) == {("exact", 1.0)}
    assert len(Shards(HERE.split("test"))) == 40


def test_interrupted_work_leaves_the_prepared_data(folder: Path) -> None:
    use("photos")
    prepare()
    before = own_images.digest_of_files(HERE.prepared)
    use("photos", refused="0.0")
    assert "cannot be used" in refused()
    assert own_images.digest_of_files(HERE.prepared) == before
    assert set(os.listdir("data")) == {"catalog", "raw", "prepared"}
