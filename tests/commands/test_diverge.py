"""Two weight traces: the same, different, of another network, longer."""

from pathlib import Path

import pandas as pd
import pytest

from darkroom.commands import diverge
from darkroom.core.errors import DarkroomError
from tests.conftest import WORKSPACE, Run
from tests.support import trainings

ROWS = [(epoch, tensor, f"{epoch}{tensor}") for epoch in (1, 2, 3) for tensor in ("kernel", "bias", "momentum")]


def trace(rows: list[tuple[int, str, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=diverge.COLUMNS)


def changed(*places: int) -> list[tuple[int, str, str]]:
    return [(epoch, tensor, "other" if at in places else sha) for at, (epoch, tensor, sha) in enumerate(ROWS)]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (ROWS, None),
        (changed(4, 5, 7), "they differ from epoch 2 on: 2 of 3 tensors, the first of them bias"),
        (changed(0), "they differ from epoch 1 on: 1 of 3 tensors, the first of them kernel"),
        (ROWS[:6], "the same for 2 epochs, then one continues to epoch 3"),
        ([(1, "gamma", "x"), *ROWS[1:]], "not the same network or optimizer: kernel and gamma"),
        ([*ROWS[:3], (1, "velocity", "x")], "not the same network or optimizer: 3 and 4 tensors"),
    ],
)
def test_the_first_difference_is_named(rows: list[tuple[int, str, str]], line: str | None) -> None:
    assert diverge.difference(trace(ROWS), trace(rows)) == line


def test_folders_are_compared_and_the_exit_code_tells(tmp_path: Path, run: Run) -> None:
    for name, rows in {"a": ROWS, "b": ROWS, "c": changed(8)}.items():
        (tmp_path / name).mkdir()
        trace(rows).to_csv(tmp_path / name / "trace.csv", index=False)
    a, b, c = (str(tmp_path / name) for name in "abc")
    same, different = run("darkroom", "diverge", a, b), run("darkroom", "diverge", a, c)
    assert (same.returncode, same.stdout) == (0, f"{a} and {b}: the same, 3 tensors in 3 epochs\n")
    line = f"{a} and {c}: they differ from epoch 3 on: 1 of 3 tensors, the first of them momentum\n"
    assert (different.returncode, different.stderr) == (1, line)


@pytest.mark.tensorflow
def test_two_seeds_differ_and_so_do_two_augmentations(project: Path) -> None:
    from tests.support.setups import train_here

    trainings.prepare()
    usual = WORKSPACE.params.read_text().replace("epochs: 8\n", "epochs: 2\n")
    for name, old, new in (("one", "", ""), ("seed", "seed: 0", "seed: 1"), ("shift", "p: 0.5}, MixUp", "p: 0.6}, MixUp")):
        assert old in usual
        WORKSPACE.params.write_text(usual.replace(old, new))
        train_here()
        Path("models/tiny").rename(f"models/{name}")
    for other in ("seed", "shift"):
        line = rf"^models/one and models/{other}: they differ from epoch 1 on: \d+ of \d+ tensors, the first of them conv2d/kernel$"
        with pytest.raises(DarkroomError, match=line):
            diverge.main(["models/one", f"models/{other}"])


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\xff\xfe", b'epoch\n"'])
def test_what_is_no_trace_is_one_line(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(DarkroomError, match=r"trace.csv: no such file; `dvc repro train@"):
        diverge.read(tmp_path)
    (tmp_path / "trace.csv").write_bytes(content)
    with pytest.raises(DarkroomError, match=r"trace.csv: not a trace"):
        diverge.read(tmp_path)
