"""Running a program that is not ours, and keeping what it said."""

import os
import subprocess
from pathlib import Path


def run(folder: Path, *words: object, given: str = "", timeout: float = 110) -> str:
    """Run a command that must succeed in a folder, with ``given`` on stdin; returns its stdout.

    Raises:
        AssertionError: it failed; the end of what it wrote is told.
    """
    # Proxies of the machine are not for an address on loopback.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        list(map(str, words)),
        cwd=folder,
        env=environment | {"NO_PROXY": "127.0.0.1,localhost"},
        input=given,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done.stdout
