"""Where a node's directory comes from: the database itself, or what the registry publishes.  One suite for both: the
same directory, at the same moments."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from support.publication import NOW, Publication

from esb.kernel.contract import Contract
from esb.kernel.directory import CertificateUse, Directory, MemberStatus, ServiceStatus
from esb.kernel.names import ServiceId
from esb.kernel.subjects import SubjectPath, SubjectPaths
from esb.registry import publisher
from esb.registry.acts import Act, acting
from esb.registry.certificates import add_certificate, revoke_certificate
from esb.registry.contracts import put_contract
from esb.registry.database import open_database
from esb.registry.grants import Leave, add_grant, revoke_grant
from esb.registry.members import add_member, add_system, set_member_status
from esb.registry.models import MemberKind, RevocationReason
from esb.registry.services import Terms, add_service, update_service
from esb.registry.subjects import set_subject_paths
from esb.registry.watch import Watcher

SERVICE = ServiceId("DIN", "IAMAS", "PersonQuery", "v1")


@dataclass
class Both:
    """One registry, and what is told of it by the source under test."""

    engine: Engine
    source: Any
    publication: Publication
    contract: Contract

    def act(self, *steps: Callable[[Act], object]) -> Directory | None:
        """Do something, and look."""
        self.publication.clock.advance(1)
        with acting(self.engine, "officer", self.publication.clock.now()) as act:
            for step in steps:
                step(act)
        self.publication.publisher.publish()
        found: Directory | None = self.source.poll()
        return found


@pytest.fixture(params=["database", "snapshot"])
def both(
    request: pytest.FixtureRequest,
    database_url: str,
    plain_certificates: Any,
    make_contract: Callable[..., Contract],
    tmp_path: Path,
) -> Iterator[Both]:
    engine = open_database(database_url)
    publication = Publication(engine)
    if request.param == "database":
        source: Any = Watcher(engine, plain_certificates.known, plain_certificates.index, publication.clock)
    else:
        publication.publisher.publish()
        source = publication.node(tmp_path / "copy", plain_certificates)
    yield Both(engine, source, publication, make_contract("Ask", "Tell"))
    engine.dispose()


def ground(both: Both) -> Directory | None:
    def services(act: Act) -> None:
        add_service(act, SERVICE, put_contract(act, b"packed", both.contract), Terms("http://p/", timeout=0.3))

    return both.act(
        lambda act: add_member(act, "DIN", "Daxili İşlər Nazirliyi", "Interior", MemberKind.STATE),
        lambda act: add_member(act, "EESMN", "Əmək Nazirliyi", "Labour", MemberKind.STATE),
        lambda act: add_system(act, "DIN", "IAMAS", "Ad", "Name"),
        lambda act: add_system(act, "EESMN", "PENSION", "Ad", "Name"),
        services,
        lambda act: set_subject_paths(act, SERVICE, "Ask", SubjectPaths((SubjectPath(("{urn:x}Ask", "fin"), "of"),))),
        lambda act: add_grant(act, "EESMN", SERVICE, Leave("pension", "Law 1", NOW + 0.123456, per_day=3)),
        lambda act: add_grant(
            act,
            "EESMN/PENSION",
            SERVICE,
            Leave("tax", "Law 2", NOW, operations=frozenset({"Ask"}), required_fields=frozenset({"officer"})),
        ),
        lambda act: add_certificate(act, b"der one", "EESMN", CertificateUse.SIGNING),
        lambda act: add_certificate(act, b"der bus", "", CertificateUse.SIGNING),
    )


def test_the_directory_is_the_registrys(both: Both) -> None:
    directory = ground(both)
    assert directory is not None
    assert directory is both.source.directory
    assert {code: each.name_az for code, each in directory.members.items()} == {
        "DIN": "Daxili İşlər Nazirliyi",
        "EESMN": "Əmək Nazirliyi",
    }
    service = directory.services[SERVICE.path]
    assert (service.timeout, {each.name for each in service.operations.values()}) == (0.3, {"Ask", "Tell"})
    (grant,) = directory.grants["EESMN", SERVICE.text]
    assert (grant.valid_from, grant.per_day, grant.operations) == (NOW + 0.123456, 3, None)
    assert directory.grants["EESMN/PENSION", SERVICE.text][0].required_fields == {"officer"}
    assert {each.owner for each in directory.certificates.by_sha256.values()} == {"EESMN", ""}
    assert all(isinstance(key, bytes) for key in directory.certificates.by_sha256)


def test_nothing_new_is_no_directory(both: Both) -> None:
    assert ground(both) is not None
    assert both.source.poll() is None
    assert both.act(lambda _: None) is None
    assert both.source.rebuild() == both.source.directory


def test_what_is_taken_back_is_gone_at_the_next_look(both: Both) -> None:
    assert ground(both) is not None
    directory = both.act(lambda act: revoke_grant(act, 1, "over"))
    assert directory is not None
    assert ("EESMN", SERVICE.text) not in directory.grants
    directory = both.act(
        lambda act: set_member_status(act, "EESMN", MemberStatus.SUSPENDED, "a test"),
        lambda act: update_service(act, SERVICE, status=ServiceStatus.SUSPENDED),
        lambda act: revoke_certificate(act, _digest(b"der one"), RevocationReason.KEY_COMPROMISE),
    )
    assert directory is not None
    assert directory.members["EESMN"].status is MemberStatus.SUSPENDED
    assert directory.services[SERVICE.path].status is ServiceStatus.SUSPENDED
    assert {each.revoked for each in directory.certificates.by_sha256.values()} == {None, "keyCompromise"}


def test_after_many_changes_it_is_still_the_same(
    both: Both, plain_certificates: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than there are between two whole snapshots."""
    monkeypatch.setattr(publisher, "_FULL_AFTER", 30)
    ground(both)
    for number in range(40):
        if number % 3:
            both.act(lambda act, n=number: add_grant(act, "EESMN", SERVICE, Leave(f"purpose {n}", "Law", NOW)))
        else:
            both.act(lambda act, n=number: add_member(act, f"M{n}", "Ad", "Name", MemberKind.BANK))
    other = Watcher(both.engine, plain_certificates.known, plain_certificates.index, both.publication.clock)
    whole = other.poll()
    assert whole is not None
    assert replace(both.source.directory, built_at=whole.built_at) == whole


def _digest(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()
