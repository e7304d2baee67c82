"""Results of models that params.yaml no longer names are deleted, and nothing else."""

from pathlib import Path

import pytest

from darkroom.core.workspace import Workspace
from darkroom.reporting import stale_results

PER_MODEL = {
    **dict.fromkeys(("history", "layers", "confusion", "by_class", "predictions"), "csv"),
    **dict.fromkeys(("export", "verify", "quantize", "metrics", "evaluation"), "json"),
    "augmented": "png",
}


def test_a_renamed_model_leaves_nothing(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    for folder, suffix in PER_MODEL.items():
        (reports / folder).mkdir(parents=True)
        for name in (f"old.{suffix}", f"new.{suffix}", ".gitignore", f".hidden.{suffix}", f"My notes.{suffix}", "old.txt"):
            (reports / folder / name).touch()
    others = ("code/old.csv", "data/old.csv", "lr_finder/old.csv", "old.json")
    for name in others:
        (reports / name).parent.mkdir(exist_ok=True)
        (reports / name).touch()
    removed = stale_results.remove(Workspace(tmp_path, tmp_path, tmp_path / "params.yaml"), {"new"})
    assert removed == sorted(reports / folder / f"old.{suffix}" for folder, suffix in PER_MODEL.items())
    kept = [f"{folder}/{name}" for folder, suffix in PER_MODEL.items() for name in (f"new.{suffix}", ".gitignore")]
    kept += [
        f"{folder}/{name}" for folder, end in PER_MODEL.items() for name in (f".hidden.{end}", f"My notes.{end}", "old.txt")
    ]
    files = [file.relative_to(reports).as_posix() for file in reports.rglob("*") if file.is_file()]
    assert sorted(files) == sorted([*kept, *others])


def test_without_results_there_is_nothing_to_delete(tmp_path: Path) -> None:
    assert stale_results.remove(Workspace(tmp_path, tmp_path, tmp_path / "params.yaml"), {"new"}) == []


@pytest.mark.parametrize("root", [".", "ABSOLUTE", "LINK"])
@pytest.mark.parametrize("folder", [".", "ABSOLUTE", "LINK"])
@pytest.mark.parametrize(("params", "deleted"), [("trial.yaml", False), ("params.yaml", True)])
def test_other_parameters_leave_the_results_of_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str, folder: str, params: str, deleted: bool
) -> None:
    """However its path is spelled."""
    checkout, link = tmp_path / "checkout", tmp_path / "link"
    (checkout / "reports/history").mkdir(parents=True)
    link.symlink_to(checkout)
    monkeypatch.chdir(checkout)
    (checkout / "reports/history/old.csv").touch()
    spellings = {".": Path(), "ABSOLUTE": checkout, "LINK": link}
    stale_results.remove(Workspace(spellings[root], spellings[folder], Path(params)), {"new"})
    assert (checkout / "reports/history/old.csv").exists() is not deleted
