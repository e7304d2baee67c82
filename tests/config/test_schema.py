"""params.yaml and the catalog load as DVC reads them, frozen and without TensorFlow; values have their place in the file."""

import re
from pathlib import Path

import pytest

from darkroom import config
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from tests.conftest import ROOT
from tests.support.params import PARAMS


def written(folder: Path, text: str = PARAMS) -> Path:
    (folder / "params.yaml").write_text(text)
    return folder / "params.yaml"


@pytest.mark.parametrize(
    "call", ["Affine: {translate_px: {x: [-2, 2], y: [0, 0]}}", "CropAndPad: {px: [1, 1, 1, 1]}", "Affine: {rotate: 3}"]
)
def test_arguments_that_albumentations_accepts_pass(call: str, tmp_path: Path) -> None:
    settings = config.load_file(written(tmp_path, PARAMS.replace("HorizontalFlip: {p: 0.5}", call)))
    assert settings.models["tiny"].augment[0].plain().keys() == {call.split(":")[0]}


def test_numbers_are_read_as_dvc_reads_them(tmp_path: Path) -> None:
    assert config.load_file(written(tmp_path, PARAMS.replace("1.0e-5", "1e-5"))).verify.largest_difference == 1e-5


def test_params_are_frozen_at_every_level(tmp_path: Path) -> None:
    settings = config.load_file(written(tmp_path))
    with pytest.raises(TypeError):
        settings.models["tiny"].layers[0].arguments["filters"] = 9  # type: ignore[index]
    with pytest.raises(ValueError, match="frozen"):
        settings.seed = 1


def test_a_place_has_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path)
    monkeypatch.chdir(tmp_path)
    place = config.load(Workspace.at()).models["tiny"].place
    assert str(place.at("layers", 1)) == "params.yaml:10: models.tiny.layers[1]"
    assert str(place.at("augment", 0, "HorizontalFlip")) == "params.yaml:11: models.tiny.augment[0].HorizontalFlip"
    assert str(place.at("fit", "optimizer", "Adam")) == "params.yaml:15: models.tiny.fit.optimizer.Adam"


def test_the_error_for_an_unknown_model_names_the_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DarkroomError, match=r"^params.yaml:6: models.tin: no such model; there are tiny$"):
        config.load(Workspace.at()).model("tin")


def test_a_mistake_in_a_catalog_entry_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text((ROOT / "data/catalog/mnist.yaml").read_text().replace("- url:", "- ulr:"))
    with pytest.raises(DarkroomError, match=r"sources\[0\].ulr: no such key; did you mean url\?$") as refused:
        config.catalog_entry(str(path), Workspace.at())
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        *(
            ("homepage", value, "")
            for value in ("javascript:alert(1)", "file:///etc/passwd", "https://", "ftp://a", "http://a b", "http://[x/y")
        ),
        *(
            ("folder", value, "a folder inside the package is needed: a relative path without `..`")
            for value in ("/etc", "usr/../../../../etc", "..")
        ),
    ],
)
def test_an_entry_names_web_pages_and_folders_of_its_package_only(key: str, value: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    lines = (ROOT / "data/catalog/fashion-mnist.yaml").read_text().splitlines()
    (number,) = [number for number, line in enumerate(lines) if f"{key}:" in line]
    lines[number] = f"{lines[number].split(':')[0]}: '{value}'"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(DarkroomError) as refused:
        config.catalog_entry(str(path), Workspace.at())
    assert str(refused.value).startswith(f"{path}:{number + 1}: ") and value in str(refused.value)
    assert "\n" not in str(refused.value) and reason in str(refused.value)


def test_an_archive_of_a_catalog_entry_is_its_only_file(tmp_path: Path) -> None:
    path, checksum = tmp_path / "r.yaml", 64 * "a"
    text = (ROOT / "data/catalog/cifar10.yaml").read_text()
    path.write_text(re.sub("(?m)^files:.*", f"files:\n  labels.csv: {checksum}", text))
    line = r"^.*/r.yaml:9: files.cifar-10-binary.tar.gz: an archive is unpacked into a folder of its own: it must be the only file$"
    with pytest.raises(DarkroomError, match=line):
        config.catalog_entry(str(path), Workspace.at())
    path.write_text(text)
    assert len(config.catalog_entry(str(path), Workspace.at()).files) == 1


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("cifar10", "; did you mean data/catalog/cifar10.yaml?"),
        ("mnst.yaml", "; did you mean data/catalog/mnist.yaml?"),
        ("photos", ""),
    ],
)
def test_a_dataset_that_does_not_exist_has_the_nearest_catalog_entry(name: str, advice: str) -> None:
    with pytest.raises(DarkroomError) as refused:
        config.local_data(name, Workspace.at())
    assert str(refused.value) == f"{name}: no such file or folder{advice}"


def test_an_unknown_catalog_entry_names_the_nearest(project: Path) -> None:
    line = r"^params.yaml: dataset: data/catalog/mnst.yaml: no such catalog entry; did you mean data/catalog/mnist.yaml\?$"
    with pytest.raises(DarkroomError, match=line):
        config.catalog_entry("data/catalog/mnst.yaml", Workspace.at())


def test_the_repositorys_own_files_are_valid(project: Path) -> None:
    workspace = Workspace.at()
    assert list(config.load(workspace).models) == ["ann", "classical", "cnn"]
    entries = [f"data/catalog/{path.name}" for path in workspace.catalog.glob("*.yaml")]
    assert all(len(config.catalog_entry(entry, workspace).classes) > 1 for entry in entries)


def test_a_dataset_is_a_catalog_entry_by_its_suffix() -> None:
    assert [config.is_catalog_entry(name) for name in ("a.yaml", "a.YML", "a", "a.csv")] == [True, True, False, False]


def test_the_check_imports_no_tensorflow(project: Path, run) -> None:
    Path("check.py").write_text(
        "import sys\n"
        "from darkroom.commands import check\n"
        "check.main([])\n"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)\n"
    )
    checked = run("check")
    assert (checked.stdout, checked.returncode) == ("params.yaml is valid: Fashion-MNIST; models ann, classical, cnn\n", 0)
