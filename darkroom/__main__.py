"""The command line: `darkroom COMMAND`, or `python -m darkroom COMMAND`."""

import argparse
import importlib
import sys
from importlib import metadata

from darkroom.core import command
from darkroom.core.errors import nearest

COMMANDS = {  # name: module, what it does
    "predict": ("predict", "classify image files with an ONNX model"),
    "inspect": ("inspect_model", "describe an ONNX model, or compare it with a checkout"),
    "check": ("check", "check params.yaml, and that its data set exists"),
    "recipe": ("recipe", "compose params.yaml from a recipe"),
    "why": ("why", "explain why a stage would run again"),
    "diverge": ("diverge", "find where two trainings differ first"),
    "lr-finder": ("lr_finder", "run a learning-rate range test"),
}


def main() -> None:
    """Parses the command line and runs the chosen command."""
    lines = "\n".join(f"  {name:<11}{purpose}" for name, (_, purpose) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="darkroom",
        usage="darkroom COMMAND ...",
        description="Labelled images in, a proven ONNX classifier out.",
        epilog=f"commands:\n{lines}\n\n`darkroom COMMAND --help` describes one of them; `dvc repro` runs the pipeline.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"darkroom {version()}")
    parser.add_argument("command", metavar="COMMAND", help=argparse.SUPPRESS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    if len(sys.argv) == 1:
        parser.print_help(sys.stderr)
        sys.exit(2)
    chosen = parser.parse_args()
    if chosen.command not in COMMANDS:
        parser.error(f"{chosen.command}: no such command{nearest(chosen.command, COMMANDS)}")
    try:
        module = importlib.import_module(f"darkroom.commands.{COMMANDS[chosen.command][0]}")
    except ModuleNotFoundError as error:  # `pip install darkroom` covers only predict and inspect
        needs = f"needs the environment of the pipeline ({error.name} is missing): `make env` sets it up"
        print(f"darkroom {chosen.command} {needs}", file=sys.stderr)
        sys.exit(1)
    command.run(lambda: module.main(chosen.arguments), module.INTERRUPT_NOTE)


def version() -> str:
    """The version of the installed package; a checkout also runs without being installed."""
    try:
        return metadata.version("darkroom")
    except metadata.PackageNotFoundError:
        return "(a checkout, not installed)"


if __name__ == "__main__":
    main()
