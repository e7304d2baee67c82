"""The dependencies of a stage: those that dvc.yaml declares, with their current digests, and those that dvc.lock recorded."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkroom.core import fingerprint, yaml_source
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace

IGNORED = "__pycache__"  # as in .dvcignore


@dataclass(frozen=True)
class Dependencies:
    """`deps`: the digest of each file and folder by its path in dvc.yaml; `params`: the value of each parameter by its name."""

    deps: dict[str, str]
    params: dict[str, Any]


def declared(stages: Sequence[str], model: str, workspace: Workspace) -> Dependencies:
    """What dvc.yaml declares for all `stages` of a model, with MD5 digests as DVC computes them.

    The digest of a fingerprint is computed from the current code, whatever is in its file.
    """
    entries = [yaml_source.read(workspace.dvc_yaml).values["stages"][stage]["do"] for stage in stages]
    paths = {path.replace("${key}", model) for entry in entries for path in entry["deps"]}
    names = {name.replace("${key}", model) for entry in entries for name in entry["params"]}
    values = yaml_source.read(workspace.params).values
    return Dependencies(
        {path: _digest_of_dependency(path, workspace) for path in sorted(paths)},
        {name: _value(values, name) for name in sorted(names)},
    )


def locked(stages: Sequence[str], model: str, lock: Mapping[str, Any]) -> Dependencies:
    """What `lock`, the parsed dvc.lock, recorded for all `stages` of a model."""
    entries = [(lock.get("stages") or {}).get(f"{stage}@{model}", {}) for stage in stages]
    return Dependencies(
        {dep["path"]: dep["md5"] for entry in entries for dep in entry.get("deps", [])},
        {name: value for entry in entries for name, value in entry.get("params", {}).get("params.yaml", {}).items()},
    )


def differences(one: Dependencies, other: Dependencies, names: tuple[str, str]) -> Iterator[str]:
    """A line for each parameter and each dependency that differs; `names` label the two sides."""
    for name in sorted(one.params.keys() | other.params.keys()):
        yield from _value_differences(name, one.params.get(name), other.params.get(name), names)
    for path in sorted(one.deps.keys() | other.deps.keys()):
        first, second = (side.deps.get(path, "absent")[:8] for side in (one, other))
        if first != second:
            yield f"{path}: {first} {names[0]}, {second} {names[1]}"


def digest(path: Path) -> str:
    """The MD5 of a file, or DVC's digest of a folder: the MD5 of the JSON list of its files and their MD5, and `.dir`."""
    if not path.exists():
        raise DarkroomError(f"{path}: no such file; dvc.yaml declares it")
    if path.is_file():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    files = sorted(file for file in path.rglob("*") if file.is_file() and IGNORED not in file.parts)
    rows = [{"md5": digest(file), "relpath": file.relative_to(path).as_posix()} for file in files]
    text = json.dumps(sorted(rows, key=lambda row: row["relpath"]), sort_keys=True)
    return md5(text.encode()) + ".dir"


def _digest_of_dependency(path: str, workspace: Workspace) -> str:
    """Data, models and reports are in the workspace's folder, everything else in the checkout."""
    for stage in fingerprint.stages(workspace.root):
        if workspace.root / path == workspace.code(stage):
            return md5(fingerprint.to_csv(fingerprint.rows(stage, workspace.root)).encode())
    own = workspace.folder / path
    return digest(own if own.exists() else workspace.root / path)


def md5(content: bytes) -> str:
    """The MD5 of a file with this content, in hexadecimal, as DVC computes it."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _value(values: Any, name: str) -> Any:
    for key in name.split("."):
        values = values[key]
    return values


def _value_differences(name: str, one: Any, other: Any, names: tuple[str, str]) -> Iterator[str]:
    """A line for each value that differs; of mappings and lists only the entries that differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted(one.keys() | other.keys()):
            yield from _value_differences(f"{name}.{key}", one.get(key), other.get(key), names)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for position, (item, twin) in enumerate(zip(one, other, strict=True)):
            yield from _value_differences(f"{name}[{position}]", item, twin, names)
    elif one != other:
        yield f"{name}: {_short(one)} {names[0]}, {_short(other)} {names[1]}"


def _short(value: Any) -> str:
    text = "absent" if value is None else json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
