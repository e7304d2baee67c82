"""Where an ONNX file comes from: all that dvc.yaml declares its train and export to depend on, hashed as dvc.lock has it.

So a file says, years later, from which data, parameters, code and environment it was made, and whether a checkout is the one.
"""

from collections.abc import Iterator
from pathlib import Path

from darkroom.core import dvc_files, yaml_source
from darkroom.core.dvc_files import Plain

STAGES = ("train", "export")
NAMES = ("in the file", "in dvc.lock")


def here(model: str, root: Path = Path()) -> Plain:
    """`deps`, each with its MD5, and `params`, each with its value, of the files as they lie here."""
    return dvc_files.declared(STAGES, model, root)


def locked(model: str, root: Path) -> Plain:
    """The same as dvc.lock has it, and `outs`: the MD5 of all that export and quantize wrote."""
    stages = yaml_source.read(root / "dvc.lock").values.get("stages") or {}
    written = [out for stage in ("export", "quantize") for out in stages.get(f"{stage}@{model}", {}).get("outs", [])]
    return {**dvc_files.locked(STAGES, model, root), "outs": {out["path"]: out["md5"] for out in written}}


def differences(ours: Plain, theirs: Plain) -> Iterator[str]:
    """A line for each parameter and each dependency that differs between a file's origin and a dvc.lock."""
    return dvc_files.differences(ours, theirs, NAMES)
