"""`esb document`."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]
CONTENT = "Fərman".encode()
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def add(run: Run, tmp_path: Path, *options: str) -> Result:
    (tmp_path / "fərman.pdf").write_bytes(CONTENT)
    return run("document", "add", "fərman.pdf", *options)


def test_a_document_goes_in_and_comes_out(office: Run, tmp_path: Path) -> None:
    result = add(office, tmp_path)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == DIGEST
    assert "application/pdf" in result.stdout
    assert office("document", "get", DIGEST, "--out", "out.pdf").exit_code == 0
    assert (tmp_path / "out.pdf").read_bytes() == CONTENT
    again = office("document", "get", DIGEST)
    assert (again.exit_code, "not overwritten" in again.stderr) == (1, True)
    assert office("document", "get", "0" * 64).exit_code == 1


def test_the_list_for_people_and_for_programs(office: Run, tmp_path: Path) -> None:
    assert "esb document add" in office("document", "list").stdout
    add(office, tmp_path, "--keep-until", "2099-01-01", "--name", "başqa.pdf")
    assert "2099-01-01" in office("document", "list").stdout
    [facts] = json.loads(office("document", "list", "--json").stdout)
    assert (facts["sha256"], facts["name"], facts["keep_until"]) == (DIGEST, "başqa.pdf", 4_070_908_800.0)


def test_what_is_too_large_is_not_even_read(office: Run, tmp_path: Path) -> None:
    with (tmp_path / "big.bin").open("wb") as file:
        file.truncate(20 * 1024 * 1024 + 1)
    result = office("document", "add", "big.bin")
    assert (result.exit_code, "the most that is archived" in result.stderr) == (1, True)


def test_expiry_asks_first_and_tells_what_went(office: Run, tmp_path: Path) -> None:
    add(office, tmp_path)
    assert "--yes" in office("document", "expire").stderr
    assert office("document", "expire", "--yes").stdout == "0 documents' retention had ended.\n"
