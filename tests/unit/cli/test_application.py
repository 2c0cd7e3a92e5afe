"""`esb application`, from filing to the archive, by two persons, with a provider that is really called."""

import json
from collections.abc import Callable, Iterator

import pytest
from click.testing import Result
from support.place import CONTRACTS
from support.provider import Provider

from .conftest import Run

NAME = "DIN/IAMAS/PersonQuery/v1"
OPTIONS = {"SHLUZ_CHECKS_REQUIRE_TLS": "no", "SHLUZ_CHECKS_CALLS": "3"}


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def by(office: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """``by("aysel", "list")``: the command, as a person whom the machine knows."""

    def run(who: str, *arguments: str, **environ: str) -> Result:
        monkeypatch.setattr("esb.cli.desk.who_acts", lambda: who)
        return office("application", *arguments, **environ)

    return run


def test_the_whole_way_by_two_persons(by: Callable[..., Result], provider: Provider) -> None:
    def do(who: str, *arguments: str, code: int = 0) -> str:
        done = by(who, *arguments, **OPTIONS)
        assert done.exit_code == code, done.output
        return done.output

    wsdl = str(CONTRACTS / "person.wsdl")
    given = ("--service", NAME, "--wsdl", wsdl, "--endpoint", provider.url, "--purpose", "why", "--contact", "IT")
    said = do("aysel", "apply", "DIN", *given, "--document", wsdl)
    assert "Application 1 is filed" in said
    do("kamran", "return", "1", "--reason", "say more of the purpose")
    do("aysel", "amend", "1", *given[:2], *given[4:6], "--purpose", "who somebody is", "--contact", "IT")
    assert "is complete" in do("kamran", "accept", "1")
    said = do("kamran", "check", "1", "--allow-private")
    assert "pass            exchange" in said
    assert "passed" in said
    assert "another officer" in do("aysel", "opine", "1", "--favourable", "--reason", "good", code=1)
    do("kamran", "opine", "1", "--favourable", "--reason", "good")
    assert f"{NAME} is registered and served" in do("kamran", "register", "1", "--reason", "decided", "--yes")
    # The same once more under another name: a warning with its score, and no failure.
    do("aysel", "apply", "DIN", "--service", "DIN/IAMAS/Citizens/v1", *given[2:])
    do("kamran", "accept", "2")
    said = do("kamran", "check", "2", "--allow-private")
    assert f"duplicate-likely (a warning): {NAME} is like it" in said
    assert "is kept with application 2: passed" in said
    shown = json.loads(do("kamran", "show", "1", "--json"))
    assert [one["act"] for one in shown["history"]] == [
        "apply", "return", "amend", "accept", "check", "opine", "register",
    ]  # fmt: skip
    assert list(shown["documents"].values()) == ["person.wsdl"]
    assert "registered" in do("kamran", "list")
    assert "WS-I" in do("kamran", "show", "1")
    assert "is suspended" in do("kamran", "suspend", "1", "--reason", "repair", "--yes")
    do("kamran", "resume", "1", "--reason", "repaired")
    do("kamran", "retire", "1", "--reason", "over", "--yes")
    do("kamran", "archive", "1", "--reason", "closed")
    assert json.loads(do("kamran", "list", "--state", "archived", "--json"))[0]["id"] == 1


def test_a_bad_service_fails_its_checks_and_is_refused(by: Callable[..., Result]) -> None:
    wsdl = str(CONTRACTS / "person.wsdl")
    given = ("--service", NAME, "--wsdl", wsdl, "--endpoint", "http://127.0.0.1:1/", "--purpose", "x", "--contact", "y")
    assert by("aysel", "apply", "DIN", *given).exit_code == 0
    assert by("kamran", "accept", "1").exit_code == 0
    report = json.loads(by("kamran", "check", "1", "--json").output)
    found = {one["check"]: {each["rule"] for each in one["findings"]} for one in report["results"]}
    assert not report["passed"]
    assert (found["tls"], found["reach"], found["exchange"]) == ({"tls-missing"}, {"address-forbidden"}, {"PRV-01"})
    refused = by("kamran", "opine", "1", "--favourable", "--reason", "x")
    assert (refused.exit_code, "did not pass" in refused.output) == (1, True)
    by("kamran", "opine", "1", "--unfavourable", "--reason", "no TLS")
    done = by("kamran", "refuse", "1", "--reason", "no TLS", "--yes")
    assert "is refused" in done.output


def test_what_is_missing_is_told_at_once(office: Run) -> None:
    done = office("application", "apply", "DIN", "--purpose", "x", "--contact", "y")
    assert done.exit_code == 1
    assert "neither a service nor a resource" in done.output


def test_an_unknown_state_and_an_empty_list(office: Run) -> None:
    assert "There are no applications" in office("application", "list").output
    assert office("application", "list", "--state", "asleep").exit_code == 2
    assert "0 reminders" in office("application", "remind").output
