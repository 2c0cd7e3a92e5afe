"""The check at registration: is a contract fit to be judged by?  The answer comes out of a child process."""

import json
import os
import signal
import subprocess
import sys

from esb.kernel.contract import Contract
from esb.schemas.child import ChildLimits, encode, encode_limits

_DEFAULT = ChildLimits()


def check_contract(contract: Contract, limits: ChildLimits = _DEFAULT) -> tuple[str, ...]:
    """Try a contract's schemas with libxml2 and ``xmlschema`` in a fresh process under ``limits``.

    Blocking for as long as the child lives: about half a second for an ordinary contract, ``limits.wall`` at most.

    Returns:
        What is wrong, one sentence each with document and line where these are known; empty when the contract is
        fit.  A child that dies, hangs or runs out of memory is a problem of the contract, not an exception.
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
        stage, problems = _read(expired.stdout or b"")[:2]
        return (*problems, f"{stage} was not done after {limits.wall:g} s: simplify the schemas")
    stage, problems, done, starved = _read(finished.stdout)
    if starved:
        return (*problems, _too_much_memory(stage, limits))
    if done:
        return problems
    return (*problems, _death(stage, finished.returncode, limits))


def _read(output: bytes) -> tuple[str, tuple[str, ...], bool, bool]:
    stage, problems, done, starved = "starting the check", [], False, False
    for line in output.splitlines():
        try:
            kind, text = json.loads(line)
        except ValueError:
            break  # cut off in the middle of a line by the child's end
        if kind == "stage":
            stage = text
        elif kind == "problem":
            problems.append(text)
        starved = starved or kind == "memory"
        done = done or kind == "done"
    return stage, tuple(dict.fromkeys(problems)), done, starved


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
