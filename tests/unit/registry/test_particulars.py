"""What an application says is read strictly, and turned into terms."""

from dataclasses import replace

import pytest

from esb.kernel.directory import AnswerSignature, SignatureMode
from esb.kernel.soap import SoapVersion
from esb.registry.errors import Invalid
from esb.registry.particulars import Particulars, lawful_particulars
from esb.registry.services import Terms

GIVEN = Particulars("why", "IT", service="DIN/IAMAS/PersonQuery/v1", endpoint="https://provider.example/")


def test_plain_json_and_back() -> None:
    given = replace(GIVEN, timeout=5.0, signature="none")
    assert Particulars.read(given.plain()) == given
    assert "resource" not in given.plain()


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"purpose": "x", "contact": "y", "colour": "red"}, "no particular 'colour'"),
        ({"purpose": "x"}, "does not say its contact"),
        ({"purpose": "x", "contact": 5}, "contact is not text"),
        ({"purpose": "x", "contact": "y", "timeout": "5"}, "timeout is not a number"),
        ({"purpose": "x", "contact": "y", "timeout": True}, "timeout is not a number"),
    ],
)
def test_what_is_no_particular_is_refused(value: dict[str, object], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        Particulars.read(value)


@pytest.mark.parametrize(
    "change",
    [
        {"signature": "maybe"},
        {"judge_answer": "sometimes"},
        {"provider_version": "1.3"},
        {"service": "DIN/PersonQuery"},
        {"successor": "x"},
        {"resource": "DIN"},
        {"new_owner": "a b"},
        {"endpoint": "ftp://provider.example/"},
        {"timeout": 0.0},
        {"purpose": " "},
        {"trial_request": "x" * 70_000},
    ],
)
def test_an_unlawful_field_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        lawful_particulars(replace(GIVEN, **change))


def test_terms_asked_for_stand_upon_those_known() -> None:
    known = Terms("https://old.example/", timeout=9.0, answer_signature=AnswerSignature.REQUIRED)
    terms = replace(GIVEN, signature="none", provider_version="1.2").terms(known)
    assert (terms.endpoint, terms.timeout) == ("https://provider.example/", 9.0)
    assert (terms.signature, terms.provider_version) == (SignatureMode.NONE, SoapVersion.V12)
    assert terms.answer_signature is AnswerSignature.REQUIRED


def test_the_target_is_the_successor_where_there_is_one() -> None:
    assert GIVEN.target().text == GIVEN.service
    assert replace(GIVEN, successor="DIN/IAMAS/PersonQuery/v2").target().version == "v2"
