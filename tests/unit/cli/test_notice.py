"""`esb notice`."""

import json
import re
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from click.testing import Result
from support.mailroom import mail_server

Run = Callable[..., Result]


def test_maintenance_is_announced_and_says_when_it_is_late(office: Run) -> None:
    announce = ("notice", "maintenance", "DIN", "--until", "2990-01-02", "--reason", "New disks")
    early = office(*announce, "--from", "2990-01-01T20:00")
    assert (early.exit_code, early.stderr) == (0, "")
    assert "Maintenance 1 is announced" in early.stdout
    assert "two days" not in early.stdout
    late = office(*announce, "--from", "2020-01-01")
    assert "less than two days ahead (statute, 5.1.7)" in late.stdout
    assert "Maintenance 1 is over" in office("notice", "cancel", "1", "--reason", "Not needed").stdout
    listed = json.loads(office("notice", "list", "--json", "--topic", "maintenance").stdout)
    assert [each["facts"]["late"] for each in listed] == [False, True, False]
    assert office("notice", "cancel", "1", "--reason", "again").exit_code == 1


def test_an_outage_is_told_and_over(office: Run) -> None:
    asked = office("notice", "outage", "DIN")
    assert (asked.exit_code, "add --yes" in asked.stderr) == (1, True)
    told = office("notice", "outage", "DIN", "--yes", "--cause", "Power is out")
    assert "Outage 1 is told. Told: DIN." in told.stdout
    assert "Outage 1 is over" in office("notice", "outage", "DIN", "--over").stdout
    assert office("notice", "outage", "NOBODY", "--yes").exit_code == 1
    shown = office("notice", "show", "1").stdout
    for words in ("Xidmət əlçatan deyil: iştirakçı DIN", "Outage: member DIN", "cause: Power is out", "@operator:"):
        assert words in shown
    assert json.loads(office("notice", "show", "1", "--json").stdout)["read"] == {"@operator": None, "DIN": None}


def test_a_mailbox_is_listed_and_marked_as_read(office: Run) -> None:
    office("notice", "outage", "DIN", "--yes")
    assert "Outage: member DIN" in office("notice", "mailbox", "DIN", "--read").stdout
    assert office("notice", "mailbox", "DIN", "--unread").stdout == "Nothing lies in the mailbox of DIN.\n"
    [letter] = json.loads(office("notice", "mailbox", "DIN", "--json").stdout)
    assert (letter["topic"], letter["read"] is not None) == ("outage", True)


def test_a_channel_from_its_code_to_its_end(office: Run, tmp_path: Path) -> None:
    made = office("notice", "subscribe", "DIN", "--mail", "duty@din.example", "--topic", "outage")
    assert "esb notice verify 1 CODE" in made.stdout
    with mail_server() as inbox:
        settings = {
            "SHLUZ_MAIL_HOST": "127.0.0.1",
            "SHLUZ_MAIL_PORT": str(inbox.port),
            "SHLUZ_MAIL_SECURITY": "none",
            "SHLUZ_MAIL_SENDER": "notices@bus.example",
        }
        assert office("notice", "deliver", **settings).stdout.startswith("1 delivered, 0 to be tried again")
        content = message_from_bytes(inbox.letters[0].content, policy=default).get_content()
        [code] = set(re.findall(r"verify 1 ([0-9a-f]{16})", content))
        assert office("notice", "verify", "1", "wrong").exit_code == 1
        assert "Channel 1 is open" in office("notice", "verify", "1", code).stdout
        assert code not in office("act", "list", "--json").stdout
        office("notice", "outage", "DIN", "--yes")
        assert office("notice", "deliver", **settings).stdout.startswith("1 delivered")
    assert "duty@din.example" in office("notice", "channels", "DIN").stdout
    assert json.loads(office("notice", "channels", "--json").stdout)[0]["state"] == "open"
    assert "delivered" in office("notice", "show", "1").stdout
    assert office("notice", "unsubscribe", "1", "--yes").exit_code == 0
    assert office("notice", "channels").stdout == "There are no channels.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("subscribe", "DIN"),
        ("subscribe", "DIN", "--mail", "a@b.example", "--webhook", "https://b.example/"),
        ("subscribe", "DIN", "--mail", "a@b.example", "--topic", "gossip"),
        ("list", "--topic", "gossip"),
    ],
)
def test_what_makes_no_sense_is_told(office: Run, arguments: tuple[str, ...]) -> None:
    assert office("notice", *arguments).exit_code == 2


def test_without_a_mail_server_it_is_tried_again_and_said_why(office: Run) -> None:
    office("notice", "subscribe", "DIN", "--mail", "duty@din.example")
    assert "0 delivered, 1 to be tried again, 0 given up; 1 wait." in office("notice", "deliver").stdout


def test_what_is_due_is_announced(office: Run) -> None:
    assert office("notice", "due").stdout == "0 notices were written.\n"
