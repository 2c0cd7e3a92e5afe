"""The command where its script is not on the path."""

import subprocess
import sys

from esb import __version__


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "esb.cli", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"esb {__version__}\n"
