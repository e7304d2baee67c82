"""The dependencies of a stage: as dvc.yaml declares them, with their current digests, and as dvc.lock recorded them.

Stages use this module instead of DVC's API, which takes a second to import, writes to DVC's own database and covers only the
checkout, whereas a stage may run in another workspace. `darkroom why` does use that API: it explains what DVC would do. Tests
compare the digests computed here with DVC's.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darkroom.core import digests, fingerprint, yaml_source
from darkroom.core.errors import DarkroomError
from darkroom.core.workspace import Workspace


@dataclass(frozen=True)
class Dependencies:
    """`deps`: the digest of each file and folder, by its path in dvc.yaml; `params`: the value of each parameter, by name."""

    deps: dict[str, str]
    params: dict[str, Any]


def declared(stages: Sequence[str], model: str, params: Mapping[str, Any], workspace: Workspace) -> Dependencies:
    """What dvc.yaml declares for all `stages` of a model, with MD5 digests as DVC computes them.

    `params` are the values in params.yaml. The digest of a fingerprint is computed from the current code, not from its file.
    """
    definitions = yaml_source.read(workspace.dvc_yaml).values["stages"]
    entries = [definitions[stage]["do"] for stage in stages]
    paths = {path.replace("${key}", model) for entry in entries for path in entry["deps"]}
    names = {name.replace("${key}", model) for entry in entries for name in entry["params"]}
    return Dependencies(
        {path: _current(path, workspace) for path in sorted(paths)},
        {name: _value(params, name) for name in sorted(names)},
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
    """The MD5 of a file, or DVC's digest of a folder: the MD5 of the JSON list of its files and their MD5, and `.dir`.

    Unlike DVC, it includes files that .dvcignore excludes. Raises DarkroomError if there is no such file or folder.
    """
    if not path.exists():
        raise DarkroomError(f"{path}: no such file, but dvc.yaml declares it as a dependency")
    if path.is_file():
        return digests.of_file(path, "md5")
    files = {file.relative_to(path).as_posix(): file for file in path.rglob("*") if file.is_file()}
    rows = [{"md5": digests.of_file(file, "md5"), "relpath": name} for name, file in sorted(files.items())]
    return digests.md5(json.dumps(rows, sort_keys=True).encode()) + ".dir"


def code_digest(rows: fingerprint.Rows) -> str:
    """The MD5 of the file that holds a fingerprint."""
    return digests.md5(fingerprint.to_csv(rows).encode())


def _current(path: str, workspace: Workspace) -> str:
    """The digest of a dependency: data, models and reports are in the workspace's folder, everything else in the checkout."""
    for stage in fingerprint.stages(workspace.root):
        if workspace.root / path == workspace.code(stage):
            return code_digest(fingerprint.rows(stage, workspace.root))
    in_workspace = workspace.folder / path
    return digest(in_workspace if in_workspace.exists() else workspace.root / path)


def _value(values: Any, name: str) -> Any:
    for key in name.split("."):
        values = values[key]
    return values


def _value_differences(name: str, one: object, other: object, names: tuple[str, str]) -> Iterator[str]:
    """A line for each value that differs; for mappings and lists of equal length, only the entries that differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted(one.keys() | other.keys()):
            yield from _value_differences(f"{name}.{key}", one.get(key), other.get(key), names)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for position, (first, second) in enumerate(zip(one, other, strict=True)):
            yield from _value_differences(f"{name}[{position}]", first, second, names)
    elif one != other:
        yield f"{name}: {_short(one)} {names[0]}, {_short(other)} {names[1]}"


def _short(value: object) -> str:
    text = "absent" if value is None else json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
