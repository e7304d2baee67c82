"""The YAML of the pages fits the schema, the Python runs, the mistakes are those that are printed, the links lead somewhere."""

import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from darkroom import config
from darkroom.config.catalog import CatalogEntry
from darkroom.config.model import NETWORKS, Fit, Model
from darkroom.config.schema import Params
from darkroom.core import yaml_source
from darkroom.core.errors import DarkroomError
from darkroom.core.yaml_source import Source
from darkroom.data.sources.readers import columns
from tests.conftest import HANGS_S, ROOT
from tests.support.pages import FENCE, NAMES, PAGES, Block, blocks

PARAMS = ROOT / "params.yaml"


def place(block: Block) -> str:
    return f"{block.page}:{block.line}"


def belongs(values: Mapping[str, Any], section: type[BaseModel]) -> bool:
    return values.keys() <= section.model_fields.keys()


def merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `changes`: sections key by key."""
    return {
        **base,
        **{
            key: merged(base[key], it) if isinstance(it, dict) and key in ("training", "preprocess") else it
            for key, it in changes.items()
        },
    }


@pytest.mark.parametrize("block", blocks("yaml"), ids=place)
def test_yaml_fits_the_schema(block: Block) -> None:
    """A piece of params.yaml, of one of its models or of the `fit` of one, by its keys; or a catalog entry."""
    values, whole = yaml_source.parse(block.text, place(block)).values, yaml_source.read(PARAMS).values
    if belongs(values, CatalogEntry):
        CatalogEntry.model_validate(values)
        return
    model = whole["models"]["cnn"]
    if belongs(values, Fit):
        values = {"fit": {**model["fit"], **values}}
    if belongs(values, Model):
        kept = {key: it for key, it in model.items() if key not in NETWORKS or not values.keys() & set(NETWORKS)}
        values = {"models": {"cnn": {**kept, **values}}}
    assert belongs(values, Params)
    config.checked(Source(place(block), merged(whole, values), {}), Params)


@pytest.mark.parametrize("block", blocks("python"), ids=place)
def test_python_runs(block: Block) -> None:
    ended = subprocess.run([sys.executable, "-c", block.text], cwd=ROOT, capture_output=True, text=True, timeout=HANGS_S)
    assert (ended.returncode, ended.stderr) == (0, "") and "Ankle boot" in ended.stdout


def test_every_block_has_a_language_that_is_tested_or_none() -> None:
    assert {match[1] for text in PAGES.values() for match in FENCE.finditer(text)} == {"", "sh", "yaml", "python"}


def test_the_mistakes_are_those_that_are_printed() -> None:
    lines = {line for block in blocks("") for line in block.text.splitlines() if line.startswith("params.yaml:")}
    text = PARAMS.read_text().replace("  validation: 0.1 ", "  validation: 1.5 ")
    wrong = text.replace(
        "      - MaxPool2D: {pool_size: [2, 2]}\n      - Flatten\n",
        "      - MaxPol2D: {pool_size: [2, 2]}\n      - RandomFlip\n",
    )
    with pytest.raises(DarkroomError) as error:
        config.checked(yaml_source.parse(wrong, "params.yaml"), Params)
    assert lines == set(str(error.value).splitlines())


@pytest.mark.parametrize("page", NAMES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", FENCE.sub("", PAGES[page])):
        file, _, anchor = target.partition("#")
        path = (ROOT / page).parent / file if file else ROOT / page
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(PAGES[path.resolve().relative_to(ROOT).as_posix()]), target


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [name for name in NAMES if name != "README.md"])
def test_a_page_is_one_question_and_lists_its_sections(page: str) -> None:
    text = FENCE.sub("", PAGES[page])
    assert text.startswith("# ") and text.split("\n", 1)[0].endswith("?")
    listed, sections = re.findall(r"^- \[([^]]+)\]\(#", text, re.MULTILINE), re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert listed == sections


@pytest.mark.parametrize("suffix", columns.SUFFIXES)
def test_every_format_of_tables_is_in_the_page_on_data(suffix: str) -> None:
    assert f"`{suffix}`" in (ROOT / "docs/data.md").read_text()


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    assert len(PAGES["README.md"].splitlines()) <= 160
    assert [name for name in NAMES if name != "README.md" and f"]({name})" not in PAGES["README.md"]] == []
