"""params.yaml and the catalog load as DVC reads them, frozen, without TensorFlow; a value knows its place in the file."""

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
def test_what_albumentations_takes_passes(call: str, tmp_path: Path) -> None:
    settings = config.load_file(written(tmp_path, PARAMS.replace("HorizontalFlip: {p: 0.5}", call)))
    assert settings.models["tiny"].augment[0].plain().keys() == {call.split(":")[0]}


def test_numbers_are_read_as_dvc_reads_them(tmp_path: Path) -> None:
    assert config.load_file(written(tmp_path, PARAMS.replace("1.0e-5", "1e-5"))).verify.largest_difference == 1e-5


def test_params_are_frozen_to_the_bottom(tmp_path: Path) -> None:
    settings = config.load_file(written(tmp_path))
    with pytest.raises(TypeError):
        settings.models["tiny"].layers[0].arguments["filters"] = 9  # type: ignore[index]
    with pytest.raises(ValueError, match="frozen"):
        settings.seed = 1


def test_a_place_knows_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path)
    monkeypatch.chdir(tmp_path)
    place = config.load(Workspace.at()).models["tiny"].place
    assert str(place.at("layers", 1)) == "params.yaml:10: models.tiny.layers[1]"
    assert str(place.at("augment", 0, "HorizontalFlip")) == "params.yaml:11: models.tiny.augment[0].HorizontalFlip"
    assert str(place.at("fit", "optimizer", "Adam")) == "params.yaml:15: models.tiny.fit.optimizer.Adam"


def test_an_unknown_model_names_those_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_an_unknown_catalog_entry_names_the_nearest(project: Path) -> None:
    line = r"^params.yaml: dataset: data/catalog/mnst.yaml: no such catalog entry; did you mean data/catalog/mnist.yaml\?$"
    with pytest.raises(DarkroomError, match=line):
        config.catalog_entry("data/catalog/mnst.yaml", Workspace.at())


def test_the_repositorys_own_files_are_sound(project: Path) -> None:
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
