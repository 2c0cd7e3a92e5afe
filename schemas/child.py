"""The child process in which a stranger's schemas are tried: ``python -m esb.schemas.child LIMITS``.

Three kilobytes of schema can take a compiler gigabytes or hours.  So the trial happens here, under limits that the
kernel keeps, and the bus hears of it line by line: what was begun, what was found, and that it was finished.  When
the last line is missing, the one before it says what was too much.
"""

import atexit
import base64
import gc
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from esb.kernel.contract import Contract
from esb.schemas.arrange import Arrangement, Unfit, arrange
from esb.schemas.compile import compile_arrangement
from esb.schemas.content import content_problems
from esb.schemas.patterns import pattern_problems
from esb.schemas.slowness import slowness

MOST_PROBLEMS: Final = 50  # and as many notes
_MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What one trial may use up.

    Attributes:
        memory: address space in bytes (RLIMIT_AS); the interpreter with both libraries takes about 250 MiB of it.
        cpu: seconds of processor time (RLIMIT_CPU).
        wall: seconds until the child is killed whatever it does.
        files: open files (RLIMIT_NOFILE).
        compile_cpu: seconds of processor time that putting together and compiling may take: the bus does it again at
            each start.
        compiled: bytes that the compiled schemas may take: every process of the bus keeps them.
        file_size: bytes of one file it may write (the documents, for the second opinion).
    """

    memory: int = 1024 * _MEBIBYTE
    cpu: int = 20
    wall: float = 40.0
    files: int = 64
    compile_cpu: float = 3.0
    compiled: int = 64 * _MEBIBYTE
    file_size: int = 64 * _MEBIBYTE


def encode(contract: Contract) -> bytes:
    """A contract's documents as they go down the pipe."""
    documents = {name: base64.b64encode(data).decode("ascii") for name, data in contract.documents.items()}
    return json.dumps({"documents": documents, "schemas": contract.schemas, "main": contract.main}).encode()


def decode(data: bytes) -> Contract:
    """The contract out of the pipe; of what :func:`encode` left out nothing is needed for a trial."""
    given = json.loads(data)
    documents = {name: base64.b64decode(text) for name, text in given["documents"].items()}
    return Contract(documents, given["main"], tuple(given["schemas"]), "", "", "", (), {}, frozenset(), "")


def encode_limits(limits: ChildLimits) -> str:
    """The limits as the child's one argument."""
    return json.dumps(asdict(limits))


def impose(limits: ChildLimits) -> None:
    """Put this very process under the limits; there is no way back."""
    for kind, soft, hard in (
        (resource.RLIMIT_AS, limits.memory, limits.memory),
        # The soft limit ends the child by SIGXCPU, which tells it from other deaths.
        (resource.RLIMIT_CPU, limits.cpu, limits.cpu + 1),
        (resource.RLIMIT_NOFILE, limits.files, limits.files),
        (resource.RLIMIT_FSIZE, limits.file_size, limits.file_size),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(kind, (soft, hard))


def trial(contract: Contract, limits: ChildLimits) -> Iterator[tuple[str, str]]:
    """Try a contract; yields ``("stage", what is begun)``, ``("problem", sentence)`` and ``("note", sentence)``."""
    yield "stage", "putting the documents together"
    begun = time.process_time()
    try:
        arrangement = arrange(contract)
    except Unfit as error:
        for problem in error.problems:
            yield "problem", problem
        return
    for note in arrangement.notes:
        yield "note", note
    yield "stage", "looking at patterns and content models"
    slowness(arrangement.parts)  # done at each start, so it counts
    explosive = pattern_problems(arrangement.parts) + content_problems(arrangement.parts)
    for problem in explosive:
        yield "problem", problem
    if explosive:
        return
    yield "stage", "compiling with libxml2"
    found, costly = _compiled(arrangement, limits, begun)
    for problem in (*found, *costly):
        yield "problem", problem
    if costly:
        return  # it would take the second library longer still
    yield "stage", "asking xmlschema"
    # Imported this late so that its memory does not count as the compiled schema's.
    from esb.schemas.opinion import second_opinion

    for problem in second_opinion(arrange(contract, unlooped=False)):
        yield "problem", f"{problem} (found by xmlschema)"


def _compiled(arrangement: Arrangement, limits: ChildLimits, begun: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What libxml2 says, and what it cost if that is too much."""
    before = _resident()
    try:
        schema = compile_arrangement(arrangement)
    except Unfit as error:
        return tuple(f"{problem} (found by libxml2)" for problem in error.problems), ()
    costly = []
    if time.process_time() - begun > limits.compile_cpu:
        costly.append(f"the schemas take more than {limits.compile_cpu:g} s to compile: simplify them")
    grown = _resident() - before
    del schema  # was kept until it was measured
    if grown > limits.compiled:
        costly.append(
            f"the compiled schemas take {grown // _MEBIBYTE} MiB of memory, more than the "
            f"{limits.compiled // _MEBIBYTE} MiB that the bus gives a contract: look for groups that refer to groups, "
            "or for large maxOccurs inside others"
        )
    return (), tuple(costly)


def _resident() -> int:
    """Bytes of memory that this process has now (Linux: proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    """Read a contract from standard input, try it, and write lines of JSON to standard output."""
    gc.set_threshold(100_000, 20, 50)
    atexit.register(gc.freeze)
    limits = ChildLimits(**json.loads(sys.argv[1]))
    impose(limits)
    contract = decode(sys.stdin.buffer.read())
    sys.stdin.close()
    said: Counter[str] = Counter()
    try:
        for kind, text in trial(contract, limits):
            said[kind] += 1
            if kind == "stage" or said[kind] <= MOST_PROBLEMS:
                _say(kind, text)
    except MemoryError:
        _say("memory", "")
    _say("done", "")


def _say(kind: str, text: str) -> None:
    shown = "".join(character if character.isprintable() else " " for character in text[:1_000])
    sys.stdout.write(json.dumps([kind, " ".join(shown.split())]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
