"""The digest of source changes with what the code does, and with nothing else."""

import json
import subprocess
from pathlib import Path

import pytest

from darkroom.core.python_source import digest
from tests.conftest import ROOT

SOURCE = '''\
"""What it does."""

import os  # for its name


@property
def area(side: float, scale: float = 2.0) -> float:
    """In square metres."""
    name = "x"
    size = side * side
    return size * scale if os.name else f"{name!r:>{8}} of {size:.2f}"


class Shape:
    """A shape."""

    count = 1
'''
SAME = {
    "a comment": ("import os  # for its name", "import os\n# another"),
    "the docstring of a module": ("What it does.", "What it does today."),
    "no docstring at all": ('"""What it does."""\n', ""),
    "the docstring of a function": ('    """In square metres."""\n', ""),
    "the docstring of a class": ('    """A shape."""\n\n', ""),
    "quotes": ('"x"', "'x'"),
    "layout": ("size = side * side", "size = (\n        side\n        * side\n    )"),
    "empty lines": ("    size =", "\n\n    size ="),
    "how a number is written": ("2.0", "2.00"),
    "a text in two pieces": ('f"{name!r:>{8}} of {size:.2f}"', 'f"{name!r:>{8}} o" "f " f"{size:.2f}"'),
}
OTHER = {
    "a constant": ("count = 1", "count = 2"),
    "the type of a constant": ("count = 1", "count = True"),
    "a text": ('name = "x"', 'name = "y"'),
    "a name": ("def area", "def surface"),
    "an argument": ("side: float,", "edge: float,"),
    "a default": ("2.0", "3.0"),
    "an annotation": ("-> float", "-> int"),
    "a decorator": ("@property\n", ""),
    "an operator": ("side * side", "side + side"),
    "the order of statements": (
        '    name = "x"\n    size = side * side\n',
        '    size = side * side\n    name = "x"\n',
    ),
    "an import": ("import os", "import os.path"),
    "the text of an f-string": (" of ", " in "),
    "a conversion in an f-string": ("!r", "!s"),
    "a format in an f-string": (".2f", ".3f"),
    "a nested format in an f-string": ("{8}", "{9}"),
    "a value in an f-string": ("{size:", "{side:"),
    "a text that is no docstring": ('    name = "x"\n', '    name = "x"\n    "a text"\n'),
}
F_STRINGS = r'''
x, w = 3.14159, 10
a = f"", f"{x}", f"{x!r}", f"{x!s:>10}", f"{x!a}", f"{x=}", f"{x = }", f"{x=:.2f}", f"{x=!s}"
b = f"{x:{w}}", f"{x:{w}.{3}f}", f"{x:>{w}}|{x:<{w}}", f"{{}}", f"{{{x}}}", f"{{a}} {x} {{b}}", f"{x:{'>'}{w}}"
c = "a" f"{x}" "b" "c" f"d{w}e" "", rf"\d{x}\d", f"\n{x}\t\N{BULLET}", f"""
{x}
"""
d = f"{'nested'} {f'{w}'}", f"{x:%Y-%m-%d}", f"{lambda_ if (lambda_ := w) else 0}", f"é{x}ü"
'''


@pytest.mark.parametrize("edit", SAME)
def test_formatting_does_not_change_the_digest(edit: str) -> None:
    old, new = SAME[edit]
    assert SOURCE.count(old) == 1
    assert digest(SOURCE.replace(old, new)) == digest(SOURCE)


@pytest.mark.parametrize("edit", OTHER)
def test_a_change_of_meaning_changes_the_digest(edit: str) -> None:
    old, new = OTHER[edit]
    assert old in SOURCE
    assert digest(SOURCE.replace(old, new)) != digest(SOURCE)


@pytest.mark.parametrize(
    ("one", "other"), [("x = 0.0", "x = -0.0"), ("x = 1", "x = 1.0"), ("x = 'a'", "x = b'a'"), ("f(a)", "f(*a)"), ("()", "[]")]
)
def test_code_that_differs_in_meaning_differs_in_digest(one: str, other: str) -> None:
    assert digest(one) != digest(other)


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_other_versions_of_python_give_the_same_digests(version: str) -> None:
    interpreters = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    if not interpreters:
        pytest.skip(f"no Python {version} in ~/.pyenv/versions")
    sources = [
        SOURCE,
        F_STRINGS,
        *(file.read_text() for folder in ("darkroom", "pipeline") for file in ROOT.glob(f"{folder}/**/*.py")),
    ]
    program = """
import json, sys
from darkroom.core.python_source import digest
print(json.dumps([sys.version.split()[0], *map(digest, json.load(sys.stdin))]))
"""
    command = [str(interpreters[-1]), "-S", "-c", program]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(sources), capture_output=True, text=True)
    assert done.stderr == ""
    other, *digests = json.loads(done.stdout)
    assert other.startswith(version) and digests == [digest(source) for source in sources]
