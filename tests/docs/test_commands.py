"""Every command of README and docs runs as it stands there, or is listed with the test that runs the same, or the reason why none does."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from darkroom.__main__ import COMMANDS
from tests.conftest import HANGS_S, ROOT
from tests.support.pages import NAMES, PAGES, blocks

WHOLE = "tests/test_smoke.py::test_the_whole_way"
VARIABLES = (
    "tests/launch/test_distributed.py trains in two processes, tests/launch/distributed/test_cluster.py reads the variables"
)
INSTALLED, EXPERIMENTS = "tests/test_install.py", "tests/docs/test_experiments.py"
TARGET = "a target of make, which runs for minutes; test_every_target_command_and_path_exists"
ENVIRONMENT = "it changes the environment that the tests run in"
ELSEWHERE = {  # command: the test that runs the same, or why there is none
    "make repro": WHOLE,
    **dict.fromkeys(("make test", "make check", "make thorough", "make prove", "make env", "make lock", "make smoke"), TARGET),
    "source .venv/bin/activate": "`make env` has made .venv, and these tests run in it",
    "pre-commit install": "it writes into .git; the hooks are commands of `make check`",
    "dvc repro": WHOLE,
    "pytest tests/docs/test_figures.py": "it is one of the tests",
    "darkroom recipe fast --write && dvc repro": f"tests/commands/test_recipe.py and {WHOLE}",
    "darkroom lr-finder cnn": "tests/commands/test_lr_finder.py",
    "python -m tests.support.layers": "tests/export/test_layers.py",
    "dvc exp run -S 'models.cnn.fit.batch_size=64'": EXPERIMENTS,
    "dvc exp run --queue --copy-paths photos -S 'models.cnn.fit.batch_size=64'": EXPERIMENTS,
    "dvc queue start": EXPERIMENTS,
    "dvc queue status": EXPERIMENTS,
    """dvc exp run --temp -S "dataset=$PWD/photos" -S 'models.cnn.fit.batch_size=64'""": EXPERIMENTS,
    "dvc add photos": EXPERIMENTS,
    "git add photos.dvc .gitignore && git commit -m 'photos: tracked by DVC'": EXPERIMENTS,
    "dvc exp run --temp -S 'models.cnn.fit.batch_size=64'": EXPERIMENTS,
    "pip install .": INSTALLED,
    "uv pip install 'tensorflow[and-cuda]==2.21.0'": ENVIRONMENT,
    "uv pip install -r requirements/jax.txt": f"{ENVIRONMENT}; `make test` has run it",
    "uv pip install -r requirements/dask.txt": f"{ENVIRONMENT}; `make test` has run it",
    """uv pip install "jax[cuda12]==$(python -c 'import jax; print(jax.__version__)')\"""": ENVIRONMENT,
    "export JAX_COORDINATOR_ADDRESS=127.0.0.1:9911 JAX_NUM_PROCESSES=2": VARIABLES,
    "JAX_PROCESS_ID=0 dvc repro --single-item train@cnn": VARIABLES,
    "JAX_PROCESS_ID=1 python -m pipeline.train cnn": VARIABLES,
    "srun bash -c 'if [ $SLURM_PROCID = 0 ]; then dvc repro --single-item train@cnn; else python -m pipeline.train cnn; fi'": f"no SLURM here; {VARIABLES}",
}


def commands() -> list[str]:
    """The commands of all pages, without their remarks, each once."""
    lines = (line for block in blocks("sh") for line in block.text.splitlines())
    return list(dict.fromkeys(re.sub(r"\s{2,}# .*", "", line) for line in lines))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with the changes of the working tree, committed, as a user has it; beside it another with a trace of a training."""
    folder = tmp_path_factory.mktemp("clones") / "checkout"
    git("clone", "--quiet", str(ROOT), str(folder), cwd=ROOT)
    for name in git("ls-files", "-z", "--modified", "--others", "--exclude-standard", cwd=ROOT).split("\0")[:-1]:
        (folder / name).unlink(missing_ok=True)
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git("add", "--all", cwd=folder)
    git("-c", "user.name=test", "-c", "user.email=test", "commit", "--quiet", "--allow-empty", "-m", "changes", cwd=folder)
    for clone in (folder, folder.parent / "other"):
        trace = clone / "models" / "cnn" / "trace.csv"
        trace.parent.mkdir(parents=True, exist_ok=True)
        trace.write_text("epoch,tensor,sha256\n1,kernel,00\n")
    return folder


def git(*words: str, cwd: Path) -> str:
    return subprocess.run(["git", *words], cwd=cwd, capture_output=True, text=True, check=True).stdout


@pytest.mark.processes
@pytest.mark.parametrize("command", [command for command in commands() if command not in ELSEWHERE])
def test_a_command_runs_as_it_stands(command: str, checkout: Path) -> None:
    variables = {**os.environ, "PAGER": "cat", "COLUMNS": "120"}
    ended = subprocess.run(
        ["bash", "-euc", command], cwd=checkout, env=variables, capture_output=True, text=True, timeout=HANGS_S
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_what_is_covered_elsewhere_is_in_a_page_and_its_test_exists() -> None:
    assert sorted(ELSEWHERE.keys() - set(commands())) == []
    tests = {test for reason in ELSEWHERE.values() for test in re.findall(r"tests/[\w/]+\.py(?:::\w+)?", reason)}
    for file, _, function in (test.partition("::") for test in tests):
        assert f"def {function or 'test_'}" in (ROOT / file).read_text()


def test_the_boot_is_a_boot(checkout: Path) -> None:
    (command, answer) = re.search(r"^(darkroom predict \S+ \S+) +# (.*)\.\.$", PAGES["README.md"], re.MULTILINE).groups()
    assert subprocess.run(command.split(), cwd=checkout, capture_output=True, text=True).stdout.startswith(answer)


def test_the_gpu_package_is_that_of_the_lock() -> None:
    (version,) = set(re.findall(r"tensorflow\[and-cuda\]==([\d.]+)", PAGES["docs/distributed.md"]))
    assert f"\ntensorflow=={version} " in (ROOT / "requirements.txt").read_text()


@pytest.mark.parametrize("page", NAMES)
def test_every_target_command_and_path_exists(page: str) -> None:
    text, targets = PAGES[page], re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE)) <= {*targets}
    assert set(re.findall(r"(?:^|`)darkroom ([a-z-]+)", text, re.MULTILINE)) <= COMMANDS.keys()
    modules = {name.replace(".", "/") for name in re.findall(r"python -m ([a-z_.]+)", text)}
    assert [name for name in modules if not (ROOT / name).exists() and not (ROOT / f"{name}.py").is_file()] == []
    paths = set(re.findall(r"`([\w/.-]+/|[\w/.-]+\.(?:py|ya?ml|lock|md|txt|j2|toml))`", text)) - {"quantized/", "__init__.py"}
    assert [path for path in paths if not (ROOT / path.replace("MODEL", "cnn")).exists()] == []


def test_every_command_of_darkroom_is_in_a_page() -> None:
    assert COMMANDS.keys() == {name for command in commands() for name in re.findall(r"^darkroom ([a-z-]+)", command)}
