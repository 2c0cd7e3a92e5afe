"""Changes of what elements hold, each in both directions."""

from collections.abc import Callable

import pytest

from esb.kernel.contract import Contract
from esb.wsdl.changes import Effect, Finding
from esb.wsdl.compare_types import Comparison
from esb.wsdl.components import index
from esb.wsdl.meaning import Meaning

NONE, WIDENS, NARROWS, BOTH = Effect.NONE, Effect.WIDENS, Effect.NARROWS, Effect.BOTH
ONE = '<xs:element name="one" type="xs:int"/>'
TWO = '<xs:element name="two" type="xs:string"/>'
PRESET = '<xs:element name="two" type="xs:string" default="x"/>'
MAYBE = '<xs:element name="two" type="xs:string" minOccurs="0"/>'

Findings = Callable[[str, str], list[Finding]]


def holding(inner: str, more: str = "", form: str = "qualified") -> str:
    return (
        f'<xs:schema targetNamespace="urn:t" elementFormDefault="{form}"><xs:element name="ask" type="t:T"/>'
        '<xs:element name="answer" type="xs:string"/><xs:element name="wrong" type="xs:string"/>'
        f'<xs:complexType name="T">{inner}</xs:complexType>{more}</xs:schema>'
    )


def seq(*items: str) -> str:
    return f"<xs:sequence>{''.join(items)}</xs:sequence>"


@pytest.fixture
def findings(wsdl: Callable[..., str], read: Callable[..., Contract]) -> Findings:
    def compared(old: str, new: str) -> list[Finding]:
        before, after = (Meaning(index(read(wsdl(types=each)))) for each in (old, new))
        ask = "{urn:t}ask"
        return list(
            Comparison(before, after).element(before.named("element", ask), after.named("element", ask), "/ask")
        )

    return compared


def whole(found: list[Finding]) -> Effect:
    effect = Effect.NONE
    for each in found:
        effect |= each.effect
    return effect


@pytest.mark.parametrize(
    ("old", "new", "wanted", "word"),
    [
        (holding(seq(ONE)), holding(seq(ONE, MAYBE)), WIDENS, "two was added, optional"),
        (holding(seq(ONE)), holding(seq(ONE, TWO)), BOTH, "must be there"),
        (holding(seq(ONE, TWO)), holding(seq(ONE, MAYBE)), WIDENS, "at least 0 times instead of 1"),
        (holding(seq(ONE)), holding(seq(ONE.replace("/>", ' maxOccurs="5"/>'))), WIDENS, "at most 5 times"),
        (holding(seq(ONE, TWO)), holding(seq(TWO, ONE)), BOTH, "order"),
        (holding(seq(ONE, TWO)), holding(f"<xs:all>{ONE}{TWO}</xs:all>"), WIDENS, "order"),
        (holding(f"<xs:choice>{ONE}</xs:choice>"), holding(f"<xs:choice>{ONE}{TWO}</xs:choice>"), WIDENS, "was added"),
        (holding(seq(ONE)), holding(f"<xs:choice>{ONE}{TWO}</xs:choice>"), WIDENS, "two was added"),
        (holding(seq(ONE)), holding(seq(ONE.replace("/>", ' nillable="true"/>'))), WIDENS, "nil"),
        (holding(seq(ONE)), holding(seq(ONE), form="unqualified"), BOTH, "one was"),
        (holding(seq(ONE)), holding(seq(ONE.replace("xs:int", "xs:date"))), BOTH, "xs:date"),
        (holding(seq(PRESET)), holding(seq(PRESET.replace('"x"', '"y"'))), BOTH, "default"),
        (holding(seq(TWO.replace("/>", ' fixed="x"/>'))), holding(seq(TWO)), WIDENS, "no longer fixed"),
        (holding(seq(ONE)), holding(seq(ONE)).replace('name="T"', 'name="T" mixed="true"'), WIDENS, "text"),
        (
            holding(seq(ONE, '<xs:any namespace="##other" processContents="skip" minOccurs="0"/>')),
            holding(seq(ONE, '<xs:any namespace="##any" processContents="skip" minOccurs="0"/>')),
            WIDENS,
            "any element",
        ),
        (
            holding(seq(ONE, '<xs:any namespace="##other" processContents="lax" minOccurs="0"/>')),
            holding(seq(ONE, '<xs:any namespace="##other" processContents="skip" minOccurs="0"/>')),
            WIDENS,
            "processContents",
        ),
        (
            holding(seq('<xs:element ref="t:head"/>'), '<xs:element name="head" type="xs:int"/>'),
            holding(
                seq('<xs:element ref="t:head"/>'),
                '<xs:element name="head" type="xs:int"/><xs:element name="own" substitutionGroup="t:head"/>',
            ),
            WIDENS,
            "own was added",
        ),
        (
            holding(seq(ONE)),
            holding(seq(ONE), '<xs:complexType name="U"><xs:complexContent><xs:extension base="t:T"/>'
                    "</xs:complexContent></xs:complexType>"),
            WIDENS,
            "U may stand in (xsi:type)",
        ),
        (
            holding(seq(ONE.replace('type="xs:int"', 'type="t:S"')), '<xs:simpleType name="S"><xs:restriction '
                    'base="xs:string"><xs:enumeration value="a"/></xs:restriction></xs:simpleType>'),
            holding(seq(ONE.replace('type="xs:int"', 'type="t:S"')), '<xs:simpleType name="S"><xs:restriction '
                    'base="xs:string"><xs:enumeration value="a"/><xs:enumeration value="b"/></xs:restriction>'
                    "</xs:simpleType>"),
            WIDENS,
            "'b' added",
        ),
    ],
)  # fmt: skip
def test_each_change_and_its_way_back(findings: Findings, old: str, new: str, wanted: Effect, word: str) -> None:
    there = findings(old, new)
    assert whole(there) is wanted, there
    assert word in " ".join(each.what for each in there)
    turned = {WIDENS: NARROWS, NARROWS: WIDENS}
    assert whole(findings(new, old)) is turned.get(wanted, wanted)


def test_a_default_may_come_but_not_go(findings: Findings) -> None:
    preset = holding(seq(TWO.replace("/>", ' default="x"/>')))
    assert whole(findings(holding(seq(TWO)), preset)) is WIDENS
    assert whole(findings(preset, holding(seq(TWO)))) is BOTH


def test_a_place_is_named_from_the_message_down(findings: Findings) -> None:
    inner = '<xs:element name="box"><xs:complexType>{}</xs:complexType></xs:element>'
    found = findings(holding(seq(inner.format(seq(ONE)))), holding(seq(inner.format(seq(ONE, MAYBE)))))
    assert [each.path for each in found] == ["/ask/box/two"]


def test_a_group_written_out_is_no_change(findings: Findings) -> None:
    group = f'<xs:group name="G">{seq(ONE, MAYBE)}</xs:group>'
    assert findings(holding('<xs:group ref="t:G"/>', group), holding(seq(seq(ONE, MAYBE)), group)) == []


def test_a_type_that_holds_itself_ends(findings: Findings) -> None:
    again = '<xs:element name="again" type="t:T" minOccurs="0"/>'
    found = findings(holding(seq(ONE, again)), holding(seq(ONE, again, MAYBE)))
    assert [each.path for each in found] == ["/ask/two"]


@pytest.mark.parametrize(("process", "minded"), [("lax", False), ("skip", False), ("strict", True)])
def test_what_a_wildcard_lets_in_is_minded_where_the_contract_says_what_it_is(
    findings: Findings, process: str, minded: bool
) -> None:
    wild = holding(seq(ONE, f'<xs:any namespace="##targetNamespace" processContents="{process}" minOccurs="0"/>'))
    found = findings(wild, wild.replace("</xs:schema>", '<xs:element name="fresh" type="xs:int"/></xs:schema>'))
    assert [each.effect for each in found] == ([WIDENS] if minded else [])


def test_models_too_large_to_compare_are_not_trusted(findings: Findings) -> None:
    large = seq(*(f'<xs:element name="e{n}" type="xs:int" minOccurs="0" maxOccurs="900"/>' for n in range(9)))
    split = f"<xs:choice>{seq(ONE)}{large}</xs:choice>"
    found = findings(holding(split), holding(f"<xs:sequence>{split}{MAYBE}</xs:sequence>"))
    assert whole(found) in (WIDENS, BOTH)
