"""dvc.yaml against the code: for each stage its fingerprint, its parameters and its outputs."""

import ast
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from darkroom.config.schema import Params
from darkroom.core import fingerprint
from darkroom.core.workspace import BENCHMARKS, Workspace
from tests.conftest import ROOT

STAGES = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
KEY = "${key}"
IN = Workspace(Path(), Path(), Path("params.yaml"))
CODE = [name for name in STAGES if name != "fingerprint"]
OUTS = {
    "fingerprint": [IN.code(name) for name in CODE],
    "download": [IN.raw],
    "preprocess": [IN.prepared, IN.data_summary, IN.ledger, IN.duplicates],
    "train": [IN.keras(KEY), IN.weight_trace(KEY), IN.history(KEY), IN.layers(KEY), IN.augmented(KEY)],
    "export": [IN.reference(KEY), IN.candidate(KEY), IN.candidate_report(KEY, "export")],
    "verify": [IN.candidate_report(KEY, "verify")],
    "quantize": [IN.candidate_quantized(KEY), IN.candidate_report(KEY, "quantize")],
    "publish": [IN.onnx(KEY), IN.quantized(KEY), *(IN.report(KEY, stage) for stage in ("export", "verify", "quantize"))],
    "evaluate": [IN.evaluation(KEY), IN.confusion(KEY), IN.by_class(KEY), IN.metrics(KEY), IN.predictions(KEY)],
    "report": [IN.page, IN.accuracy],
}


def stage(name: str) -> dict[str, Any]:
    entry: dict[str, Any] = STAGES[name]
    return {**entry, **entry.get("do", {})}


def names(entries: list[Any]) -> list[str]:
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def outs(name: str) -> list[str]:
    entry = stage(name)
    return names([*entry.get("outs", []), *entry.get("metrics", []), *entry.get("plots", [])])


def cached(name: str) -> list[bool]:
    """Of each output that is neither a metric nor a plot, whether DVC caches it."""
    entries = stage(name).get("outs", [])
    return [isinstance(entry, str) or next(iter(entry.values())).get("cache", True) for entry in entries]


def test_the_stages_are_these() -> None:
    assert list(STAGES) == list(OUTS)
    assert sorted(CODE) == fingerprint.stages(ROOT)


def test_the_file_is_short() -> None:
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) <= 200


@pytest.mark.parametrize("name", CODE)
def test_a_stage_depends_on_its_fingerprint_and_the_lock_and_on_no_source_file(name: str) -> None:
    deps = names(stage(name)["deps"])
    assert {f"reports/code/{name}.csv", "requirements.txt"} <= set(deps)
    assert [dep for dep in deps if dep.startswith(("darkroom", "pipeline"))] == []


def test_the_fingerprint_depends_on_the_sources_and_is_not_always_changed() -> None:
    assert stage("fingerprint")["deps"] == ["darkroom", "pipeline"]
    assert "always_changed" not in stage("fingerprint")


def test_export_depends_on_all_that_train_depends_on() -> None:
    """Its file says from what it was trained: a change that leaves the trained model alone must reach the file too."""
    assert set(names(stage("train")["deps"])) <= set(names(stage("export")["deps"]))
    assert set(stage("train")["params"]) <= set(stage("export")["params"])


@pytest.mark.parametrize("name", OUTS)
def test_outputs_are_what_the_workspace_names(name: str) -> None:
    assert outs(name) == [str(path) for path in OUTS[name]]


@pytest.mark.parametrize("name", ["train", "export", "verify", "quantize"])
def test_costly_stages_come_back_from_the_run_cache(name: str) -> None:
    """DVC saves a run only if all outputs that are no plots or metrics are cached."""
    assert all(cached(name))


def test_the_report_reads_the_benchmarks_that_the_workspace_names() -> None:
    deps = [dep for dep in names(stage("report")["deps"]) if dep.startswith("benchmarks/")]
    assert deps == sorted(str(IN.benchmark(name)) for name in BENCHMARKS)


@pytest.mark.parametrize("name", CODE)
def test_params_are_the_sections_that_the_stage_reads(name: str) -> None:
    modules = [module for module in fingerprint.rows(name, ROOT) if "/" not in module]
    read = {section for module in modules for section in sections(module)}
    declared = {parameter.split(".")[0] for parameter in stage(name).get("params", [])}
    # export, verify, quantize and evaluate ask for the model only to refuse an unknown name
    assert read - declared <= ({"models"} if name in ("export", "verify", "quantize", "publish", "evaluate") else set())
    assert declared - read == ({"models", "training"} - read if name == "export" else set())


def sections(module: str) -> set[str]:
    """The sections of params.yaml that a module reads."""
    path = ROOT / module.replace(".", "/")
    tree = ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text())
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    read = {node.attr for node in attributes if ast.unparse(node.value) in ("settings", "config.load(workspace)")}
    return {section for section in read if section in Params.model_fields} | ({"models"} if "model" in read else set())


@pytest.mark.parametrize("name", OUTS)
def test_every_stage_says_what_it_does(name: str) -> None:
    assert len(stage(name)["desc"]) > 10
    doc = ast.get_docstring(ast.parse((ROOT / "pipeline" / f"{name}.py").read_text())) or ""
    assert all(word in doc for word in ("Reads", "Writes", "Run", f"python -m pipeline.{name}"))


def test_every_dependency_on_a_file_exists_or_is_the_output_of_a_stage() -> None:
    outputs = [Path(out) for name in OUTS for out in outs(name)]
    for name in OUTS:
        for dependency in names(stage(name)["deps"]):
            path = Path(dependency.replace("${dataset}", "params.yaml"))
            related = any(path == out or path in out.parents or out in path.parents for out in outputs)
            assert (ROOT / path).exists() or related, path
