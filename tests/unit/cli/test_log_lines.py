"""How records are shown, and how criteria are read."""

import click
import pytest
from click.testing import CliRunner
from support.records import a_record

from esb.audit.entry import Kind
from esb.audit.query import Query
from esb.audit.search import Found
from esb.cli.log_lines import Duration, criteria, line, query_of, whole


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [("300ms", 300_000), ("2.5s", 2_500_000), ("2", 2_000_000), ("1min", 60_000_000), ("0", 0)],
)
def test_a_duration(text: str, microseconds: int) -> None:
    assert Duration().convert(text, None, None) == microseconds


@pytest.mark.parametrize("text", ["", "fast", "-1s", "1h", "nan", "1e30s"])
def test_no_duration(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Duration().convert(text, None, None)


def test_criteria_become_a_query() -> None:
    seen: list[Query] = []

    @click.command()
    @criteria
    @click.option("--more")
    def command(criteria: dict[str, object], more: str | None) -> None:
        seen.append(query_of(criteria))

    runner = CliRunner()
    for given in (
        (),
        ("--since", "2026-11-29", "--kind", "change", "--case", "2026/7", "--id", "x", "--certificate", "AB"),
        ("--slower-than", "2s", "--more", "x"),
    ):
        result = runner.invoke(command, given)
        assert result.exit_code == 0, result.output
    assert seen == [
        Query(),
        Query(since=1_795_910_400_000_000, kind=Kind.CHANGE, case_number="2026/7", name="x", certificate="ab"),
        Query(slower_than=2_000_000),
    ]


def test_a_line_says_how_long_it_took() -> None:
    found = Found(7, a_record(duration_us=1_500, rule="MSG-05").entry, b"h" * 32)
    assert {"1.5 ms", "accepted (MSG-05)"} <= set(line(found))
    assert "-" in line(Found(7, a_record(duration_us=None).entry, b""))
    assert (whole(found)["leafHash"], whole(found)["at"]) == ("68" * 32, "2023-11-14 22:13:20.000")
