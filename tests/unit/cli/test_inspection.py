"""`esb inspection`, from the plan to the end, by two persons."""

import json

import pytest

from .conftest import Run

POINTS = ("fin", "personal-data", "database", "purpose", "exchange", "soap", "integration")


def test_the_whole_way(office: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def do(who: str, *arguments: str, code: int = 0) -> str:
        monkeypatch.setattr("esb.cli.desk.who_acts", lambda: who)
        done = office("inspection", *arguments)
        assert done.exit_code == code, done.output
        return done.output

    assert "There are no inspections" in do("aysel", "list")
    assert "Inspection 1 is planned" in do("aysel", "plan", "DIN", "--on", "2099-01-01", "--reason", "plan")
    do("aysel", "start", "1")
    for point in POINTS:
        do("aysel", "point", "1", point, "not-conform" if point == "fin" else "conform", "--remark", "seen")
    given = ("--severity", "major", "--responsible", "IT", "--until", "2099-01-01")
    assert "Finding 1" in do("aysel", "finding", "1", "fin", "FIN is not checked", *given)
    do("aysel", "report", "1", "--text", "one thing to mend")
    do("aysel", "agree", "1", "--objections", "too hard")
    assert "not confirmed" in do("aysel", "close", "1", code=1)
    do("aysel", "mend", "1", "--remedy", "checked now")
    assert "another officer" in do("aysel", "confirm", "1", "--remark", "seen", code=1)
    do("kamran", "confirm", "1", "--remark", "seen")
    do("aysel", "close", "1")
    shown = json.loads(do("aysel", "show", "1", "--json"))
    assert (shown["state"], shown["objections"], shown["findings"][0]["state"]) == ("closed", "too hard", "confirmed")
    assert "FIN is not checked" in do("aysel", "show", "1")
    do("aysel", "plan", "DIN", "--on", "2099-01-01", "--reason", "plan")
    do("aysel", "cancel", "2", "--reason", "moved")
    assert [one["state"] for one in json.loads(do("aysel", "list", "--json"))] == ["closed", "cancelled"]
