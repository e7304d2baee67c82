"""Where an ONNX file comes from: all that dvc.yaml declares its train and export to depend on, hashed as dvc.lock has it.

So a file says, years later, from which data, parameters, code and environment it was made, and whether a checkout is the one.
"""

from collections.abc import Iterator
from pathlib import Path

from pipeline import declared
from pipeline.declared import Plain
from pipeline.params import source

STAGES = ("train", "export")
NAMES = ("in the file", "in dvc.lock")


def here(model: str, root: Path = Path()) -> Plain:
    """`deps`, each with its MD5, and `params`, each with its value, of the files as they lie here."""
    return declared.declared(STAGES, model, root)


def locked(model: str, root: Path) -> Plain:
    """The same as dvc.lock has it, and `outs`: the MD5 of all that export and quantize wrote."""
    stages = source.read(root / "dvc.lock").values.get("stages") or {}
    written = [out for stage in ("export", "quantize") for out in stages.get(f"{stage}@{model}", {}).get("outs", [])]
    return {**declared.locked(STAGES, model, root), "outs": {out["path"]: out["md5"] for out in written}}


def differences(ours: Plain, theirs: Plain) -> Iterator[str]:
    """A line for each parameter and each dependency that differs between a file's origin and a dvc.lock."""
    return declared.differences(ours, theirs, NAMES)
