"""The beginning of the command: the collector's habits are the process's own, and nobody else's."""

import subprocess
import sys

import esb

ASK = """
import atexit, gc, sys
from esb.cli.entry import run
sys.argv = ["esb", "--version"]
atexit.register(lambda: print(gc.get_threshold()[0], gc.get_freeze_count() > 1000))
run()
"""


def test_start_and_end_cost_little() -> None:
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"esb {esb.__version__}", "100000 True"]


def test_to_import_it_changes_nothing() -> None:
    ask = "import gc; before = gc.get_threshold(); import esb.cli.entry; print(before == gc.get_threshold())"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
