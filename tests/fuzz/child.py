"""One target in a process of its own: ``python -m fuzz.child TARGET ENGINE COUNT SEED SECONDS FOLDER``.

The process has limits of memory, and of processor time for one input.  What it is trying now stands in a file that is
mapped into memory, so that whoever started it knows what killed it.  What an input finds is written down and the
next one tried.
"""

import hashlib
import mmap
import resource
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from fuzz.catalogue import get_target
from fuzz.mutate import inputs
from fuzz.target import Target

MEMORY: Final = 3 * 1024 * 1024 * 1024
CPU_SECONDS: Final = 10.0
HEAD: Final = struct.Struct("<QQQ")  # inputs tried, findings, length of the present input
ROOM: Final = 1 << 16


class Record:
    """What the process tells: its progress and the present input, in a mapped file; findings, in files of their own."""

    def __init__(self, folder: Path, name: str) -> None:
        self._found = folder / "found"
        self._name = name
        self._tried = self._findings = 0
        self._seen: set[str] = set()
        path = folder / "now"
        path.write_bytes(bytes(HEAD.size + ROOM))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), HEAD.size + ROOM)

    def watched(self, one: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """``one``, under the limit of time, with its findings written down instead of raised."""

        def attempt(data: bytes) -> None:
            self._tried += 1
            kept = data[:ROOM]
            self._map[: HEAD.size] = HEAD.pack(self._tried, self._findings, len(kept))
            self._map[HEAD.size : HEAD.size + len(kept)] = kept
            # The default act of the signal ends the process even in the midst of a library's loop.
            signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
            try:
                one(data)
            except Exception as error:
                self._keep(error, data)

        return attempt

    def _keep(self, error: Exception, data: bytes) -> None:
        self._findings += 1
        frames = traceback.extract_tb(error.__traceback__)
        where = "".join(f"{frame.filename}:{frame.name}" for frame in frames[-4:])
        kind = hashlib.sha256(f"{type(error).__name__}{where}".encode()).hexdigest()[:10]
        if kind in self._seen:
            return
        self._seen.add(kind)
        path = self._found / f"{self._name}-{kind}"
        path.with_suffix(".input").write_bytes(data)
        path.with_suffix(".evidence").write_bytes(getattr(error, "evidence", b""))
        path.with_suffix(".txt").write_text("".join(traceback.format_exception(error)), "utf-8", "backslashreplace")


def run_plain(target: Target, attempt: Callable[[bytes], None], count: int, seed: int, seconds: float) -> None:
    """The engine that is always there: seeds, mutated blindly."""
    until = time.monotonic() + seconds
    for data in inputs(target, count, seed):
        attempt(data)
        if time.monotonic() > until:
            return


def run_atheris(name: str, record: Record, count: int, seed: int, seconds: float, folder: Path) -> None:
    """The coverage-guided engine; it does not return."""
    import atheris

    with atheris.instrument_imports(include=["esb"]):
        target = get_target(name)
    corpus, words = folder / "corpus", folder / "words"
    for each in target.seeds():
        path = corpus / hashlib.sha256(each).hexdigest()[:40]
        if not path.exists():
            path.write_bytes(each)
    words.write_text("".join(f'"{_escaped(word[:64])}"\n' for word in target.words if word))
    options = [
        f"-runs={count}", f"-seed={seed}", f"-max_total_time={int(seconds)}", f"-max_len={target.longest}",
        f"-artifact_prefix={folder}/found/", "-timeout=120", "-rss_limit_mb=0", "-use_value_profile=1", "-reload=0",
    ]  # fmt: skip
    if target.words:
        options.append(f"-dict={words}")
    atheris.Setup([sys.argv[0], *options, str(corpus)], record.watched(target.one))
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in word)


def main() -> None:
    """Run as the arguments say."""
    name, engine, count, seed, seconds, place = sys.argv[1:]
    folder = Path(place)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    record = Record(folder, name)
    if engine == "atheris":
        run_atheris(name, record, int(count), int(seed), float(seconds), folder)
    target = get_target(name)
    run_plain(target, record.watched(target.one), int(count), int(seed), float(seconds))


if __name__ == "__main__":
    main()
