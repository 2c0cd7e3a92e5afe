"""What the registry's service tells to whom, and how much at a time."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine

from esb.adapters.hosted.typed import Fault
from esb.endpoints.registry_service import list_members, my_certificates, my_grants, registry_changes
from esb.kernel.directory import (
    CertificateIndex,
    CertificateUse,
    Directory,
    KnownCertificate,
    Member,
    MemberStatus,
)
from esb.registry.acts import acting
from esb.registry.certificates import add_certificate
from esb.registry.database import open_database
from esb.registry.members import add_member
from esb.registry.models import MemberKind

NOW = 1_790_000_000.0


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    engine = open_database(sqlite_database)
    yield engine
    engine.dispose()


def asked(engine: Engine | None, **more: Any) -> Any:
    directory = Directory(1, NOW, more.pop("members", {}), {}, {}, more.pop("certificates", CertificateIndex()))
    view = SimpleNamespace(engine=engine, directory=lambda: directory, now=lambda: NOW)
    return SimpleNamespace(udc=SimpleNamespace(consumer="DIN", officer="", bus=view))


def test_members_stand_by_code() -> None:
    members = {code: Member(code, "Ad", "Name", MemberStatus.ACTIVE) for code in ("Z", "A")}
    assert [each.code for each in list_members(asked(None, members=members))] == ["A", "Z"]


def test_changes_of_what_is_public_in_pages(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        for number in range(1_050):
            act.record("x", "secret-kind", str(number), {})
        for number in range(520):
            add_member(act, f"M{number}", "Ad", "Name", MemberKind.STATE)
        add_certificate(act, b"der", "M1", CertificateUse.SIGNING)
    first = registry_changes(asked(engine), 0, None)
    assert (len(first), first[0].number, {each.kind for each in first}) == (500, 1_051, {"member"})
    rest = registry_changes(asked(engine), first[-1].number, 10_000)
    assert [each.key for each in rest][-1] == "M519"
    assert registry_changes(asked(engine), rest[-1].number, 1) == []
    assert not hasattr(first[0], "author")


def test_certificates_are_the_callers_own_with_their_ends() -> None:
    def known(number: int, owner: str, **facts: Any) -> KnownCertificate:
        terms = {"not_before": NOW - 10, "not_after": NOW + number, **facts}
        return KnownCertificate(
            bytes([number]) * 32,
            b"",
            owner,
            CertificateUse.SIGNING,
            None,
            "S",
            "I",
            1,
            **terms,  # type: ignore[arg-type]
        )

    certificates = [known(3, "DIN"), known(1, "DIN", revoked="superseded"), known(2, "OTHER"), known(9, "DIN")]
    index = CertificateIndex(by_sha256={each.sha256: each for each in certificates})
    found = my_certificates(asked(None, certificates=index))
    assert [(each.sha256[:2], each.usable, each.revoked) for each in found] == [
        ("01", False, "superseded"),
        ("03", True, None),
        ("09", True, None),
    ]


def test_without_a_database_what_needs_it_says_so() -> None:
    for call in (lambda: my_grants(asked(None)), lambda: registry_changes(asked(None), 0, None)):
        with pytest.raises(Fault) as fault:
            call()
        assert fault.value.faultcode == "Server.NotHere"
