"""The provenance of an ONNX file: all dependencies that dvc.yaml declares for train and export, with digests as in dvc.lock.

Years later, the file still records the data, parameters, code and environment that it was made from, and can be compared with
the dvc.lock of a checkout.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from darkroom.core import artifacts, digests, dvc_files, yaml_source
from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace
from darkroom.inference.metadata import Metadata

STAGES = ("train", "export")
SIDES = ("in the file", "in dvc.lock")


def of_workspace(model: str, params: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """`deps`: MD5 digests of the declared files as they are now; `params`: the declared values of params.yaml."""
    return asdict(dvc_files.declared(STAGES, model, params, workspace))


def compare(content: bytes, metadata: Metadata, name: str, checkout: Path) -> str:
    """Returns a line to confirm that `content` is the file that the dvc.lock of `checkout` records.

    `metadata` is the file's own, `name` its name in messages. Raises DarkroomError, with a line for each difference, if it is
    another file.
    """
    workspace = Workspace(checkout, checkout, checkout / "params.yaml")
    lock = yaml_source.read(workspace.dvc_lock).values
    outs = {out["path"]: out["md5"] for out in (lock.get("stages") or {}).get(f"publish@{metadata.model}", {}).get("outs", [])}
    path = workspace.onnx(metadata.model).relative_to(checkout).as_posix()
    if path not in outs:
        raise DarkroomError(f"{workspace.dvc_lock}: no stage publish@{metadata.model}")
    stage = "export" if metadata.precision == "float32" else "quantize"
    if _is_published(content, metadata, workspace, outs):
        return f"{name} is the file that {stage}@{metadata.model} of {workspace.dvc_lock} wrote"
    ours = Dependencies(metadata.origin["deps"], metadata.origin["params"])
    theirs = dvc_files.locked(STAGES, metadata.model, lock)
    lines = list(dvc_files.differences(ours, theirs, SIDES))
    if not lines:
        lines = [
            "the provenance is identical but the bytes differ: the file was changed afterwards, or made on another machine"
        ]
    problem = f"{name}: not the file that {stage}@{metadata.model} of {workspace.dvc_lock} wrote"
    raise DarkroomError(problem, *lines)


def _is_published(content: bytes, metadata: Metadata, workspace: Workspace, outs: Mapping[str, str]) -> bool:
    """Whether `outs`, MD5 by path, has the bytes; for a quantized file, the report of quantize that has their SHA-256."""
    if metadata.precision == "float32":
        return digests.md5(content) == outs[workspace.onnx(metadata.model).relative_to(workspace.root).as_posix()]
    report = workspace.report(metadata.model, "quantize")
    locked = outs.get(report.relative_to(workspace.root).as_posix())
    if not report.is_file() or digests.md5(report.read_bytes()) != locked:
        raise DarkroomError(f"{report}: not the report that dvc.lock records; a quantized file is checked against it")
    row = artifacts.read_json(report).get(metadata.precision, {})
    return bool(row.get("sha256") == digests.sha256(content))
