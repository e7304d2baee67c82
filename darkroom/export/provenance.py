"""Where an ONNX file comes from: all that dvc.yaml declares its train and export to depend on, with digests as in dvc.lock.

So a file says, years later, from which data, parameters, code and environment it was made, and whether a checkout is the one.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from darkroom.core import artifacts, dvc_files, yaml_source
from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.inference.metadata import Metadata

STAGES = ("train", "export")
NAMES = ("in the file", "in dvc.lock")


def here(model: str, workspace: Workspace) -> dict[str, Any]:
    """`deps`, each with its MD5, and `params`, each with its value, of the files of a workspace as they are now."""
    return asdict(dvc_files.declared(STAGES, model, workspace))


def compare(content: bytes, model: Metadata, name: str, checkout: Path) -> str:
    """Says that `content`, a file called `name` with the metadata `model`, is the checkout's own.

    Raises DarkroomError, a line for each difference, where it is not.
    """
    workspace = Workspace(checkout, checkout, checkout / "params.yaml")
    lock = yaml_source.read(workspace.dvc_lock).values
    outs = {out["path"]: out["md5"] for out in (lock.get("stages") or {}).get(f"publish@{model.model}", {}).get("outs", [])}
    path = workspace.onnx(model.model).relative_to(checkout).as_posix()
    if path not in outs:
        raise DarkroomError(f"{workspace.dvc_lock}: no publish of a model called {model.model}")
    stage = "export" if model.precision == "float32" else "quantize"
    if _is_published(content, model, workspace, outs):
        return f"{name} is the file that {stage}@{model.model} of {workspace.dvc_lock} wrote"
    ours, theirs = Dependencies(model.origin["deps"], model.origin["params"]), dvc_files.locked(STAGES, model.model, lock)
    lines = list(dvc_files.differences(ours, theirs, NAMES))
    if not lines:
        lines = ["its origin is the same to the last value, but not its bytes: changed afterwards, or another machine's run"]
    raise DarkroomError("\n".join([f"{name}: not the file that {stage}@{model.model} of {workspace.dvc_lock} wrote", *lines]))


def _is_published(content: bytes, model: Metadata, workspace: Workspace, outs: Mapping[str, str]) -> bool:
    """dvc.lock has the MD5 of an exported file, and of the report that has the SHA-256 of a smaller one."""
    if model.precision == "float32":
        return dvc_files.md5(content) == outs[workspace.onnx(model.model).relative_to(workspace.root).as_posix()]
    report = workspace.report(model.model, "quantize")
    locked = outs.get(report.relative_to(workspace.root).as_posix())
    if not report.is_file() or dvc_files.md5(report.read_bytes()) != locked:
        raise DarkroomError(f"{report}: not the report of the dvc.lock beside it, which a smaller file is held to")
    row = artifacts.read_json(report).get(model.precision, {})
    return bool(row.get("sha256") == hashlib.sha256(content).hexdigest())
