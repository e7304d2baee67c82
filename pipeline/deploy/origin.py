"""Where an ONNX file comes from: all that dvc.yaml declares its train and export to depend on, hashed as dvc.lock has it.

So a file says, years later, from which data, parameters, code and environment it was made, and whether a checkout is the one.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import Refusal
from pipeline.params import source

STAGES = ("train", "export")
IGNORED = "__pycache__"  # as .dvcignore has it

Plain = dict[str, Any]


def declared(model: str, root: Path = Path()) -> Plain:
    """`deps`, each with the MD5 that DVC would write down, and `params`, each with its value, of the files as they lie here."""
    deps, params = _declarations(source.read(root / "dvc.yaml").values["stages"], model)
    values = source.read(root / "params.yaml").values
    return {
        "deps": {path: digest(root / path) for path in sorted(deps)},
        "params": {name: _value(values, name) for name in sorted(params)},
    }


def locked(model: str, root: Path) -> Plain:
    """The same as dvc.lock has it, and `outs`: the MD5 of all that export and quantize wrote."""
    stages = source.read(root / "dvc.lock").values.get("stages") or {}
    found: Plain = {"deps": {}, "params": {}}
    for stage in STAGES:
        entry = stages.get(f"{stage}@{model}", {})
        found["deps"] |= {dep["path"]: dep["md5"] for dep in entry.get("deps", [])}
        found["params"] |= entry.get("params", {}).get("params.yaml", {})
    written = [out for stage in ("export", "quantize") for out in stages.get(f"{stage}@{model}", {}).get("outs", [])]
    return {**found, "outs": {out["path"]: out["md5"] for out in written}}


def differences(ours: Plain, theirs: Plain) -> Iterator[str]:
    """A line for each parameter and each dependency that differs."""
    for name in sorted(ours["params"].keys() | theirs["params"].keys()):
        yield from _told(name, ours["params"].get(name), theirs["params"].get(name))
    for path in sorted(ours["deps"].keys() | theirs["deps"].keys()):
        one, other = (known["deps"].get(path, "absent")[:8] for known in (ours, theirs))
        if one != other:
            yield f"{path}: {one} in the file, {other} in dvc.lock"


def digest(path: Path) -> str:
    """The MD5 of a file, or DVC's of a folder: that of the JSON list of its files' MD5."""
    if not path.exists():
        raise Refusal(f"{path}: no such file; dvc.yaml declares it")
    if path.is_file():
        return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    files = sorted(file for file in path.rglob("*") if file.is_file() and IGNORED not in file.parts)
    rows = [{"md5": digest(file), "relpath": file.relative_to(path).as_posix()} for file in files]
    text = json.dumps(sorted(rows, key=lambda row: row["relpath"]), sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() + ".dir"


def _declarations(stages: Mapping[str, Any], model: str) -> tuple[set[str], set[str]]:
    deps: set[str] = set()
    params: set[str] = set()
    for stage in STAGES:
        entry = stages[stage]["do"]
        deps |= {path.replace("${key}", model) for path in entry["deps"]}
        params |= {name.replace("${key}", model) for name in entry["params"]}
    return deps, params


def _value(values: Any, name: str) -> Any:
    for key in name.split("."):
        values = values[key]
    return values


def _told(name: str, one: Any, other: Any) -> Iterator[str]:
    """Mappings and lists are told by the entry that differs."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted(one.keys() | other.keys()):
            yield from _told(f"{name}.{key}", one.get(key), other.get(key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (item, twin) in enumerate(zip(one, other, strict=True)):
            yield from _told(f"{name}[{place}]", item, twin)
    elif one != other:
        yield f"{name}: {_shown(one)} in the file, {_shown(other)} in dvc.lock"


def _shown(value: Any) -> str:
    text = "absent" if value is None else json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
