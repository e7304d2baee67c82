"""What dvc.yaml declares a stage to depend on, as the files lie here, and as dvc.lock has it from the last run."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from darkroom.core import yaml_source
from darkroom.core.errors import DarkroomError

IGNORED = "__pycache__"  # as .dvcignore has it

Plain = dict[str, Any]


def declared(stages: Sequence[str], model: str, root: Path = Path()) -> Plain:
    """`deps`, each with the MD5 that DVC would write down, and `params`, each with its value, of all `stages` of a model."""
    deps, params = _declarations(yaml_source.read(root / "dvc.yaml").values["stages"], stages, model)
    values = yaml_source.read(root / "params.yaml").values
    return {
        "deps": {path: digest(root / path) for path in sorted(deps)},
        "params": {name: _value(values, name) for name in sorted(params)},
    }


def locked(stages: Sequence[str], model: str, root: Path = Path()) -> Plain:
    """The same as dvc.lock has it."""
    entries = yaml_source.read(root / "dvc.lock").values.get("stages") or {}
    found: Plain = {"deps": {}, "params": {}}
    for stage in stages:
        entry = entries.get(f"{stage}@{model}", {})
        found["deps"] |= {dep["path"]: dep["md5"] for dep in entry.get("deps", [])}
        found["params"] |= entry.get("params", {}).get("params.yaml", {})
    return found


def differences(one: Plain, other: Plain, names: tuple[str, str]) -> Iterator[str]:
    """A line for each parameter and each dependency that differs; `names` say what the two are."""
    for name in sorted(one["params"].keys() | other["params"].keys()):
        yield from _told(name, one["params"].get(name), other["params"].get(name), names)
    for path in sorted(one["deps"].keys() | other["deps"].keys()):
        first, second = (known["deps"].get(path, "absent")[:8] for known in (one, other))
        if first != second:
            yield f"{path}: {first} {names[0]}, {second} {names[1]}"


def digest(path: Path) -> str:
    """The MD5 of a file, or DVC's of a folder: that of the JSON list of its files' MD5."""
    if not path.exists():
        raise DarkroomError(f"{path}: no such file; dvc.yaml declares it")
    if path.is_file():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, _md5).hexdigest()
    files = sorted(file for file in path.rglob("*") if file.is_file() and IGNORED not in file.parts)
    rows = [{"md5": digest(file), "relpath": file.relative_to(path).as_posix()} for file in files]
    text = json.dumps(sorted(rows, key=lambda row: row["relpath"]), sort_keys=True)
    return _md5(text.encode()).hexdigest() + ".dir"


def _md5(content: bytes = b"") -> "hashlib._Hash":
    return hashlib.md5(content, usedforsecurity=False)


def _declarations(entries: Mapping[str, Any], stages: Sequence[str], model: str) -> tuple[set[str], set[str]]:
    deps: set[str] = set()
    params: set[str] = set()
    for stage in stages:
        entry = entries[stage]["do"]
        deps |= {path.replace("${key}", model) for path in entry["deps"]}
        params |= {name.replace("${key}", model) for name in entry["params"]}
    return deps, params


def _value(values: Any, name: str) -> Any:
    for key in name.split("."):
        values = values[key]
    return values


def _told(name: str, one: Any, other: Any, names: tuple[str, str]) -> Iterator[str]:
    """Mappings and lists are told by the entry that differs."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted(one.keys() | other.keys()):
            yield from _told(f"{name}.{key}", one.get(key), other.get(key), names)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (item, twin) in enumerate(zip(one, other, strict=True)):
            yield from _told(f"{name}[{place}]", item, twin, names)
    elif one != other:
        yield f"{name}: {_shown(one)} {names[0]}, {_shown(other)} {names[1]}"


def _shown(value: Any) -> str:
    text = "absent" if value is None else json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
