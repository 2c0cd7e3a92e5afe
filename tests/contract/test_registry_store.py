"""Acts on the registry, their order, and the directory read from it: on SQLite and on PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine

from esb.kernel.clock import ManualClock
from esb.kernel.contract import Contract
from esb.kernel.directory import CertificateUse, Judgement, MemberStatus, ServiceStatus
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.acts import acting, list_changes
from esb.registry.certificates import add_certificate, list_certificates, revoke_certificate
from esb.registry.contracts import get_contract, list_operations, put_contract
from esb.registry.database import open_database, reading
from esb.registry.errors import Conflict, RegistryUnavailable
from esb.registry.grants import Leave, add_grant, get_grant, list_grants, revoke_grant
from esb.registry.members import add_member, add_system, list_members, set_member_status
from esb.registry.models import MemberKind, RevocationReason
from esb.registry.services import Terms, add_service, get_service, list_services, update_service
from esb.registry.snapshot import build_directory, current_version, refresh
from esb.registry.watch import Watcher

SERVICE = ServiceId("DIN", "IAMAS", "PersonQuery", "v1")
NOW = 1_764_000_000.25


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def peopled(engine: Engine, make_contract: Callable[..., Contract]) -> Engine:
    """A registry with two members, a service and a grant."""
    with acting(engine, "officer", NOW) as act:
        add_member(act, "DIN", "Daxili İşlər Nazirliyi", "Ministry of Internal Affairs", MemberKind.STATE)
        add_member(act, "DSMF", "Dövlət Sosial Müdafiə Fondu", "Social Protection Fund", MemberKind.STATE)
        add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
        add_system(act, "DSMF", "Pension", "Pensiya", "Pension")
        digest = put_contract(act, b"packed", make_contract("FindPerson", "ListPersons"))
        terms = Terms("https://iamas.example/soap", provider_version=SoapVersion.V12, judge_answer=Judgement.WARN)
        add_service(act, SERVICE, digest, terms)
        leave = Leave("pension", "Law 55", NOW, NOW + 60, frozenset({"FindPerson"}), 5, 100, frozenset({"purpose"}))
        add_grant(act, "DSMF/Pension", SERVICE, leave)
        add_certificate(act, b"der", "DSMF", CertificateUse.SIGNING)
    return engine


def test_what_was_registered_reads_back_as_it_was(peopled: Engine) -> None:
    with reading(peopled) as session:
        assert [(row.code, row.name_az, row.added_at) for row in list_members(session)] == [
            ("DIN", "Daxili İşlər Nazirliyi", NOW),
            ("DSMF", "Dövlət Sosial Müdafiə Fondu", NOW),
        ]
        service = get_service(session, SERVICE)
        assert service.provider_version is SoapVersion.V12
        assert get_contract(session, service.contract).packed == b"packed"
        assert [one.name for one in list_operations(session, service.contract)] == ["FindPerson", "ListPersons"]
        [grant] = list_grants(session, consumer="DSMF")
        [certificate] = list_certificates(session, "DSMF")
    # Rows outlive their session.
    assert (grant.consumer, grant.service.name, grant.operations) == ("DSMF/Pension", SERVICE, {"FindPerson"})
    assert (grant.valid_from, grant.valid_until, grant.required_fields) == (NOW, NOW + 60, {"purpose"})
    assert (certificate.der, certificate.revoked) == (b"der", None)


def test_every_act_is_one_change_with_its_author_and_time(peopled: Engine) -> None:
    with acting(peopled, "officer.two", NOW + 5) as act:
        update_service(act, SERVICE, timeout=5.0, status=ServiceStatus.SUSPENDED)
    with reading(peopled) as session:
        changes = list_changes(session)
        numbers = [row.number for row in changes]
        assert numbers == sorted(set(numbers))
        assert [(row.act, row.kind) for row in changes] == [
            ("add", "member"),
            ("add", "member"),
            ("add", "system"),
            ("add", "system"),
            ("add", "contract"),
            ("add", "service"),
            ("add", "grant"),
            ("add", "certificate"),
            ("update", "service"),
        ]
        last = changes[-1]
        assert (last.author, last.at, last.key) == ("officer.two", NOW + 5, SERVICE.text)
        assert last.detail == {"timeout": [30.0, 5.0], "status": ["active", "suspended"]}
        assert current_version(session.connection()) == last.number
        assert list_changes(session, since=numbers[-2]) == [last]


def test_an_error_undoes_the_whole_act(peopled: Engine) -> None:
    def suspend_and_fail() -> None:
        with acting(peopled, "officer", NOW) as act:
            set_member_status(act, "DSMF", MemberStatus.SUSPENDED, "as was decided")
            add_member(act, "DIN", "Başqa", "Another", MemberKind.STATE)

    with pytest.raises(Conflict):
        suspend_and_fail()
    with reading(peopled) as session:
        assert {row.status for row in list_members(session)} == {MemberStatus.ACTIVE}
        assert len(list_changes(session)) == 8


def test_the_same_acts_again_change_nothing(peopled: Engine, make_contract: Callable[..., Contract]) -> None:
    with reading(peopled) as session:
        before = current_version(session.connection())
        contract = get_service(session, SERVICE).contract
        grant = list_grants(session)[0]
    with acting(peopled, "officer", NOW + 9) as act:
        add_member(act, "DIN", "Daxili İşlər Nazirliyi", "Ministry of Internal Affairs", MemberKind.STATE)
        add_system(act, "DIN", "IAMAS", "IAMAS", "IAMAS")
        assert put_contract(act, b"packed", make_contract("FindPerson", "ListPersons")) == contract
        terms = Terms("https://iamas.example/soap", provider_version=SoapVersion.V12, judge_answer=Judgement.WARN)
        add_service(act, SERVICE, contract, terms)
        leave = Leave("pension", "Law 55", NOW, NOW + 60, frozenset({"FindPerson"}), 5, 100, frozenset({"purpose"}))
        assert add_grant(act, "DSMF/Pension", SERVICE, leave) == grant.id
        add_certificate(act, b"der", "DSMF", CertificateUse.SIGNING)
        set_member_status(act, "DIN", MemberStatus.ACTIVE, "as was decided")
        update_service(act, SERVICE, timeout=30.0)
    with reading(peopled) as session:
        assert current_version(session.connection()) == before


def test_writers_wait_for_one_another_so_numbers_appear_in_order(peopled: Engine) -> None:
    """Were the second writer let through, a reader could see its higher number first and miss the lower one."""
    first_holds, first_may_end = threading.Event(), threading.Event()

    def first() -> None:
        with acting(peopled, "first", NOW) as act:
            set_member_status(act, "DIN", MemberStatus.SUSPENDED, "as was decided")
            first_holds.set()
            first_may_end.wait(30)

    def second() -> bool:
        with acting(peopled, "second", NOW) as act:
            set_member_status(act, "DSMF", MemberStatus.SUSPENDED, "as was decided")
        return first_may_end.is_set()

    with reading(peopled) as session:
        before = current_version(session.connection())
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        first_holds.wait(30)
        two = pool.submit(second)
        first_may_end.wait(0.3)  # room for the second to overtake, if it could
        first_may_end.set()
        one.result()
        assert two.result(), "the second writer finished while the first was still at work"
    with reading(peopled) as session:
        assert [row.author for row in list_changes(session, since=before)] == ["first", "second"]


def test_many_writers_at_once_lose_nothing(peopled: Engine) -> None:
    def add(number: int) -> None:
        with acting(peopled, "officer", NOW) as act:
            add_member(act, f"M{number}", "Ad", "Name", MemberKind.BANK)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(add, number) for number in range(12)]:
            done.result()
    with reading(peopled) as session:
        assert len(list_members(session)) == 14
        assert len(list_changes(session)) == 20


def test_a_reader_sees_one_moment(peopled: Engine) -> None:
    with reading(peopled) as session:
        before = current_version(session.connection())
        with acting(peopled, "officer", NOW) as act:
            set_member_status(act, "DIN", MemberStatus.SUSPENDED, "as was decided")
        assert current_version(session.connection()) == before
        assert {row.status for row in list_members(session)} == {MemberStatus.ACTIVE}


def test_the_directory_holds_what_a_decision_needs(peopled: Engine, plain_certificates: Any) -> None:
    with reading(peopled) as session:
        directory = build_directory(session.connection(), plain_certificates.known, plain_certificates.index, NOW)
        version = current_version(session.connection())
    assert (directory.version, directory.built_at) == (version, NOW)
    assert directory.members["DIN"].name_az == "Daxili İşlər Nazirliyi"
    service = directory.services["/services/DIN/IAMAS/PersonQuery/v1"]
    assert (service.id, service.provider_version, service.judge_answer) == (SERVICE, SoapVersion.V12, Judgement.WARN)
    assert service.operations["{urn:x}FindPerson"].actions == {"", "FindPerson"}
    assert list(service.operations) == ["{urn:x}FindPerson", "{urn:x}ListPersons"]
    [grant] = directory.grants["DSMF/Pension", SERVICE.text]
    assert (grant.operations, grant.per_second, grant.per_day, grant.valid_until) == ({"FindPerson"}, 5, 100, NOW + 60)
    [certificate] = directory.certificates.by_sha256.values()
    assert (certificate.owner, certificate.use, certificate.revoked) == ("DSMF", CertificateUse.SIGNING, None)


def test_the_directory_cannot_be_written_to(peopled: Engine, plain_certificates: Any) -> None:
    with reading(peopled) as session:
        directory = build_directory(session.connection(), plain_certificates.known, plain_certificates.index, NOW)
    for mapping in (directory.members, directory.services, directory.grants):
        with pytest.raises(TypeError):
            mapping["x"] = None  # type: ignore[index]


def test_a_refreshed_directory_equals_one_built_anew(peopled: Engine, plain_certificates: Any) -> None:
    known, index = plain_certificates.known, plain_certificates.index
    with reading(peopled) as session:
        directory = build_directory(session.connection(), known, index, NOW)
        grant = list_grants(session)[0].id
        certificate = list_certificates(session)[0].sha256
    with acting(peopled, "officer", NOW) as act:
        revoke_grant(act, grant, "the agreement ended")
        revoke_certificate(act, certificate, RevocationReason.KEY_COMPROMISE)
        add_grant(act, "DSMF", SERVICE, Leave("pension", "Law 55", NOW))
        set_member_status(act, "DSMF", MemberStatus.SUSPENDED, "as was decided")
        update_service(act, SERVICE, endpoint="https://other.example/")
        add_certificate(act, b"bus", "", CertificateUse.SIGNING)
    with reading(peopled) as session:
        fresh = refresh(directory, session.connection(), known, index, NOW + 1)
        assert fresh == build_directory(session.connection(), known, index, NOW + 1)
        assert get_grant(session, grant).revoked_at == NOW
    assert ("DSMF/Pension", SERVICE.text) not in fresh.grants
    assert fresh.certificates.by_sha256[bytes.fromhex(certificate)].revoked == "keyCompromise"


def test_a_watcher_tells_of_a_change_once(peopled: Engine, plain_certificates: Any) -> None:
    watcher = Watcher(peopled, plain_certificates.known, plain_certificates.index, ManualClock(NOW))
    first = watcher.poll()
    assert first is not None
    assert watcher.poll() is None
    with acting(peopled, "officer", NOW) as act:
        set_member_status(act, "DIN", MemberStatus.SUSPENDED, "as was decided")
    second = watcher.poll()
    assert second is not None
    assert second.members["DIN"].status is MemberStatus.SUSPENDED
    assert second.services is first.services
    assert watcher.poll() is None


def test_a_database_that_is_not_migrated_says_so(peopled: Engine) -> None:
    with peopled.begin() as connection:
        connection.exec_driver_sql("DROP TABLE changes")
    with pytest.raises(RegistryUnavailable, match="schema"), reading(peopled) as session:
        list_changes(session)


def test_services_are_listed_by_owner(peopled: Engine) -> None:
    with reading(peopled) as session:
        assert [row.name for row in list_services(session, "DIN")] == [SERVICE]
        assert list_services(session, "DSMF") == []
