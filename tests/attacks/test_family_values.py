"""Signed values that mean something to an interpreter behind the bus: they arrive as the values that they are.

The bus builds no SQL, LDAP filter, XPath, template or command of a message; here it is seen that it does not change,
unfold or evaluate one on its way either, in every way to a provider and in the services that it hosts itself.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
from attacks.siege import besiege, canonical
from lxml import etree
from support.client import GET_PERSON, Consumer, post
from support.place import PERSONS, Place, make_place
from support.provider import Given, Provider, envelope11
from support.way import MEDIA, granted, path_of

from esb.admin.hosted import hosted_contract
from esb.admin.services import register_service
from esb.kernel.directory import Judgement, SignatureMode
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.services import Terms

META: Final = "urn:shluz:meta:1"
METADATA: Final = ServiceId.parse("DIN/BUS/Metadata/v1")
VALUES: Final = (
    "' OR '1'='1", "'; DROP TABLE service; --", "\" OR \"\"=\"", "1 UNION SELECT sha256, der FROM certificate",
    "\\'; --", "' || pg_sleep(60) || '", "%' AND 1=(SELECT COUNT(*) FROM member) AND '%'='", ":name", "?", "$1",
    "{0}", "%s", "%(x)s", "*)(uid=*))(|(uid=*", "*", "\\2a\\28", "admin)(&)", "cn=x,dc=y", "' or count(/*)=1 or '",
    "']|//*|x['", "document('x')", "<xsl:value-of select=\"system-property('xsl:vendor')\"/>", "; cat /etc/passwd",
    "| id", "`id`", "$(id)", "&& id", "\n/bin/sh\n", "-rf", "--help", "../../etc/passwd", "{{7*7}}", "${7*7}",
    "#{7*7}", "<%= 7*7 %>", "${jndi:ldap://x/}", "{\"$ne\": null}", "\"}, \"admin\": true, {\"", "[object Object]",
    "__proto__", "=1+1", "@SUM(1)", "]]>", "<![CDATA[", "<!ENTITY x SYSTEM 'file:///etc/passwd'>", "&amp;lt;",
    "&#60;", "\\u003c", "%3Cscript%3E", "<script>alert(1)</script>", "</p:remark><p:fin>5EVIL99</p:fin><p:remark>",
    "--><x/><!--", "?><x/>", "\t\r\n x \r\n", "\u0085\u2028", "\U0001f600", "e\u0301", "\ufb01", "I\u0307\u0131",
    "\u202e", "x" * 4_000, "0", "-0", "1e309", "NaN", "null", "undefined", "true",
)  # fmt: skip
_WAYS: Final = ("bus", "carry", "none", "other version", "unjudged")


@pytest.fixture(scope="module")
def services(attacked: Place) -> dict[str, ServiceId]:
    """One resource for each way to a provider."""
    made = {mode.value: granted(attacked, f"DIN/IAMAS/Value-{mode.value}/v1", signature=mode) for mode in SignatureMode}
    for version in SoapVersion:
        made[version.name] = granted(attacked, f"DIN/IAMAS/Value-{version.name}/v1", provider_version=version)
    made["unjudged"] = granted(attacked, "DIN/IAMAS/Value-off/v1", judge_request=Judgement.OFF)
    return made


def escaped(value: str) -> str:
    for character, reference in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;")):
        value = value.replace(character, reference)
    return value


@pytest.mark.parametrize("way", _WAYS)
def test_values_arrive_as_they_were_signed(
    place: Place, eesmn: Consumer, services: dict[str, ServiceId], version: SoapVersion, way: str
) -> None:
    other = next(each for each in SoapVersion if each is not version)
    service = services[other.name if way == "other version" else way]
    with besiege(place, least=60) as siege:
        for value in VALUES:
            remark = f"<p:remark>{escaped(value)}</p:remark></p:GetPerson>".encode()
            body = GET_PERSON.replace(b"</p:GetPerson>", remark)
            message = eesmn.sign(body, version=version)
            payload = canonical(etree.fromstring(message)[-1][0])
            assert etree.fromstring(payload).findtext("{urn:example:person}remark") == value
            assert siege.harmless(value, message, version, payload, path=path_of(service)), value


def test_answers_come_back_as_they_were_written(place: Place, eesmn: Consumer, version: SoapVersion) -> None:
    """A provider's values are no more evaluated than a consumer's."""
    for value in VALUES:
        note = f"<p:note>{escaped(value)}</p:note>"
        content = (
            '<p:GetPersonResponse xmlns:p="urn:example:person"><p:person><p:fin>5ABC123</p:fin><p:surname>A</p:surname>'
            f"<p:name>B</p:name><p:born>1990-01-01</p:born>{note}</p:person></p:GetPersonResponse>"
        )
        given = Given(envelope11(content.encode()))
        place.provider.answer = lambda _, given=given: given  # type: ignore[misc]
        reply = post(place.port, path_of(PERSONS), eesmn.sign(version=version), MEDIA[version])
        assert reply.status == 200, (value, reply.fault_text)
        assert reply.payload.findtext(".//{urn:example:person}note") == value
    place.provider.reset()


@pytest.fixture(scope="module")
def hosting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A bus that answers questions about its own registry, which is a database."""
    provider = Provider()
    place = make_place(tmp_path_factory.mktemp("hosting") / "home", provider)
    terms = Terms(endpoint="metadata", adapter="hosted", signature=SignatureMode.NONE, timeout=10.0)
    contract = hosted_contract("metadata")
    register_service(
        place.engine, METADATA, contract, terms, author="operator", now=time.time(), told=lambda _: None
    )  # fmt: skip
    place.grant("EESMN", METADATA)
    with place.serve():
        yield place
    provider.close()


def test_values_at_a_service_that_the_bus_hosts(hosting: Place, version: SoapVersion) -> None:
    """A question about a service of a hostile name is a question about none: a fault without a word of the inside."""
    consumer = hosting.consumers["EESMN"]

    def ask(local: str, name: str, value: str) -> Any:
        body = f'<m:{local} xmlns:m="{META}"><m:{name}>{escaped(value)}</m:{name}></m:{local}>'
        return post(hosting.port, METADATA.path, consumer.sign(body.encode(), version=version), MEDIA[version])

    assert ask("listMethods", "service", PERSONS.text).status == 200
    for value in VALUES:
        for local in ("listMethods", "getContract"):
            reply = ask(local, "service", value)
            assert reply.status in (400, 500), (local, value)
            text = etree.tostring(reply.payload, encoding="unicode")
            for inside in ("Traceback", "sqlalchemy", "sqlite", "SELECT", "root:", "Error:"):
                assert inside not in text.replace(escaped(value), ""), (local, value)
            assert reply.code != "InternalError", (local, value)
    assert ask("listMethods", "service", PERSONS.text).status == 200
