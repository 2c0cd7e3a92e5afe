"""The check at registration: is a contract fit to be judged by?  The answer comes out of a child process."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass

from esb.kernel.contract import Contract
from esb.schemas.child import ChildLimits, encode, encode_limits

_DEFAULT = ChildLimits()


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found, each in one sentence with document and line where these are known.

    Attributes:
        problems: why the contract cannot be judged by; empty when it is fit.
        notes: what a fit contract says but values are not judged by, because it would take too long; to be told to
            whoever registers it.
    """

    problems: tuple[str, ...]
    notes: tuple[str, ...]


def check_contract(contract: Contract, limits: ChildLimits = _DEFAULT) -> Checked:
    """Try a contract's schemas with libxml2 and ``xmlschema`` in a fresh process under ``limits``.

    Blocking for as long as the child lives: about half a second for an ordinary contract, ``limits.wall`` at most.

    A child that dies, hangs or runs out of memory is a problem of the contract, not an exception.
    """
    command = [sys.executable, "-P", "-m", "esb.schemas.child", encode_limits(limits)]
    # Nothing of the bus's environment goes with it: it may hold passwords, and the child handles a stranger's files.
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
    }
    try:
        finished = subprocess.run(
            command,
            input=encode(contract),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
            timeout=limits.wall,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        said = _read(expired.stdout or b"")
        return said.checked(f"{said.stage} was not done after {limits.wall:g} s: simplify the schemas")
    said = _read(finished.stdout)
    if said.starved:
        return said.checked(_too_much_memory(said.stage, limits))
    return said.checked() if said.done else said.checked(_death(said.stage, finished.returncode, limits))


@dataclass(slots=True)
class _Said:
    """What the child said before its end, orderly or not."""

    stage: str
    problems: list[str]
    notes: list[str]
    starved: bool
    done: bool

    def checked(self, *further: str) -> Checked:
        return Checked(tuple(dict.fromkeys((*self.problems, *further))), tuple(dict.fromkeys(self.notes)))


def _read(output: bytes) -> _Said:
    said = _Said("starting the check", [], [], starved=False, done=False)
    for line in output.splitlines():
        try:
            kind, text = json.loads(line)
        except ValueError:
            break  # cut off in the middle of a line by the child's end
        if kind == "stage":
            said.stage = text
        elif kind == "problem":
            said.problems.append(text)
        elif kind == "note":
            said.notes.append(text)
        said.starved = said.starved or kind == "memory"
        said.done = said.done or kind == "done"
    return said


def _too_much_memory(stage: str, limits: ChildLimits) -> str:
    return (
        f"{stage} took more than {limits.memory // (1024 * 1024)} MiB of memory: simplify the schemas "
        "(groups that refer to groups, large maxOccurs inside others)"
    )


def _death(stage: str, code: int, limits: ChildLimits) -> str:
    if code == -signal.SIGXCPU:
        return f"{stage} took more than {limits.cpu} s of processor time: simplify the schemas"
    if code == -signal.SIGKILL:
        return f"{stage} was killed, most likely for its use of memory or time: simplify the schemas"
    if code < 0:
        return f"{stage} crashed ({signal.Signals(-code).name}): the schemas cannot be used as they are"
    return f"{stage} failed (exit status {code}): the schemas cannot be used as they are"
