"""What is known of a hosted service before Spyne is loaded, and that a bus which hosts none never loads it."""

import subprocess
import sys

from esb.adapters.hosted.service import Asked, HostedService


def test_they_are_plain_values() -> None:
    asked = Asked("x-1", "EESMN", "EESMN/HR", "DIN/IAMAS/Sample/v1", "told", bus=None)
    assert asked.officer == ""
    assert HostedService(int, "urn:x", "X") == HostedService(int, "urn:x", "X")


def test_a_serving_process_does_not_load_what_only_others_need() -> None:
    code = "import sys, esb.cli.desk, esb.registry.migrations, esb.worker\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"spyne", "zeep", "alembic", "xmlschema", "pyarrow", "fpdf"} & set(loaded)
