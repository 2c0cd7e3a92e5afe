"""The story on a terminal."""

from collections.abc import Iterable, Sequence

from esb.demo.agencies import read_agencies
from esb.demo.place import Place
from esb.demo.stage import Stage
from esb.demo.story import Check, Played
from esb.demo.tell import WIDTH, Page, log_table, summary, tell, wrapped

PLAYED = Played(
    name="identity",
    title="Labour asks Internal Affairs whose FIN it is, in a title that is longer than a line of a hundred columns",
    consumer="EESMN",
    service="DIN/IAMAS/PersonQuery/v1",
    operation="FindPerson",
    purpose="Registration of an employment contract",
    legal_basis="Labour Code (Əmək Məcəlləsi)",
    outcome="AccessDenied",
    rule="ACC-02",
    rule_text="The consumer has a grant for the operation; without one the answer is no.",
    status=500,
    took_ms=1.5,
    provider_ms=None,
    said="Şərifova Aytən " * 12,
    exchange="0197",
    records=("0197-r",),
    checks=(Check("a thing that is so", True), Check("a thing that is not so", False)),
)


def page(lines: list[str]) -> Page:
    def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
        return "\n".join(" ".join(map(str, row)) for row in (headers, *rows))

    return Page(lambda text: lines.extend(text.split("\n")), lambda text, colour: text, table)


def told(stage: Stage) -> list[str]:
    lines: list[str] = []
    tell(page(lines), 7, PLAYED, stage.place)
    return lines


def test_no_line_is_wider_than_a_hundred_columns(stage: Stage) -> None:
    assert max(map(len, told(stage))) <= WIDTH
    assert max(map(len, wrapped("söz " * 100).split("\n"))) <= WIDTH


def test_a_scene_tells_who_what_for_what_was_decided_and_the_record(stage: Stage) -> None:
    text = " ".join(" ".join(told(stage)).split())
    assert "EESMN (Ministry of Labour and Social Protection of Population) → DIN/IAMAS/PersonQuery/v1" in text
    assert "Registration of an employment contract, by the Labour Code (Əmək Məcəlləsi)" in text
    assert "AccessDenied · HTTP 500 · 1.5 ms" in text
    assert f"ACC-02: {PLAYED.rule_text}" in text
    assert "0197-r" in text


def test_ticks_and_crosses_tell_what_was_checked(stage: Stage) -> None:
    lines = told(stage)
    assert "    ✓ a thing that is so" in lines
    assert "    ✗ a thing that is not so" in lines


def test_the_summary_names_what_is_not_as_it_should_be() -> None:
    lines: list[str] = []
    summary(page(lines), [PLAYED], 5.0)
    assert lines[-1] == "✗ 1 of 2 checks hold; not as it should be: identity"


def test_the_log_is_told_oldest_first(stage: Stage) -> None:
    records = stage.evidence.recent(5)
    lines = log_table(page([]), records).split("\n")
    assert [line.split()[0] for line in lines] == ["NO", *[str(each.id) for each in reversed(records)]]


def test_every_agency_has_a_name_to_be_told(stage: Stage) -> None:
    place: Place = stage.place
    assert all(place.name(agency.code) for agency in read_agencies())
