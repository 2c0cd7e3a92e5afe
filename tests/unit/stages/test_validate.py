"""Both Bodies against the schema, in each mode; and prefixes that a signature does not cover (SIG-14)."""

import pytest
from lxml import etree
from support.provider import envelope11
from support.rig import Rig, done, judge, party
from support.styles import Writing, typed

from esb.kernel import namespaces as ns
from esb.kernel.directory import Judgement
from esb.kernel.faults import Refusal
from esb.kernel.message import ProviderAnswer, SignedPart
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import XmlLimits, canonicalize
from esb.stages.validate import SchemaRefusal, uncovered_types, validate, validate_answer

BAD = b'<p:GetPerson xmlns:p="urn:example:person"><p:fin>5abc-secret</p:fin></p:GetPerson>'
BAD_ANSWER = b'<p:GetPersonResponse xmlns:p="urn:example:person"><p:secret/></p:GetPersonResponse>'


def test_a_valid_request_goes_on(rig: Rig) -> None:
    validated = rig.validated()
    assert (validated.warnings, validated.scope) == ((), ())


def test_a_violation_says_where_and_what_was_expected_and_not_what_stood_there(rig: Rig) -> None:
    with pytest.raises(SchemaRefusal) as refusal:
        rig.validated(rig.signed(BAD))
    refused = refusal.value
    assert refused.rule.id == "SCH-01"
    assert set(refused.particulars) == {"line", "column", "path", "expected"}
    assert "secret" not in repr((refused, refused.particulars, refused.violations))
    assert refused.violations[0].path == refused.particulars["path"]


def test_a_fault_tells_five_places_at_most(rig: Rig) -> None:
    many = "".join(f"<p:x{number}/>" for number in range(9))
    likes = "<p:like><p:fin>a</p:fin><p:surname/><p:name/><p:born>x</p:born><p:note/></p:like>"
    body = f'<p:GetPerson xmlns:p="urn:example:person"><p:fin>bad</p:fin>{likes}{many}</p:GetPerson>'
    with pytest.raises(SchemaRefusal) as refusal:
        rig.validated(rig.signed(body.encode()))
    assert 1 < len(refusal.value.violations) <= 5


def test_a_warning_lets_it_through_and_is_noted(rig: Rig) -> None:
    rig.serve(judge_request=Judgement.WARN)
    validated = rig.validated(rig.signed(BAD))
    assert validated.warnings
    assert rig.accepted(rig.signed(BAD))
    assert validated.warnings[0].path in rig.evidence.records[-1].entry.reason


def test_where_it_is_off_nothing_is_judged(rig: Rig) -> None:
    rig.serve(judge_request=Judgement.OFF)
    assert rig.validated(rig.signed(BAD)).warnings == ()


def test_a_contract_that_is_not_in_memory_is_waited_for(rig: Rig) -> None:
    rig.judges.cold = True
    waiting = validate(rig.authorized(rig.signed(BAD)), rig.way)
    assert hasattr(waiting, "__await__")
    with pytest.raises(SchemaRefusal):
        done(waiting)
    assert not hasattr(validate(rig.authorized(), rig.way), "__await__")


# Answers.


def answering(rig: Rig, body: bytes) -> None:
    rig.answer = lambda outgoing: ProviderAnswer(SoapVersion.V11, envelope11(body))


def test_an_answer_is_judged_too(rig: Rig) -> None:
    assert rig.judged().warnings == ()
    answering(rig, BAD_ANSWER)
    with pytest.raises(SchemaRefusal) as refusal:
        rig.judged()
    assert refusal.value.rule.id == "SCH-02"


COUNTED = b'<p:CountPersonsResponse xmlns:p="urn:example:person"><p:count>1</p:count></p:CountPersonsResponse>'


@pytest.mark.parametrize("body", [b"", COUNTED, b"<other/>"])
def test_an_answer_to_another_question_is_none(rig: Rig, body: bytes) -> None:
    answering(rig, body)
    with pytest.raises(SchemaRefusal) as refusal:
        rig.judged()
    assert refusal.value.particulars["expected"] == "element {urn:example:person}GetPersonResponse"


def test_answers_are_warned_of_or_let_be(rig: Rig) -> None:
    answering(rig, BAD_ANSWER)
    rig.serve(judge_answer=Judgement.WARN)
    assert rig.judged().warnings
    rig.serve(judge_answer=Judgement.OFF)
    assert rig.judged().warnings == ()


def test_a_providers_own_fault_is_the_providers_to_word(rig: Rig) -> None:
    answering(rig, f'<x:Fault xmlns:x="{ns.SOAP11}"><odd/></x:Fault>'.encode())
    judged = rig.judged()
    assert judged.warnings == ()
    assert judged.verified.is_fault


def test_a_judge_that_was_given_up_meanwhile_is_waited_for(rig: Rig) -> None:
    verified = rig.verified()
    rig.judges.cold = True
    waiting = validate_answer(verified, rig.way)
    assert hasattr(waiting, "__await__")
    assert done(waiting).warnings == ()


# SIG-14: prefixes of types that the signature does not cover.


def part(text: str, prefixes: tuple[str, ...] = ()) -> SignedPart:
    body = etree.fromstring(text)[0]
    return SignedPart(body, "b", canonicalize(body, prefixes), prefixes, b"")


def message(inside: str, outer: str = "", body: str = "") -> str:
    return f'<e xmlns:xsi="{ns.XSI}" xmlns:xs="{ns.XSD}"{outer}><b{body}>{inside}</b></e>'


PERSON = ' xmlns:q="urn:example:person"'
CITIZEN = '<a xsi:type="q:Citizen"/>'


def scope(text: str, prefixes: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
    return uncovered_types(part(text, prefixes), judge(), XmlLimits())


def test_a_covered_type_needs_nothing() -> None:
    assert scope(message(CITIZEN, body=PERSON), ("q",)) == ()
    assert scope(message('<q:a xmlns:q="urn:example:person" xsi:type="q:Citizen"/>')) == ()
    assert scope(message('<a xmlns="urn:example:person" xsi:type="Citizen"/>')) == ()


def test_a_type_that_nobody_can_choose_otherwise_is_let_through_with_its_binding() -> None:
    wanted = (("q", "urn:example:person"),)
    assert scope(message(CITIZEN, PERSON)) == wanted
    assert scope(message(f"{CITIZEN}<a xsi:type=' q:Person '/>", PERSON)) == wanted


def test_what_means_nothing_is_left_to_the_judge() -> None:
    assert scope(message(CITIZEN)) == ()


@pytest.mark.parametrize(
    "text",
    [
        message('<a xsi:type="q:Nothing"/>', PERSON),  # no such type, so perhaps another one tomorrow
        message(f'{CITIZEN}<r xmlns:q="{ns.XSD}"><a xsi:type="q:date"/></r>', PERSON),  # one prefix, two meanings
        # The default namespace cannot be declared around the Body for a value's sake.
        message('<x:a xmlns:x="urn:x" xmlns="urn:example:person" xsi:type="Citizen"/>'),
    ],
)
def test_a_type_that_could_be_another_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        scope(text)
    assert refusal.value.rule.id == "SIG-14"


def test_rebinding_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        scope(message(CITIZEN, ' xmlns:q="urn:other"'))
    assert (refusal.value.rule.id, refusal.value.particulars) == ("SIG-14", {"prefix": "q"})


def test_it_is_asked_whatever_the_judgement(rig: Rig) -> None:
    """The provider would read the type, judged or not."""
    writing = Writing(root=' xmlns:q="urn:other"', body=typed("q"))
    for mode in Judgement:
        rig.serve(judge_request=mode)
        with pytest.raises(Refusal) as refusal:
            rig.validated(writing.message(party("EESMN"), SoapVersion.V11))
        assert refusal.value.rule.id == "SIG-14"
