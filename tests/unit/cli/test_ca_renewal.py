"""`esb ca renew --next`, `renewal` and `cutover`."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]


def test_from_the_next_key_to_the_cut_over_and_back(office: Run, tmp_path: Path) -> None:
    keys = tmp_path / "shluz-home" / "keys"
    before = (keys / "bus.pem").read_bytes()
    assert "No renewal is under way" in office("ca", "renewal").stdout
    result = office("ca", "renew", "--next")
    assert "esb ca cutover" in result.stdout
    assert (keys / "bus.next.key").exists()
    (facts,) = json.loads(office("ca", "renewal", "--json").stdout)
    assert (facts["of"], facts["rehearsed"], facts["failed"]) == ("the bus", 0, 0)
    assert "under way since" in office("ca", "renewal").stdout
    refused = office("ca", "cutover", "--yes")
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert office("ca", "cutover", "--yes", "--force").exit_code == 0
    assert (keys / "bus.pem").read_bytes() != before
    assert "Put back" in office("ca", "cutover", "--abort", "--yes").stdout
    assert (keys / "bus.pem").read_bytes() == before
    assert "given up on" in office("ca", "renewal", "--all").stdout


def test_a_next_key_is_thrown_away(office: Run) -> None:
    office("ca", "renew", "--next", "--key-kind", "p384")
    assert "Threw away" in office("ca", "cutover", "--abort", "--yes").stdout
    assert office("ca", "cutover", "--abort", "--yes").exit_code == 1


def test_what_does_not_go_together_is_a_wrong_command_line(office: Run) -> None:
    assert office("ca", "renew", "--second").exit_code == 2
    assert office("ca", "renew", "--next", "--second").exit_code == 2
    assert office("ca", "cutover").exit_code == 1
