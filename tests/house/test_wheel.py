"""The wheel is whole, keeps the floors, and is typed.

Floors and types are checked on the wheel, outside the checkout: in a checkout the departments stand beside the package
and not in it, and both checkers pass without having seen them.  So each test counts the files that were looked at.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(900)


def run(arguments: list[str | Path], folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    return done.returncode, done.stdout + done.stderr


def test_every_module_is_in_the_wheel_under_esb(unpacked: Path, sources: dict[str, str]) -> None:
    inside = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*.py")}
    assert inside == {name if name.startswith("esb/") else f"esb/{name}" for name in sources}


def test_what_modules_read_is_in_the_wheel(unpacked: Path, files: list[str]) -> None:
    inside = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    folders = ("esb/demo/", "conf/", "schemas/xsd/", "esb/sample/data/")
    read = [name for name in files if name.startswith(folders) or name in ("esb/py.typed", "bench/contract.wsdl")]
    missing = [name for name in read if (name if name.startswith("esb/") else f"esb/{name}") not in inside]
    assert missing == []


def test_the_unpacked_wheel_is_what_python_imports_there(unpacked: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, '.'); import esb, esb.conf.load as l; print(esb.__path__, l.default_text()[:7])"
    )
    returncode, output = run(["-c", code], unpacked)
    assert (returncode, output) == (0, f"['{unpacked}/esb'] # Every\n")


def test_the_floors_hold(unpacked: Path, root: Path, sources: dict[str, str]) -> None:
    code = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as c; c()"
    returncode, output = run(["-c", code, "--config", root / ".importlinter", "--no-cache", "--no-logo"], unpacked)
    assert returncode == 0, output
    looked_at = re.search(r"Analyzed (\d+) files", output)
    assert looked_at is not None, output
    assert int(looked_at.group(1)) == len(sources)


@pytest.mark.slow
def test_the_types_hold(unpacked: Path, root: Path, sources: dict[str, str]) -> None:
    # Without a cache: one of another wheel's files can hide what is wrong in these.  Folders of data are no packages.
    settings = ["--strict", "--config-file", root / "pyproject.toml", "--cache-dir", "/dev/null"]
    settings.append("--no-namespace-packages")
    returncode, output = run(["-m", "mypy", *settings, "-p", "esb"], unpacked)
    assert returncode == 0, output
    looked_at = re.search(r"no issues found in (\d+) source files", output)
    assert looked_at is not None, output
    assert int(looked_at.group(1)) == len(sources)
