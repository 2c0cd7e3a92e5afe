"""PurposeMissing: a grant may demand any field of the exchange header; each that is missing is named."""

import secrets
from collections.abc import Callable

import pytest
from support.place import Place
from support.way import Asker, expect_person, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion
from esb.registry.members import add_system

FIELDS = {
    "client": "{code}/SYS",
    "id": "case-{random}",
    "purpose": "test",
    "legalBasis": "Law 1",
    "caseNumber": "2026/17",
    "officer": "A. Quliyev",
    "onBehalfOf": "7QWE123",
}


def header(fields: dict[str, str]) -> tuple[bytes, ...]:
    inner = "".join(f"<e:{name}>{text}</e:{name}>" for name, text in fields.items())
    return (f'<e:Exchange xmlns:e="urn:shluz:exchange:1">{inner}</e:Exchange>'.encode(),)


def filled(code: str) -> dict[str, str]:
    return {name: text.format(code=code, random=secrets.token_hex(8)) for name, text in FIELDS.items()}


@pytest.fixture
def demanding(place: Place, fresh_name: Callable[[], str]) -> Callable[..., str]:
    """Make a member whose grant demands fields."""

    def make(*fields: str) -> str:
        code = place.member(fresh_name()).code
        with place.acting() as act:
            add_system(act, code, "SYS", "Sistem", "System")
        place.grant(code, required_fields=frozenset(fields))
        place.settle()
        return code

    return make


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_the_grant_demands(
    asker: Asker, place: Place, version: SoapVersion, demanding: Callable[..., str], field: str
) -> None:
    code = demanding(field)
    consumer = place.consumers[code]
    fields = filled(code)
    expect_person(asker.ask(consumer, version=version, headers=header(fields)))
    fields = filled(code)
    fields.pop(field)
    exchange = asker.ask(consumer, version=version, headers=header(fields))
    reply = expect_refusal(exchange, rules.ACC_FIELDS, consumer=code)
    assert "7QWE123" not in reply.body.decode()
    assert field in reply.fault_text + "".join(reply.root.itertext())


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_field_is_none(
    asker: Asker, place: Place, version: SoapVersion, demanding: Callable[..., str], text: str
) -> None:
    code = demanding("caseNumber")
    exchange = asker.ask(place.consumers[code], version=version, headers=header({"caseNumber": text}))
    rule = {"ACC-05": rules.ACC_FIELDS, "ACC-09": rules.ACC_HEADER}[exchange.reply.rule]
    expect_refusal(exchange, rule, consumer=exchange.records[-1].entry.consumer)


def test_no_header_at_all(asker: Asker, place: Place, version: SoapVersion, demanding: Callable[..., str]) -> None:
    code = demanding("purpose", "officer")
    reply = expect_refusal(asker.ask(place.consumers[code], version=version), rules.ACC_FIELDS, consumer=code)
    text = "".join(reply.root.itertext())
    assert "purpose" in text
    assert "officer" in text
