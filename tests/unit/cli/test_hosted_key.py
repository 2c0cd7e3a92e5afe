"""`esb member hosted-key`."""

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]


def test_a_key_is_kept_for_a_member_by_the_homes_authority(office: Run, tmp_path: Path) -> None:
    result = office("member", "hosted-key", "DIN")
    assert result.exit_code == 0, result.output
    assert "--answer-signature hosted" in result.stdout
    assert b"ENCRYPTED" in (tmp_path / "shluz-home/keys/hosted/DIN.key").read_bytes()
    assert "hosted for DIN" in office("key", "list").stdout
    ended = office("member", "hosted-key", "DIN", "--end", "--yes")
    assert ended.exit_code == 0
    assert office("member", "hosted-key", "DIN", "--end", "--yes").exit_code == 1


def test_an_outside_authority_is_asked_in_two_steps(office: Run, tmp_path: Path) -> None:
    asked = office("member", "hosted-key", "DIN", "--csr", str(tmp_path / "din.csr"))
    assert asked.exit_code == 0, asked.output
    assert "--certificate FILE" in asked.stdout
    issued = tmp_path / "din.pem"
    office("member", "enrol", "DIN", "--csr", str(tmp_path / "din.csr"), "--out", str(issued))
    assert office("member", "hosted-key", "DIN", "--certificate", str(issued)).exit_code == 0


def test_one_thing_at_a_time(office: Run, tmp_path: Path) -> None:
    assert office("member", "hosted-key", "DIN", "--end", "--csr", str(tmp_path / "x")).exit_code == 2
