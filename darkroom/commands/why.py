"""Explain why a stage would run again: the parameters, files, modules and commands that changed since its last run.

    darkroom why train@cnn

Prints one line per reason; the stages that it depends on come first. If an earlier stage runs again but its outputs do not
change, DVC skips the stages after it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from dvc.dependency.base import Dependency
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.repo.graph import collect_pipeline
from dvc.stage import Stage

from darkroom.core import command, digests, dvc_files, fingerprint
from darkroom.core.dvc_files import Dependencies
from darkroom.core.errors import DarkroomError, nearest
from darkroom.core.workspace import Workspace

SIDES = ("when it last ran", "now")
INTERRUPT_NOTE = "nothing was changed"
FINGERPRINT = "fingerprint"


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the reasons, or that there are none."""
    parser = command.parser(__doc__, "darkroom why")
    parser.add_argument("stage", metavar="STAGE", help="a stage of dvc.yaml, such as train@cnn")
    stage: str = parser.parse_args(argv).stage
    lines = list(reasons(stage))
    print("\n".join(lines) if lines else f"{stage}: nothing has changed since it last ran")


def reasons(name: str) -> Iterator[str]:
    """The lines for a stage and for all stages that it depends on. Raises DarkroomError for a stage that is not in dvc.yaml."""
    try:
        with Repo() as repo, repo.lock:
            stages = {_name(stage): stage for stage in repo.index.stages}
            if name not in stages:
                of_models = [stage for stage in stages if stage.startswith(f"{name}@")]
                hint = f"; give a model: {', '.join(of_models)}" if of_models else nearest(name, stages)
                raise DarkroomError(f"{name}: no such stage{hint}")
            rerun: list[Stage] = []
            for stage in collect_pipeline(stages[name], repo.index.graph):  # dependencies come first
                if _name(stage) == FINGERPRINT:  # _of_code compares the current fingerprints
                    continue
                lines = list(_of_stage(stage, rerun))
                rerun += [stage] * bool(lines)
                yield from (f"{_name(stage)}: {line}" for line in lines)
    except DvcException as error:
        raise DarkroomError(*str(error).splitlines()) from None


def _name(stage: Stage) -> str:
    """The name as seen from the root of the checkout: DVC's own address is relative to the working folder."""
    file, name = stage.path_in_repo, str(stage.name)
    return name if file == "dvc.yaml" else f"{file}:{name}"


def _of_stage(stage: Stage, rerun: list[Stage]) -> Iterator[str]:
    if not any(dep.hash_info.value for dep in stage.deps):
        yield "it has not run yet"
        return
    if stage.changed_stage():
        yield f"its command is now `{stage.cmd}`"
    fingerprints = _fingerprints(stage)
    for dep in stage.deps:
        if isinstance(dep.hash_info.value, dict):
            yield from dvc_files.differences(Dependencies({}, dep.hash_info.value), Dependencies({}, dep.read_params()), SIDES)
        elif Path(dep.fs_path) in fingerprints:
            yield from _of_code(dep)
        else:
            yield from (f"{path}: {change}" for path, change in dep.workspace_status().items())
            for producer in rerun:
                if any(_overlap(Path(dep.fs_path), Path(out.fs_path)) for out in producer.outs):
                    yield f"{dep}: {_name(producer)} runs again and may change it"
    for out in stage.outs:
        for path, change in out.workspace_status().items():
            yield f"{path}, which it writes: {change}"


def _fingerprints(stage: Stage) -> set[Path]:
    root = Path(stage.repo.root_dir)
    workspace = Workspace(root, root, root / "params.yaml")
    return {workspace.code(name) for name in fingerprint.stages(root)}


def _of_code(dep: Dependency) -> Iterator[str]:
    """The modules that changed since the last run, if that run's fingerprint can still be read."""
    path = Path(dep.fs_path)
    now = fingerprint.rows(path.stem, path.parents[2])
    if dvc_files.code_digest(now) == dep.hash_info.value:
        return
    texts = [content.decode() for content in _versions(dep, path) if digests.md5(content) == dep.hash_info.value]
    if texts:
        yield from dvc_files.differences(Dependencies(fingerprint.from_csv(texts[0]), {}), Dependencies(now, {}), SIDES)
    else:
        yield f"{dep}: the code has changed; neither this file nor Git's last commit has the fingerprint of the last run"


def _versions(dep: Dependency, path: Path) -> Iterator[bytes]:
    """The fingerprint file in the working tree, and in Git's last commit."""
    if path.is_file():
        yield path.read_bytes()
    git = dep.repo.scm
    committed = git.get_fs("HEAD") if hasattr(git, "get_fs") and not git.no_commits else None
    name = path.relative_to(git.root_dir).as_posix()
    if committed and committed.exists(name):
        yield committed.read_bytes(name)


def _overlap(one: Path, other: Path) -> bool:
    return one == other or one in other.parents or other in one.parents
