"""`darkroom recipe` lists, prints and writes; it never overwrites uncommitted changes, unless forced."""

import shutil
import subprocess
from pathlib import Path

import pytest

from darkroom.commands import recipe
from darkroom.config.recipe import compose
from darkroom.core.errors import DarkroomError
from tests.conftest import ROOT

PARAMS = Path("params.yaml")
FAST = compose(ROOT / "recipes/fast.yaml", ROOT / "params.yaml")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with dvc.yaml, params.yaml and the recipes; it becomes the working folder."""
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def committed(checkout: Path) -> Path:
    """The same as a Git repository without changes."""
    for words in (["init"], ["add", "."], ["-c", "user.name=n", "-c", "user.email=e", "commit", "-m", "m"]):
        subprocess.run(["git", *words], check=True, capture_output=True)
    return checkout


def test_without_a_name_the_recipes_are_listed(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe.main([])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["fast", "strong", "top", "top_gpu"]
    assert lines[0] == "fast     A first result: one small network, the whole pipeline in two minutes on two cores."


def test_a_recipe_is_printed(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe.main(["fast"])
    assert capsys.readouterr().out == FAST
    assert PARAMS.read_text() == (ROOT / "params.yaml").read_text()


def test_a_recipe_is_written_from_any_folder_of_the_checkout(committed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("recipes")
    recipe.main(["fast", "--write"])
    assert (committed / "params.yaml").read_text() == FAST


def test_changes_that_git_does_not_have_are_kept(committed: Path) -> None:
    changed = PARAMS.read_text().replace("seed: 0", "seed: 1")
    PARAMS.write_text(changed)
    with pytest.raises(
        DarkroomError, match=r"^params.yaml: it has uncommitted changes; commit them, or overwrite them with --force"
    ):
        recipe.main(["fast", "--write"])
    assert PARAMS.read_text() == changed
    recipe.main(["fast", "--write", "--force"])
    assert PARAMS.read_text() == FAST.replace("seed: 0", "seed: 1")


@pytest.mark.parametrize("ignored", ["", "params.yaml\n"])
def test_a_file_that_git_does_not_know_is_kept(ignored: str, checkout: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], check=True)
    Path(".gitignore").write_text(ignored)
    with pytest.raises(DarkroomError, match="uncommitted changes"):
        recipe.main(["fast", "--write"])


def test_without_git_the_file_is_kept(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(checkout.parent))
    with pytest.raises(
        DarkroomError, match=r"^params.yaml: not in a Git repository, so the old file would be lost; --force overwrites it$"
    ):
        recipe.main(["fast", "--write"])
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DarkroomError, match=r"^params.yaml: Git is not installed, so the old file would be lost"):
        recipe.main(["fast", "--write"])
    assert PARAMS.read_text() == (ROOT / "params.yaml").read_text()


def test_an_unknown_name_has_the_nearest(checkout: Path) -> None:
    with pytest.raises(DarkroomError, match=r"^strang: no such recipe; did you mean strong\?$"):
        recipe.main(["strang"])


def test_write_needs_a_name(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        recipe.main(["--write"])
    assert "--write needs the NAME of a recipe" in capsys.readouterr().err
