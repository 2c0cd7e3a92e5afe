"""How commands speak."""

import io
import json
import sys

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from esb.cli import show


def test_a_table_is_aligned_whatever_the_letters() -> None:
    rows = [
        ("DİN", "Daxili İşlər Nazirliyi", 1),
        ("ƏƏSMN", "Əmək", 20),
        ("I\u0307", "combining", 3),
        ("中", "wide", 4),
    ]
    text = show.table(("CODE", "NAME", "N"), rows)
    assert text.splitlines() == [
        "CODE   NAME                    N",
        "DİN    Daxili İşlər Nazirliyi  1",
        "ƏƏSMN  Əmək                    20",
        "I\u0307      combining               3",
        "中     wide                    4",
    ]


def test_an_empty_table_has_headers() -> None:
    assert show.table(("A", "B"), []) == "A  B"


@given(st.lists(st.tuples(st.text(), st.text())))
def test_hostile_cells_stay_in_their_place(rows: list[tuple[str, str]]) -> None:
    for text in (show.table(("A", "B"), rows), show.block(rows)):
        lines = text.split("\n")
        assert all(line.isprintable() for line in lines)
    assert len(show.table(("A", "B"), rows).split("\n")) == len(rows) + 1


def test_a_block_of_facts() -> None:
    assert show.block([("id", 7), ("purpose", "təqaüd"), ("empty", "")]) == "id:       7\npurpose:  təqaüd\nempty:"


def test_json_keeps_letters_and_escapes_what_steers_a_terminal() -> None:
    @click.command()
    def command() -> None:
        show.say_json({"name": "Əli\x9b31m\x7f\u202e"})

    result = CliRunner().invoke(command)
    assert "Əli\\u009b31m\\u007f\\u202e" in result.stdout
    assert json.loads(result.stdout) == {"name": "Əli\x9b31m\x7f\u202e"}


def test_what_is_said_keeps_its_lines_and_nothing_else() -> None:
    @click.command()
    def command() -> None:
        show.say("a\nb\x1b[2J\r")
        show.complain("c\x07\nd")

    result = CliRunner().invoke(command)
    assert result.stdout == "a\nb\\x1b[2J\\r\n"
    assert result.stderr == "error: c\\x07\nd\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_only_on_a_terminal_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert show.paint("x", "red", Terminal()) == "\x1b[31mx\x1b[0m"
    assert show.paint("x", "red", io.StringIO()) == "x"
    monkeypatch.setenv("TERM", "dumb")
    assert show.paint("x", "red", Terminal()) == "x"
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert show.paint("x", "red", Terminal()) == "x"


def test_a_dangerous_act_needs_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    show.confirm("Revoke?", yes=True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(show.Unconfirmed, match="add --yes"):
        show.confirm("Revoke?", yes=False)
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    monkeypatch.setattr(click, "confirm", lambda text, err: False)
    with pytest.raises(show.Unconfirmed, match="Nothing was done"):
        show.confirm("Revoke?", yes=False)
    monkeypatch.setattr(click, "confirm", lambda text, err: True)
    show.confirm("Revoke?", yes=False)


def test_the_options_arrive_by_name() -> None:
    @click.command()
    @show.json_option
    @show.yes_option
    def command(as_json: bool, yes: bool) -> None:
        show.say(f"{as_json} {yes}")

    assert CliRunner().invoke(command, []).stdout == "False False\n"
    assert CliRunner().invoke(command, ["--json", "--yes"]).stdout == "True True\n"


def test_a_remark_stands_beside_the_output(capsys: pytest.CaptureFixture[str]) -> None:
    show.say_aside("not on\nrecord \x1b[2J yet")
    assert capsys.readouterr() == ("", "note: not on\nrecord \\x1b[2J yet\n")
