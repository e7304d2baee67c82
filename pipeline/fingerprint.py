"""Stage 0: what the code of each stage means, so that every stage depends on that and not on how its files are written.

Reads   darkroom/, pipeline/.
Writes  reports/code/STAGE.csv: a row for each module that the stage imports, with the SHA-256 of its syntax tree without
        comments and docstrings, and a row for each template.
Run     dvc repro fingerprint, or python -m pipeline.fingerprint

A comment, a docstring or a formatter's edit reruns this stage alone; `git diff reports/code` names the modules of a real edit.
"""

from collections.abc import Sequence

from darkroom.core import artifacts, command, fingerprint, stage
from darkroom.core.workspace import Workspace


def main(argv: Sequence[str] | None = None) -> None:
    """Writes the fingerprint of every stage."""
    arguments = stage.parser(__doc__).parse_args(argv)
    workspace = Workspace.at(arguments.workspace, arguments.params)
    for name in fingerprint.stages(workspace.root):
        artifacts.write_bytes(workspace.code(name), fingerprint.to_csv(fingerprint.rows(name, workspace.root)).encode())


if __name__ == "__main__":
    command.run(main)
