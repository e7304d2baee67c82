"""recipes/: each composes a valid params.yaml that differs only in what the recipe says; its header says what was measured."""

import difflib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from darkroom import config
from darkroom.config import recipe
from darkroom.core import yaml_source
from darkroom.core.errors import DarkroomError
from tests.conftest import ROOT

PARAMS = ROOT / "params.yaml"
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))
DIFFERENT = {  # all that a recipe changes besides its models
    "fast": {},
    "strong": {},
    "top": {"preprocess": {"validation": 0.05}, "training": {"precision": "mixed_bfloat16"}},
    "top_gpu": {"training": {"backend": "jax", "precision": "mixed_bfloat16", "workers": 8}},
}
each_recipe = pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)


def values(text: str) -> dict[str, Any]:
    return yaml_source.parse(text, "text").values


def composed(folder: Path, params: str, changes: str) -> str:
    """The result of `compose` for two texts."""
    (folder / "params.yaml").write_text(params)
    (folder / "r.yaml").write_text(changes)
    return recipe.compose(folder / "r.yaml", folder / "params.yaml")


@pytest.fixture
def any_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets params.yaml hold keys that the schema does not have."""
    monkeypatch.setattr(config, "checked", lambda source, schema: None)


@each_recipe
def test_a_recipe_composes_a_valid_file_that_differs_in_what_it_says(path: Path, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(recipe.compose(path, PARAMS))
    result, default = config.load_file(tmp_path / "params.yaml"), config.load_file(PARAMS)
    different = {
        section: {
            key: value
            for key, value in dict(getattr(result, section)).items()
            if value != getattr(getattr(default, section), key)
        }
        for section in ("image", "preprocess", "training", "export", "verify", "quantize", "evaluate", "report")
    }
    assert {section: keys for section, keys in different.items() if keys} == DIFFERENT[path.stem]
    assert (result.seed, result.dataset) == (default.seed, default.dataset)
    assert list(result.models) == list(values(path.read_text())["models"])


@each_recipe
def test_a_recipe_says_only_what_differs(path: Path) -> None:
    changes = values(path.read_text())
    assert {section: keys for section, keys in changes.items() if section != "models"} == DIFFERENT[path.stem]


@each_recipe
def test_the_rest_of_params_yaml_is_unchanged_including_comments(path: Path) -> None:
    default, result = (
        re.sub(r"(?ms)^models:\n.*?(?=\n\nexport:)", "models:", text).splitlines()
        for text in (PARAMS.read_text(), recipe.compose(path, PARAMS))
    )
    changed = [line for line in difflib.ndiff(default, result) if line[0] in "+-"]
    keys = [key for section in DIFFERENT[path.stem].values() for key in section]
    assert sorted(re.findall(r"\w+", line)[0] for line in changed) == sorted([*keys, *keys])


@each_recipe
def test_a_new_key_in_params_yaml_touches_no_recipe(path: Path, tmp_path: Path, any_keys: None) -> None:
    new = re.sub(r"(?m)^(?!models)\w+:( +#.*)?$", "\\g<0>\n  new: 1   # new", PARAMS.read_text())
    params = f"{new}another: {{new: 1}}\n"
    result = composed(tmp_path, params, path.read_text())
    assert keys(values(result), "models") == keys(values(params), "models")
    assert result.count("  new: 1   # new\n") == params.count("  new: 1   # new\n") == 5


def keys(tree: Mapping[str, Any], *without: str) -> set[tuple[str, ...]]:
    """The paths of all keys of a tree."""
    inner = {
        (key, *path) for key, value in tree.items() if key not in without and isinstance(value, Mapping) for path in keys(value)
    }
    return inner | {(key,) for key in tree}


@pytest.mark.parametrize(
    ("params", "changes", "result"),
    [
        ("a: 1   # one\nb: 2\n", "a: 3\n", "a: 3   # one\nb: 2\n"),
        ("a: 1   # one\nb: 2\n", "a: 3 # three\n", "a: 3 # three\nb: 2\n"),
        ("a: {b: 1, c: [2, 3]} # both\n", "a: {c: [4]}\n", "a: {b: 1, c: [4]} # both\n"),
        ("a: {b: 1, c: 2} # both\n", "a:\n  b: 3 # three\n", "a: {b: 3, c: 2} # both\n"),
        (
            "a:\n    b: 1\n    c: []\n\n# next\nd: 4\n",
            "a:\n  c:\n    - e: 1\n",
            "a:\n    b: 1\n    c:\n      - e: 1\n\n# next\nd: 4\n",
        ),
        ("a:\n  - 1\n  - 2   # two\n  # last\n\n# next\nd: 4\n", "a: []\n", "a: []\n  # last\n\n# next\nd: 4\n"),
        (
            "models: # all\n  one: {a: 1}\n  two: {a: 2} # 2\n\nz: 0\n",
            "models:\n  three: {b: 3}   # 3\n",
            "models:\n  three: {b: 3}   # 3\n\nz: 0\n",
        ),
        ("a: 1", "a: 2", "a: 2"),
        ("a:\nb: ü\n", "a: ä\nb: ß\n", "a: ä\nb: ß\n"),
    ],
)
def test_values_are_replaced_in_the_text(params: str, changes: str, result: str, tmp_path: Path, any_keys: None) -> None:
    assert composed(tmp_path, params, changes) == result


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ("training:\n  precison: float32\n", "r.yaml:2: training.precison: no such key; did you mean precision?"),
        ("seed: 1\nmodel: {}\n", "r.yaml:2: model: no such key; did you mean models?"),
        (
            "training: {precision: float8}\n",
            "r.yaml composed with {folder}/params.yaml:21: training.precision: 'float8': input should be",
        ),
        ("models: {}\n", "r.yaml composed with {folder}/params.yaml:26: models: {{}}: at least one is needed"),
        ("# nothing\n", "r.yaml:1: the file is empty; it must hold a mapping of sections"),
        ("seed: 1\nseed: 2\n", 'r.yaml:2: found duplicate key "seed"'),
    ],
)
def test_a_mistake_in_a_recipe_is_one_line(changes: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(DarkroomError, match=re.escape(f"{tmp_path}/{line.format(folder=tmp_path)}")) as refused:
        composed(tmp_path, PARAMS.read_text(), changes)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("params", "changes", "line"),
    [("a: &one 1\nb: *one\n", "b: 2\n", "params.yaml:2: *one: "), ("b: 1\n", "b: [&one 1, *one]\n", "r.yaml:1: *one: ")],
)
def test_aliases_are_refused(params: str, changes: str, line: str, tmp_path: Path, any_keys: None) -> None:
    with pytest.raises(DarkroomError, match=re.escape(f"{tmp_path}/{line}")):
        composed(tmp_path, params, changes)


def header(path: Path) -> str:
    """The header comment of a recipe, as one line."""
    lines = path.read_text().split("\n\n")[0].splitlines()
    assert all(line.startswith("# ") for line in lines)
    return " ".join(line.removeprefix("# ") for line in lines)


def measured(path: Path) -> dict[str, Any] | None:
    """The results of a recipe's benchmark; None if it was not run."""
    table = ROOT / "benchmarks" / "recipes" / f"{path.stem}.json"
    return json.loads(table.read_text()) if table.exists() else None


@each_recipe
def test_a_header_says_how_to_run_it_and_what_was_measured(path: Path) -> None:
    text, benchmark = header(path), measured(path)
    assert f"darkroom recipe {path.stem} --write && dvc repro" in text
    if benchmark is None:
        assert "Not measured yet" in text
        return
    rows = benchmark["rows"]
    last = [row for row in rows if row[0] == rows[-1][0]][-1]
    assert f"test accuracy {last[2]}" in text
    assert f"{last[4]} s inside fit" in text
    seeds = [row[1] for row in rows if row[0] == rows[-1][0] and row[1].isdigit()]
    assert f"seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}" in text
    assert benchmark["machine"] in text


@each_recipe
def test_the_docs_say_what_was_measured(path: Path) -> None:
    (row,) = (line for line in (ROOT / "docs/tuning.md").read_text().splitlines() if line.startswith(f"| `{path.stem}` |"))
    benchmark = measured(path)
    assert (benchmark["rows"][-1][2] if benchmark else "not measured yet") in row
