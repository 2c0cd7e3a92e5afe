"""SchemaViolation of a request: where, and what was expected, is told; what stood there never is."""

from collections.abc import Callable

import pytest
from support.place import Place
from support.way import Asker, expect_person, expect_refusal, granted

from esb.kernel import rules
from esb.kernel.directory import Judgement
from esb.kernel.soap import SoapVersion

SECRET = "geheimes-Wort"


def person(inner: str) -> bytes:
    return f'<p:GetPerson xmlns:p="urn:example:person">{inner}</p:GetPerson>'.encode()


BODIES = {
    "pattern": (person(f"<p:fin>{SECRET}</p:fin>"), "fin"),
    "unknown element": (person(f"<p:fin>5ABC123</p:fin><p:{SECRET}>x</p:{SECRET}>"), "GetPerson"),
    "missing element": (person(f"<p:remark>{SECRET}</p:remark>"), "GetPerson"),
    "order": (person(f"<p:remark>{SECRET}</p:remark><p:fin>5ABC123</p:fin>"), "GetPerson"),
    "twice": (person("<p:fin>5ABC123</p:fin><p:fin>5ABC123</p:fin>"), "GetPerson"),
    "unknown attribute": (person("<p:fin>5ABC123</p:fin>").replace(b">", b' who="5ABC123">', 1), "GetPerson"),
    "text": (person(f"{SECRET}<p:fin>5ABC123</p:fin>"), "GetPerson"),
    "no date": (
        person(
            f"<p:fin>5ABC123</p:fin><p:like><p:fin>5ABC123</p:fin><p:surname>{SECRET}</p:surname>"
            f"<p:name>x</p:name><p:born>{SECRET}</p:born></p:like>"
        ),
        "born",
    ),
}


@pytest.mark.parametrize("kind", BODIES)
def test_what_is_wrong_is_told_without_its_value(asker: Asker, version: SoapVersion, kind: str) -> None:
    body, where = BODIES[kind]
    exchange = asker.ask(body=body, version=version)
    reply = expect_refusal(exchange, rules.SCH_REQUEST, consumer="EESMN", secrets=("5ABC123", SECRET))
    told = {one.get("name"): one.text for one in reply.root.iter("{urn:shluz:exchange:1}particular")}
    assert int(told["line"]) >= 1
    assert where in told["path"]
    assert told["expected"]


def test_the_line_is_the_senders(asker: Asker, version: SoapVersion) -> None:
    body = person("\n\n<p:fin>NOT-A-FIN</p:fin>\n")
    reply = expect_refusal(asker.ask(body=body, version=version), rules.SCH_REQUEST, consumer="EESMN")
    assert reply.particular("line") == "3"


def test_no_violation_can_bring_markup_into_the_fault(asker: Asker, version: SoapVersion) -> None:
    body = person("<p:fin>&lt;b&gt;&amp;]]&gt;</p:fin>")
    reply = expect_refusal(asker.ask(body=body, version=version), rules.SCH_REQUEST, consumer="EESMN")
    assert b"&lt;b" not in reply.body


@pytest.mark.parametrize("judgement", [Judgement.WARN, Judgement.OFF])
def test_a_resource_that_only_warns_or_does_not_judge(
    asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str], judgement: Judgement
) -> None:
    service = granted(place, f"DIN/IAMAS/{fresh_name()}/v1", judge_request=judgement)
    exchange = asker.ask(body=person("<p:fin>NOT-A-FIN</p:fin>"), version=version, service=service)
    expect_person(exchange)
    assert b"NOT-A-FIN" in exchange.delivered[0].body


def test_a_schema_hint_is_not_followed(asker: Asker, version: SoapVersion) -> None:
    hint = (
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x {asker.place.provider.url}"'
    )
    body = person("<p:fin>5ABC123</p:fin>").replace(b">", f" {hint}>".encode(), 1)
    exchange = asker.ask(body=body, version=version)
    expect_person(exchange)
    assert len(exchange.delivered) == 1
