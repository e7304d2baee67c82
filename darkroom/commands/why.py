"""Says why a stage would run again: a parameter, a file or a command that is not what it was when the stage last ran.

    python -m darkroom.commands.why train@cnn

A line for each reason, of the stages that it depends on first. What an earlier stage writes may turn out to be the same after
all: then DVC does not run the stages behind it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from darkroom.config import messages
from darkroom.core import command, dvc_files
from darkroom.core.errors import DarkroomError

NAMES = ("when it last ran", "now")


def main() -> None:
    """Prints the reasons, or that there are none."""
    arguments = command.parser(__doc__)
    arguments.add_argument("stage", metavar="STAGE", help="a stage of dvc.yaml, such as train@cnn")
    wanted: str = arguments.parse_args().stage
    lines = list(reasons(wanted))
    print("\n".join(lines) if lines else f"{wanted}: nothing has changed since it last ran")


def reasons(wanted: str) -> Iterator[str]:
    """The lines for a stage and all that it depends on. Raises DarkroomError for a stage that is not in dvc.yaml."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from dvc.repo.graph import collect_pipeline

    try:
        with Repo() as repo, repo.lock:
            known = {stage.addressing: stage for stage in repo.index.stages}
            if wanted not in known:
                raise DarkroomError(f"{wanted}: no such stage{messages.nearest(wanted, known)}")
            rerun: list[Any] = []
            for stage in collect_pipeline(known[wanted], repo.index.graph):  # what a stage depends on before it
                lines = list(_of_stage(stage, rerun))
                rerun += [stage] * bool(lines)
                yield from (f"{stage.addressing}: {line}" for line in lines)
    except DvcException as error:
        raise DarkroomError(str(error)) from None


def _of_stage(stage: Any, rerun: list[Any]) -> Iterator[str]:
    if not any(dep.hash_info.value for dep in stage.deps):
        yield "it has not run yet"
        return
    if stage.changed_stage():
        yield f"its command is now `{stage.cmd}`"
    for dep in stage.deps:
        if isinstance(dep.hash_info.value, dict):
            yield from _of_params(dep.hash_info.value, dep.read_params())
            continue
        for path, how in dep.workspace_status().items():
            yield f"{path}: {how}"
        for maker in rerun:
            if any(_overlap(Path(dep.fs_path), Path(out.fs_path)) for out in maker.outs):
                yield f"{dep}: {maker.addressing} runs again and may change it"
    for out in stage.outs:
        for path, how in out.workspace_status().items():
            yield f"{path}, which it writes: {how}"


def _of_params(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    return dvc_files.differences({"params": then, "deps": {}}, {"params": now, "deps": {}}, NAMES)


def _overlap(one: Path, other: Path) -> bool:
    return one == other or one in other.parents or other in one.parents


if __name__ == "__main__":
    command.run(main, goes_on="nothing was changed")
