"""Stage: digests the code of each stage, so that a stage depends on what its code does, not on how it is formatted.

Reads   darkroom/, pipeline/.
Writes  reports/code/STAGE.csv: one row per module that the stage imports, with the SHA-256 of its syntax tree without
        comments and docstrings, and one row per template.
Run     dvc repro fingerprint, or python -m pipeline.fingerprint

An edit of a comment, a docstring or the layout reruns this stage alone. After any other edit, `git diff reports/code` names the
modules that changed.
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
