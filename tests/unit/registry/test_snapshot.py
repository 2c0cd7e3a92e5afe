"""The directory: what is shared, what is left out, and what a refresh leaves alone."""

from typing import Any

import pytest
from sqlalchemy import Engine

from esb.kernel.directory import CertificateUse, Directory
from esb.kernel.names import ServiceId
from esb.registry import snapshot
from esb.registry.acts import Act, acting
from esb.registry.certificates import add_certificate
from esb.registry.database import reading
from esb.registry.grants import Leave, add_grant, revoke_grant
from esb.registry.services import Terms, add_service
from esb.registry.snapshot import build_directory, current_version, refresh

LEAVE = Leave("pension", "Law 55", 100.0)


@pytest.fixture
def build(act: Act, plain_certificates: Any) -> Any:
    """Build the directory from within the open act."""
    return lambda: build_directory(
        act.session.connection(), plain_certificates.known, plain_certificates.index, act.now
    )


def test_an_empty_registry_is_version_nothing(engine: Engine, plain_certificates: Any) -> None:
    with reading(engine) as session:
        directory = build_directory(session.connection(), plain_certificates.known, plain_certificates.index, 7.0)
    assert directory == Directory(0, 7.0, {}, {}, {}, plain_certificates.index([]))


def test_grants_of_one_pair_stand_together_by_number(act: Act, service: ServiceId, build: Any) -> None:
    first = add_grant(act, "DSMF", service, LEAVE)
    second = add_grant(act, "DSMF", service, Leave("tax", "Law 7", 100.0))
    third = add_grant(act, "DSMF", service, Leave("school", "Law 8", 100.0))
    revoke_grant(act, second, "over")
    assert [grant.id for grant in build().grants["DSMF", service.text]] == [first, third]


def test_what_many_share_is_kept_once(act: Act, service: ServiceId, contract: str, build: Any) -> None:
    other = ServiceId("DIN", "IAMAS", "Other", "v1")
    add_service(act, other, contract, Terms("https://provider.example/"))
    for target in (service, other):
        add_grant(act, "DSMF", target, LEAVE)
    directory = build()
    one, two = (directory.grants["DSMF", target.text][0] for target in (service, other))
    assert one.purpose is two.purpose
    assert one.consumer is two.consumer
    assert one.required_fields is two.required_fields
    assert directory.services[service.path].operations is directory.services[other.path].operations


def test_a_refresh_reads_only_what_changed(engine: Engine, plain_certificates: Any) -> None:
    loaded: list[bytes] = []

    def known(der: bytes, owner: str, use: CertificateUse, revoked: str | None) -> Any:
        loaded.append(der)
        return plain_certificates.known(der, owner, use, revoked)

    with acting(engine, "officer", 1.0) as act:
        add_certificate(act, b"old", "", CertificateUse.SIGNING)
    with reading(engine) as session:
        old = build_directory(session.connection(), known, plain_certificates.index, 1.0)
    with acting(engine, "officer", 2.0) as act:
        add_certificate(act, b"new", "", CertificateUse.SIGNING)
    loaded.clear()
    with reading(engine) as session:
        new = refresh(old, session.connection(), known, plain_certificates.index, 2.0)
    assert loaded == [b"new"]
    assert new.grants is old.grants
    assert new.services is old.services
    assert {one.der for one in new.certificates.by_sha256.values()} == {b"old", b"new"}


def test_nothing_new_is_the_same_directory(act: Act, service: ServiceId, build: Any, plain_certificates: Any) -> None:
    directory = build()
    connection = act.session.connection()
    assert refresh(directory, connection, plain_certificates.known, plain_certificates.index, 9.0) is directory


@pytest.mark.parametrize("full_after", [0, 1_000])
def test_few_changes_or_many_come_to_the_same(
    act: Act,
    service: ServiceId,
    build: Any,
    plain_certificates: Any,
    monkeypatch: pytest.MonkeyPatch,
    full_after: int,
) -> None:
    """Whether the changes are few or so many that everything is read anew."""
    monkeypatch.setattr(snapshot, "_FULL_AFTER", full_after)
    directory = build()
    add_grant(act, "DSMF", service, LEAVE)
    connection = act.session.connection()
    fresh = refresh(directory, connection, plain_certificates.known, plain_certificates.index, act.now)
    assert fresh == build()
    assert fresh.version == current_version(connection)


def test_an_error_in_making_a_certificate_ready_is_not_hidden(act: Act, plain_certificates: Any) -> None:
    def known(*_: object) -> Any:
        raise LookupError("no such key")

    add_certificate(act, b"der", "", CertificateUse.SIGNING)
    with pytest.raises(LookupError):
        build_directory(act.session.connection(), known, plain_certificates.index, 1.0)


def test_a_certificate_that_cannot_be_made_ready_is_left_out(engine: Engine, plain_certificates: Any) -> None:
    """One that nobody can read must not keep everything else, revocations among it, from coming into force."""

    def known(der: bytes, owner: str, use: CertificateUse, revoked: str | None) -> Any:
        return None if der == b"bad" else plain_certificates.known(der, owner, use, revoked)

    with acting(engine, "officer", 1.0) as act:
        add_certificate(act, b"bad", "", CertificateUse.SIGNING)
        add_certificate(act, b"old", "", CertificateUse.SIGNING)
    with reading(engine) as session:
        old = build_directory(session.connection(), known, plain_certificates.index, 1.0)
    assert {one.der for one in old.certificates.by_sha256.values()} == {b"old"}
    with acting(engine, "officer", 2.0) as act:
        add_certificate(act, b"new", "", CertificateUse.SIGNING)
        add_certificate(act, b"bad", "", CertificateUse.SIGNING)
    with reading(engine) as session:
        new = refresh(old, session.connection(), known, plain_certificates.index, 2.0)
    assert {one.der for one in new.certificates.by_sha256.values()} == {b"old", b"new"}
