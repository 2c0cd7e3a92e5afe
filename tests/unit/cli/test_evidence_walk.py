"""The auditor's walk in docs/evidence-walk.md: its commands run as they stand there, and show what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path

from support.packages import PASSPHRASE, Packages

PAGE = Path(__file__).parents[3] / "docs" / "evidence-walk.md"


def script() -> str:
    """The page's commands, in order, in one shell; those that must fail are turned round."""
    text = "set -eu\n"
    for info, block in re.findall(r"^```(sh(?: fails)?)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S):
        if info == "sh":
            text += block
        else:
            *before, last = block.rstrip().split("\n")
            text += "\n".join(before) + f"\nif {last}; then exit 99; fi\n"
    return text


def shown() -> list[str]:
    """The lines that the page shows of what is printed; … stands for anything."""
    blocks = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return [line for block in blocks for line in block.rstrip("\n").split("\n")]


def test_the_walk_runs_as_written(packages: Packages, tmp_path: Path) -> None:
    (tmp_path / "answer.xml").write_bytes(packages.exchanges["answered"].reply.body)
    program = tmp_path / "bin" / "esb"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m esb.cli "$@"\n')
    program.chmod(0o755)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SHLUZ_")}
    environ |= {
        **packages.place.environment,
        "SHLUZ_HOME": str(packages.place.home.path),
        "SHLUZ_KEYS_PASSPHRASE": PASSPHRASE.decode(),
        "PATH": f"{program.parent}:{environ['PATH']}",
        "COLUMNS": "200",
    }
    done = subprocess.run(
        ["bash", "-c", script()], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    lines = done.stdout.split("\n")
    assert len(shown()) > 15
    for line in shown():
        form = re.compile(".*".join(re.escape(part) for part in line.split("…")))
        assert any(form.fullmatch(each) for each in lines), f"{line}\n{done.stdout}"
    digest = next(each.split()[0] for each in lines if each.endswith("  messages/request.xml"))
    assert f'"message_sha256":"{digest}"' in lines
    assert packages.exchanges["answered"].records[0].leaf_hash.hex() + "  -" in lines
