"""Results of models that params.yaml no longer names are deleted, and nothing else."""

from pathlib import Path

from darkroom.core.workspace import Workspace
from darkroom.reporting import strays

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
    removed = strays.remove(Workspace(tmp_path, tmp_path, tmp_path / "params.yaml"), {"new"})
    assert removed == sorted(reports / folder / f"old.{suffix}" for folder, suffix in PER_MODEL.items())
    kept = [f"{folder}/{name}" for folder, suffix in PER_MODEL.items() for name in (f"new.{suffix}", ".gitignore")]
    kept += [f"{folder}/{name}" for folder, it in PER_MODEL.items() for name in (f".hidden.{it}", f"My notes.{it}", "old.txt")]
    files = [file.relative_to(reports).as_posix() for file in reports.rglob("*") if file.is_file()]
    assert sorted(files) == sorted([*kept, *others])


def test_without_results_there_is_nothing_to_delete(tmp_path: Path) -> None:
    assert strays.remove(Workspace(tmp_path, tmp_path, tmp_path / "params.yaml"), {"new"}) == []


def test_other_parameters_leave_the_results_of_the_checkout(tmp_path: Path) -> None:
    (tmp_path / "reports/history").mkdir(parents=True)
    (tmp_path / "reports/history/old.csv").touch()
    assert strays.remove(Workspace(tmp_path, tmp_path, tmp_path / "trial.yaml"), {"new"}) == []
    assert (tmp_path / "reports/history/old.csv").exists()
