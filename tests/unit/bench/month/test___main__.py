"""`python -m esb.bench.month` is the command."""

import subprocess
import sys


def test_it_says_its_own_name() -> None:
    done = subprocess.run([sys.executable, "-m", "esb.bench.month", "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: python -m esb.bench.month ")
