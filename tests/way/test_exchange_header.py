"""The exch:Exchange header: its fields reach the record and the provider; another form than its schema's is refused."""

import secrets
from collections.abc import Callable

import pytest
from lxml import etree
from support.client import NS
from support.place import Place
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion
from esb.registry.members import add_system

OPEN, CLOSE = '<e:Exchange xmlns:e="urn:shluz:exchange:1">', "</e:Exchange>"


def test_every_field_arrives(asker: Asker, place: Place, version: SoapVersion, fresh_name: Callable[[], str]) -> None:
    code = place.member(fresh_name()).code
    with place.acting() as act:
        add_system(act, code, "SYS", "Sistem", "System")
    place.grant(code, purpose="pension", legal_basis="Law on pensions, § 12")
    place.settle()
    fields = {
        "client": f"{code}/SYS",
        "id": f"id-{secrets.token_hex(8)}",
        "purpose": "pension",
        "legalBasis": "Law on pensions, § 12",
        "caseNumber": "2026/Ə-17",
        "officer": "Ə. Quliyev",
        "onBehalfOf": "S. Rzayeva",
    }
    block = (OPEN + "".join(f"<e:{k}>{v}</e:{k}>" for k, v in fields.items()) + CLOSE).encode()
    exchange = asker.ask(place.consumers[code], version=version, headers=(block,))
    expect_person(exchange)
    for record in exchange.records:
        entry = record.entry
        assert (entry.client, entry.message_id, entry.purpose) == (f"{code}/SYS", fields["id"], "pension")
        assert (entry.legal_basis, entry.case_number) == (fields["legalBasis"], fields["caseNumber"])
        assert (entry.officer, entry.on_behalf_of) == (fields["officer"], fields["onBehalfOf"])
    told = etree.fromstring(exchange.delivered[0].body).find(".//exch:Forwarded", NS)
    names = ("client", "purpose", "legalBasis", "caseNumber", "officer", "onBehalfOf")
    assert {name: told.findtext(f"exch:{name}", namespaces=NS) for name in names} == {
        name: fields[name] for name in names
    }
    assert told.findtext("exch:consumer", namespaces=NS) == code


def test_what_the_consumer_leaves_out_the_grant_says(asker: Asker, version: SoapVersion) -> None:
    exchange = asker.ask(version=version)
    expect_person(exchange)
    told = etree.fromstring(exchange.delivered[0].body).find(".//exch:Forwarded", NS)
    assert told.findtext("exch:purpose", namespaces=NS) == "test"
    assert told.findtext("exch:legalBasis", namespaces=NS) == "Law 1"
    assert told.findtext("exch:consumer", namespaces=NS) == "EESMN"


def test_its_id_is_the_message_id(asker: Asker, version: SoapVersion) -> None:
    ident = f"id-{secrets.token_hex(8)}"
    block = f"{OPEN}<e:id>{ident}</e:id>{CLOSE}".encode()
    expect_person(asker.ask(version=version, headers=(block,)))
    expect_refusal(asker.ask(version=version, headers=(block,)), rules.TIM_REPLAY, consumer="EESMN")


@pytest.mark.parametrize("ident", ["x" * 257, "a\nb", "a&#x1b;[2Jb", " "], ids=["long", "lines", "escape", "blank"])
def test_an_id_that_is_none(asker: Asker, version: SoapVersion, ident: str) -> None:
    if "&#x1b;" in ident:
        ident = ident.replace("&#x1b;", "\N{ZERO WIDTH SPACE}")  # XML 1.0 has no escape character at all
    block = f"{OPEN}<e:id>{ident}</e:id>{CLOSE}".encode()
    exchange = asker.ask(version=version, headers=(block,))
    rule = {"TIM-05": rules.TIM_ID, "ACC-09": rules.ACC_HEADER}[exchange.reply.rule]
    expect_refusal(exchange, rule, consumer=exchange.records[-1].entry.consumer)


FORMS = {
    "unknown field": OPEN + "<e:reason>x</e:reason>" + CLOSE,
    "a field twice": OPEN + "<e:purpose>test</e:purpose><e:purpose>test</e:purpose>" + CLOSE,
    "a field with markup": OPEN + "<e:purpose><b>test</b></e:purpose>" + CLOSE,
    "text beside": OPEN + "test" + CLOSE,
    "a field of another namespace": OPEN + '<purpose xmlns="urn:x">test</purpose>' + CLOSE,
}


@pytest.mark.parametrize("form", FORMS)
def test_another_form(asker: Asker, version: SoapVersion, form: str) -> None:
    exchange = asker.ask(version=version, headers=(FORMS[form].encode(),))
    expect_refusal(exchange, rules.ACC_HEADER, consumer=exchange.records[-1].entry.consumer)


def test_two_of_them(asker: Asker, version: SoapVersion) -> None:
    block = f"{OPEN}<e:purpose>test</e:purpose>{CLOSE}".encode()
    exchange = asker.ask(version=version, headers=(block, block))
    expect_refusal(exchange, rules.ACC_HEADER, consumer=exchange.records[-1].entry.consumer)


def test_a_field_cannot_write_a_line_of_the_log(asker: Asker, version: SoapVersion) -> None:
    """Line ends in a field are refused or kept as text: one record, one exchange."""
    block = f"{OPEN}<e:officer>A&#13;&#10;fake record</e:officer>{CLOSE}".encode()
    exchange = asker.ask(version=version, headers=(block,))
    if exchange.reply.status == 200:
        expect_person(exchange)
    else:
        expect_refusal(exchange, rules.ACC_HEADER, consumer=exchange.records[-1].entry.consumer)
