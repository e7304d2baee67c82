"""YAML is parsed once: the values are those that DVC reads, and each key and item has its line."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from darkroom import config
from darkroom.core import yaml_source
from darkroom.core.errors import DarkroomError
from darkroom.core.yaml_source import KeyPath
from darkroom.export import provenance
from darkroom.launch import training_identity
from tests.conftest import ROOT, WORKSPACE

FILES = [ROOT / "params.yaml", ROOT / "dvc.yaml", ROOT / "dvc.lock", *sorted((ROOT / "recipes").glob("*.yaml"))]
ODD = """\
numbers: [1, -1, 0x1F, 0o17, 017, 1_000, 1e-5, 1.0e+3, .5, .inf, -.inf, 12e03]
words: [yes, no, on, off, true, False, null, ~, '', "é\\n\\u00e9", 1.2.3, 12:30:45, 2001-01-02, 2001-01-02T03:04:05Z]
blocks:
  folded: >-
    a
    b
  literal: |
    a
    b
base: &base {epochs: 3, rate: 0.1}
merged: {<<: *base, rate: 0.2}
twice: [*base, *base]
7: an integer key
true: a boolean key
? 2.5
: a float key
empty:
"""


@pytest.mark.parametrize("path", [*FILES, *sorted((ROOT / "data/catalog").glob("*.yaml"))], ids=lambda path: path.name)
def test_the_values_are_those_that_dvc_reads(path: Path) -> None:
    ours, theirs = yaml_source.read(path).values, YAML(typ="safe").load(path)
    assert (ours, repr(ours)) == (theirs, repr(theirs))  # repr: in the same order, and 1 is not 1.0


def test_unusual_values_are_those_that_dvc_reads() -> None:
    source, theirs = yaml_source.parse(ODD, "odd.yaml"), YAML(typ="safe").load(ODD)
    assert repr(source.values) == repr(theirs)
    places: list[KeyPath] = [
        ("numbers", 11),
        ("blocks", "literal"),
        ("merged", "rate"),
        ("merged", "epochs"),
        ("twice", 1, "rate"),
        (7,),
        (True,),
    ]
    assert [source.line(keys) for keys in places] == [1, 7, 11, 10, 10, 13, 14]
    assert [source.line(("empty",)), source.line(("empty", "inner")), source.line(("none",))] == [17, 17, 1]


def test_keys_and_items_have_the_line_on_which_they_begin() -> None:
    source = yaml_source.parse("# comment\n\na:\n  - b: 1\n    c: [2,\n     3]\n", "f.yaml")
    lines = {("a",): 3, ("a", 0): 4, ("a", 0, "b"): 4, ("a", 0, "c"): 5, ("a", 0, "c", 0): 5, ("a", 0, "c", 1): 6}
    assert source.lines == lines


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2\n", '2: found duplicate key "a" with value "2" (original value: "1"); each key may occur only once'),
        ("a: 1\nb: *c\n", "2: not valid YAML: found undefined alias 'c'"),
        ("a: !new 1\n", "1: not valid YAML: could not determine a constructor for the tag '!new'"),
        ("a: 1\n---\nb: 2\n", "2: not valid YAML: but found another document"),
        ("a: 2001-99-99\n", " not valid YAML: month must be in 1..12"),
        ("a: \x07\n", " not valid YAML: unacceptable character #x0007: special characters are not allowed"),
    ],
)
def test_a_file_that_dvc_cannot_read_is_a_one_line_error(text: str, line: str) -> None:
    with pytest.raises(DarkroomError) as refused:
        yaml_source.parse(text, "f.yaml")
    assert str(refused.value) == f"f.yaml:{line}"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first line of each text that is parsed as YAML."""
    texts: list[str] = []
    compose, load = YAML.compose, YAML.load

    def composed(yaml: YAML, text: str) -> object:
        texts.append(text.split("\n")[0])
        return compose(yaml, text)

    def loaded(yaml: YAML, text: str) -> object:
        texts.append(text.split("\n")[0])
        return load(yaml, text)

    monkeypatch.setattr(YAML, "compose", composed)
    monkeypatch.setattr(YAML, "load", loaded)
    return texts


def test_a_training_and_an_export_parse_params_yaml_once(project: Path, parsed: list[str]) -> None:
    inputs = [WORKSPACE.split("train") / "labels.npy", WORKSPACE.split("validation") / "labels.npy", WORKSPACE.classes]
    for path in [*inputs, WORKSPACE.keras("cnn"), WORKSPACE.data_summary]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    settings = config.load(WORKSPACE)
    training = training_identity.of("cnn", settings.values, WORKSPACE)
    export = provenance.of_workspace("cnn", settings.values, WORKSPACE)
    assert parsed.count(Path("params.yaml").read_text().split("\n")[0]) == 1
    assert len(parsed) == 3  # and dvc.yaml once for each
    assert training.params["models.cnn"] == export["params"]["models.cnn"] == settings.values["models"]["cnn"]
