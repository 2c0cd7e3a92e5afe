"""The published schema of our own header and fault: what the protocol sends is valid by it, and little else."""

from pathlib import Path

import pytest

from esb import schemas
from esb.kernel.faults import Code
from esb.kernel.rules import CATALOGUE
from esb.kernel.xml import parse_document
from esb.schemas.check import Checked, check_contract
from esb.schemas.compile import compile_judge

_XSD = Path(schemas.__file__).parent / "xsd" / "exchange.xsd"
_NS = "urn:shluz:exchange:1"


@pytest.fixture
def own(contract):
    return contract({"exchange.xsd": _XSD.read_bytes()})


@pytest.fixture
def valid(own):
    judge = compile_judge(own)

    def run(xml: str) -> bool:
        return judge.judge(parse_document(xml.encode(), "header")) == ()

    return run


def test_it_is_fit_by_both_libraries(own):
    assert check_contract(own) == Checked((), ())


@pytest.mark.parametrize(
    ("content", "fits"),
    [
        ("", True),
        ("<purpose>pension</purpose><client>DIN/IAMAS</client>", True),
        (
            "<client>DIN</client><id>urn:uuid:1</id><legalBasis>Qanun, m. 5.1</legalBasis><caseNumber>1</caseNumber>",
            True,
        ),
        ("<officer>a b</officer><onBehalfOf>x</onBehalfOf>", True),
        ("<purpose>a</purpose><purpose>b</purpose>", False),
        ("<purpose/>", False),
        (f"<purpose>{'x' * 257}</purpose>", False),
        ("<id>has space</id>", False),
        (f"<id>{'x' * 256}</id>", True),
        (f"<id>{'x' * 257}</id>", False),
        ("<client>DIN/IAMAS/PersonQuery</client>", False),
        ("<other>1</other>", False),
    ],
)
def test_exchange(valid, content, fits):
    assert valid(f'<Exchange xmlns="{_NS}">{content}</Exchange>') is fits


def test_the_signature_may_refer_to_the_header(valid):
    wsu = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
    assert valid(f'<Exchange xmlns="{_NS}" xmlns:wsu="{wsu}" wsu:Id="x"><purpose>p</purpose></Exchange>')
    assert not valid(f'<Exchange xmlns="{_NS}" purpose="p"/>')


def test_receipt(valid):
    receipt = (
        f'<Receipt xmlns="{_NS}"><exchange>0192f0c1</exchange>'
        '<requestDigest algorithm="http://www.w3.org/2001/04/xmlenc#sha256">YWJj</requestDigest>'
        "<requestRecord><id>1</id><leaf>YWJj</leaf></requestRecord><answerRecord><id>2</id><leaf>YWJj</leaf>"
        "</answerRecord><receivedAt>2026-01-01T00:00:00.123Z</receivedAt>"
        "<answeredAt>2026-01-01T00:00:01Z</answeredAt></Receipt>"
    )
    assert valid(receipt)
    assert not valid(receipt.replace("01Z", "01+04:00"))
    assert not valid(receipt.replace("<leaf>YWJj</leaf></requestRecord>", "</requestRecord>"))


def test_every_rule_and_code_makes_a_valid_fault(valid):
    for rule in CATALOGUE.values():
        for retry in ("no", "yes", "after"):
            assert valid(
                f'<Fault xmlns="{_NS}"><code>{rule.code.value}</code><rule>{rule.id}</rule><reason>Because.</reason>'
                f"<exchange>1</exchange><stage>authorize</stage><retryable>{retry}</retryable><retryAfter>3</retryAfter>"
                '<particular name="reference">#body</particular><violation><line>1</line><column>0</column>'
                "<path>/q/n</path><expected>a value</expected></violation></Fault>"
            )
    assert {rule.code for rule in CATALOGUE.values()} <= set(Code)


def test_everything_published_is_documented():
    """The header's reader has only this file."""
    root = parse_document(_XSD.read_bytes(), "exchange.xsd")
    xs = "{http://www.w3.org/2001/XMLSchema}"
    undocumented = [
        element.get("name")
        for element in root.iter(f"{xs}element")
        if element.find(f"{xs}annotation/{xs}documentation") is None
    ]
    assert undocumented == []
