"""Values of the directory become plain ones and come back the same; what is not plain is refused with its field."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pytest

from esb.kernel.directory import (
    AnswerSignature,
    Grant,
    Judgement,
    Member,
    MemberStatus,
    Operation,
    Service,
    ServiceStatus,
    SignatureMode,
)
from esb.kernel.names import ServiceId
from esb.kernel.plain import NotPlain, from_plain, read_json, to_plain
from esb.kernel.soap import SoapVersion

MEMBER = Member("DIN", "Daxili İşlər Nazirliyi", "Ministry", MemberStatus.SUSPENDED)
GRANT = Grant(7, "A/S", "DIN/S/P/v1", frozenset({"b", "a"}), "why", "law", 1.5, None, None, 9, frozenset())
OPERATION = Operation("Ask", "{urn:x}Ask", None, "", frozenset({"", "x"}), "")
SERVICE = Service(
    ServiceId.parse("DIN/S/P/v1"),
    ServiceStatus.ACTIVE,
    "http://x/",
    SoapVersion.V12,
    "soap",
    SignatureMode.CARRY,
    AnswerSignature.REQUIRED,
    Judgement.WARN,
    Judgement.OFF,
    0.25,
    "ab" * 32,
    MappingProxyType({"{urn:x}Ask": OPERATION}),
)


@pytest.mark.parametrize("value", [MEMBER, GRANT, OPERATION, SERVICE], ids=lambda value: type(value).__name__)
def test_what_is_written_reads_back(value: Any) -> None:
    assert from_plain(type(value), to_plain(value)) == value


def test_the_plain_form_is_plain() -> None:
    assert to_plain(GRANT) == {
        "id": 7,
        "consumer": "A/S",
        "service": "DIN/S/P/v1",
        "operations": ["a", "b"],
        "purpose": "why",
        "legal_basis": "law",
        "valid_from": 1.5,
        "per_day": 9,
        "required_fields": [],
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "gone"}, "Member.status is none of"),
        ({"code": 5}, "Member.code is not of type str"),
        ({"code": None}, "Member.code"),
        ({"rank": 1}, "Member.rank is unknown here"),
    ],
)
def test_what_is_not_of_the_type_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(NotPlain, match=said):
        from_plain(Member, {**to_plain(MEMBER), **change})


def test_what_is_missing_is_refused_unless_there_is_a_default() -> None:
    plain = to_plain(MEMBER)
    del plain["name_az"]
    with pytest.raises(NotPlain, match=r"Member\.name_az is missing"):
        from_plain(Member, plain)
    assert from_plain(Operation, {"name": "A", "input": "B", "soap_action": ""}) == Operation("A", "B", None, "")


@pytest.mark.parametrize("plain", [None, [], "x", 1])
def test_an_object_is_an_object(plain: Any) -> None:
    with pytest.raises(NotPlain, match="is not an object"):
        from_plain(Member, plain)


def test_numbers_sets_and_names_are_held_to_their_type() -> None:
    for change in ({"valid_from": "1"}, {"valid_from": True}, {"operations": [1]}, {"operations": "a"}, {"id": 1.0}):
        with pytest.raises(NotPlain):
            from_plain(Grant, {**to_plain(GRANT), **change})
    with pytest.raises(NotPlain, match="not a service's name"):
        from_plain(Service, {**to_plain(SERVICE), "id": "DIN/S"})


def test_a_type_without_a_plain_form_is_a_mistake_of_the_program() -> None:
    @dataclass
    class Odd:
        value: complex

    with pytest.raises(TypeError):
        to_plain(Odd(1j))


@pytest.mark.parametrize("octets", [b'{"a":1,"a":2}', b"NaN", b"[Infinity]", b"{", b"\xff", b"[" * 100_000])
def test_json_that_is_not_one_value(octets: bytes) -> None:
    with pytest.raises(NotPlain, match="not JSON"):
        read_json(octets)
