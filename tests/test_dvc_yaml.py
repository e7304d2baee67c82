"""dvc.yaml against the code: for each stage the code dependencies, the parameters and the outputs."""

import ast
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from darkroom.config.schema import Params
from darkroom.core import paths
from tests.conftest import ROOT
from tests.support.wiring import closure

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
KEY = "${key}"
OUTS = {
    "download": [paths.RAW],
    "preprocess": [paths.PREPARED, paths.DATA_SUMMARY, paths.LEDGER, paths.DUPLICATES],
    "train": [paths.keras(KEY), paths.trace(KEY), paths.history(KEY), paths.layers(KEY), paths.augmented(KEY)],
    "export": [paths.reference(KEY), paths.onnx(KEY), paths.exported(KEY)],
    "verify": [paths.verdict(KEY)],
    "quantize": [paths.compact(KEY), paths.quantized(KEY)],
    "evaluate": [paths.predictions(KEY), paths.confusion(KEY), paths.by_class(KEY), paths.metrics(KEY)],
    "report": [paths.PAGE],
}


def stage(name: str) -> dict[str, Any]:
    entry: dict[str, Any] = STAGES[name]
    return {**entry, **entry.get("do", {})}


def names(entries: list[Any]) -> list[str]:
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def test_the_stages_are_these() -> None:
    assert list(STAGES) == list(OUTS)


@pytest.mark.parametrize("name", OUTS)
def test_code_dependencies_are_the_import_closure(name: str) -> None:
    listed: list[str] = []
    for dependency in names(stage(name)["deps"]):
        if dependency.startswith("pipeline"):
            place = ROOT / dependency
            listed += [str(file.relative_to(ROOT)) for file in ([place] if place.is_file() else place.rglob("*.py"))]
    needed = set(closure(name)) | (set(closure("train")) if name == "export" else set())
    assert sorted(set(listed) - {"pipeline/params/__main__.py"}) == sorted(needed)


def test_export_depends_on_all_that_train_depends_on() -> None:
    """Its file says from what it was trained: a change that leaves the trained model alone must reach the file too."""
    assert set(names(stage("train")["deps"])) <= set(names(stage("export")["deps"]))
    assert set(stage("train")["params"]) <= set(stage("export")["params"])


@pytest.mark.parametrize("name", OUTS)
def test_outputs_are_what_paths_names(name: str) -> None:
    entry = stage(name)
    assert names(entry.get("outs", []) + entry.get("metrics", [])) == [str(path) for path in OUTS[name]]


@pytest.mark.parametrize("name", OUTS)
def test_params_are_the_sections_that_the_stage_reads(name: str) -> None:
    tree = ast.parse((ROOT / "pipeline" / f"{name}.py").read_text())
    read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_settings(node.value)}
    sections = {section for section in read if section in Params.model_fields} | ({"models"} if "model" in read else set())
    declared = {parameter.split(".")[0] for parameter in stage(name)["params"]}
    # export, verify, quantize and evaluate ask for the model only to refuse an unknown name
    assert sections - declared <= ({"models"} if name in ("export", "verify", "quantize", "evaluate") else set())
    assert declared - sections == ({"models", "training"} - sections if name == "export" else set())


def _is_settings(node: ast.expr) -> bool:
    return ast.unparse(node) in ("settings", "params.load()")


@pytest.mark.parametrize("name", OUTS)
def test_every_stage_says_what_it_does_and_has_help(name: str) -> None:
    assert len(stage(name)["desc"]) > 10
    doc = ast.get_docstring(ast.parse((ROOT / "pipeline" / f"{name}.py").read_text())) or ""
    assert all(word in doc for word in ("Reads", "Writes", "Run", f"python -m pipeline.{name}"))


def test_every_dependency_on_a_file_exists_or_is_made_by_a_stage() -> None:
    made = [Path(out) for name in OUTS for out in names(stage(name).get("outs", []) + stage(name).get("metrics", []))]
    for name in OUTS:
        for dependency in names(stage(name)["deps"]):
            path = Path(dependency.replace("${dataset}", "params.yaml"))
            assert (ROOT / path).exists() or any(path == out or path in out.parents or out in path.parents for out in made), (
                path
            )
