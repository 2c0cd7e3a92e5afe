"""Running the Java clients: one JVM for all the calls of a test module, as starting one costs more than the calls."""

import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

SOURCES = Path(__file__).parent / "java"
PACKAGES = SOURCES / "target" / "dependency"
METRO = SOURCES / "metro" / "target" / "dependency"


@dataclass(frozen=True)
class Outcome:
    """One call: HTTP status, PARENT/NAME of each part that Java found signed, what was sent, what came back."""

    status: int
    covered: frozenset[str]
    sent: bytes
    answer: bytes


def need_java(packages: Path | None = None) -> None:
    """Skip where there is no JDK, or where the packages of a POM were not fetched."""
    if shutil.which("javac") is None:
        pytest.skip("no JDK is installed: javac is missing")
    if packages is not None and not packages.is_dir():
        folder = packages.parent.parent
        pytest.skip(f"Java packages are missing: run `mvn -q -B dependency:copy-dependencies` in {folder}")


def run_java(
    program: str,
    folder: Path,
    arguments: Sequence[object],
    calls: Iterable[Sequence[object]],
    packages: Path = PACKAGES,
) -> dict[str, Outcome]:
    """Compile and run a client that takes calls from stdin, and gather what came of each by its name (Wire.java).

    What lies in the subfolder ``classes`` already is on the class path.
    """
    classes, talk = folder / "classes", folder / "talk"
    classes.mkdir(exist_ok=True)
    talk.mkdir()
    path = f"{classes}:{packages}/*"
    _run("javac", "-encoding", "UTF-8", "-sourcepath", SOURCES, "-cp", path, "-d", classes, SOURCES / f"{program}.java")
    url, bus, *more = arguments
    lines = "\n".join(" ".join(map(str, call)) for call in calls)
    found = {}
    for line in _run("java", "-cp", path, program, url, bus, talk, *more, given=lines).splitlines():
        name, status, covered = line.split(" ")
        sent, answer = ((talk / f"{name}.{what}").read_bytes() for what in ("sent", "answer"))
        found[name] = Outcome(int(status), frozenset(covered.split(",")), sent, answer)
    return found


def _run(*words: object, given: str = "") -> str:
    done = subprocess.run(list(map(str, words)), input=given, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout
