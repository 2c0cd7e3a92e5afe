"""Asking by hand while the demo is up."""

import http.client
from pathlib import Path

import pytest

from esb.demo.ask import main
from esb.demo.offers import PERSONS
from esb.demo.people import make_population
from esb.demo.stage import Stage

PERSON = make_population().people[0]


def arguments(stage: Stage, *more: str) -> list[str]:
    return ["--home", str(stage.place.home.path), *more, PERSONS, "FindPerson", f"fin={PERSON.fin}"]


def test_a_question_is_answered(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments(stage), "officer=Nərgiz"]) == 0
    said = capsys.readouterr().out
    assert PERSON.surname in said
    assert "signature holds" in said


def test_a_refusal_is_told_with_its_rule(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments(stage, "--as", "AZERENERJI")]) == 1
    assert capsys.readouterr().out.startswith("ACC-02: ")


def test_a_question_is_written_ready_to_be_posted_once(stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "question.xml"
    assert main([*arguments(stage, "--write", str(file)), "officer=Nərgiz"]) == 0
    statuses = []
    for _ in range(2):
        connection = http.client.HTTPConnection("127.0.0.1", stage.place.settings.door.port, timeout=20)
        connection.request("POST", f"/services/{PERSONS}", file.read_bytes(), {"Content-Type": "text/xml"})
        statuses.append(connection.getresponse().status)
        connection.close()
    assert statuses == [200, 500]


def test_a_member_without_a_key_here_is_told(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(stage, "--as", "TQDK")) == 2
    assert "TQDK.key" in capsys.readouterr().err


def test_a_value_without_a_name_is_told(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*arguments(stage), "5ABC123"])
    assert "name=value" in capsys.readouterr().err
