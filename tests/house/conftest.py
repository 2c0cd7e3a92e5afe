"""What the gates of the house look at: the sources as Git knows them, and the wheel made of them."""

import ast
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("esb", "adapters", "audit", "bench", "certs", "conf", "registry", "routing", "schemas", "wsdl")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def files() -> list[str]:
    """Every file of the checkout that Git tracks or would add, by its path in the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split("\0")
    return sorted({name for name in listed if name and (ROOT / name).is_file()})


@pytest.fixture(scope="session")
def sources(files: list[str]) -> dict[str, str]:
    """The text of every module that is shipped, by its path in the checkout."""
    return {
        name: (ROOT / name).read_text(encoding="utf-8")
        for name in files
        if name.endswith(".py") and name.split("/")[0] in ROOMS
    }


@pytest.fixture(scope="session")
def trees(sources: dict[str, str]) -> dict[str, ast.Module]:
    """The same, parsed."""
    return {name: ast.parse(text, name) for name, text in sources.items()}


@pytest.fixture(scope="session")
def unpacked(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built of the sources in a folder of their own and unpacked: what a user of it would have.

    Not built in the checkout, where an old build/ would slip into the wheel.
    """
    folder = tmp_path_factory.mktemp("wheel")
    for name in files:
        if name.split("/")[0] in (*ROOMS, "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
            target = folder / "source" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", folder / "source"],
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"
