"""How every stage starts: its options, its workspace, and the check that its fingerprint matches its code."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from darkroom.core import command, fingerprint
from darkroom.core.workspace import Workspace


def parser(doc: str | None, model: bool = False) -> argparse.ArgumentParser:
    """A parser with the options of all stages; `model` adds the model's name."""
    program = re.search(r"python -m pipeline\.\w+", doc or "")
    options = command.parser(doc, program[0] if program else None)
    if model:
        options.add_argument("model", metavar="MODEL", help="a name under models: in params.yaml")
    options.add_argument("--workspace", metavar="FOLDER", type=Path, help="the folder for data, models, reports (the checkout)")
    options.add_argument("--params", metavar="FILE", type=Path, help="the file of parameters (params.yaml of the checkout)")
    return options


def start(name: str, parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> tuple[Workspace, argparse.Namespace]:
    """The workspace and the parsed arguments of a stage. Raises DarkroomError if its fingerprint does not match its code."""
    arguments = parser.parse_args(argv)
    workspace = Workspace.at(arguments.workspace, arguments.params)
    fingerprint.check(name, workspace)
    return workspace, arguments
