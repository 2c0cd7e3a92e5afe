"""Renewals on SQLite and on PostgreSQL: one at a time, cut over or given up, with what was rehearsed."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from esb.kernel.directory import CertificateUse
from esb.registry.acts import acting, list_changes
from esb.registry.certificates import add_certificate, revoke_certificate
from esb.registry.database import open_database, reading
from esb.registry.errors import Conflict, NotFound
from esb.registry.members import add_member
from esb.registry.models import MemberKind, RevocationReason
from esb.registry.renewals import (
    Subject,
    begin_member_renewal,
    begin_renewal,
    count_rehearsals,
    end_renewal,
    last_renewal,
    list_rehearsals,
    list_renewals,
    note_seen,
    open_renewal,
    wanted_renewal,
)

NOW = 1_790_000_000.0
BUS = Subject("bus")
SIGNING = CertificateUse.SIGNING


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    with acting(engine, "operator", NOW) as act:
        add_member(act, "DIN", "Daxili İşlər", "Interior", MemberKind.STATE)
    yield engine
    engine.dispose()


def test_a_key_has_one_renewal_at_a_time(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        assert open_renewal(act.session, BUS) is None
        with pytest.raises(NotFound, match="no renewal of the bus is under way"):
            wanted_renewal(act.session, BUS)
        row = begin_renewal(act, BUS, "0" * 64, "1" * 64, NOW + 60)
        begin_renewal(act, Subject("bus-second"), "0" * 64, "2" * 64, NOW + 60)
        with pytest.raises(Conflict, match="under way already"):
            begin_renewal(act, BUS, "0" * 64, "3" * 64, NOW + 60)
        end_renewal(act, row, cut_over=True)
        assert open_renewal(act.session, BUS) is None
        begin_renewal(act, BUS, "1" * 64, "3" * 64, NOW + 60)
        newest = last_renewal(act.session, BUS)
        assert newest is not None
        assert newest.next_sha256 == "3" * 64
    with reading(engine) as session:
        assert [row.subject for row in list_renewals(session)] == ["bus-second", "bus"]
        assert len(list_renewals(session, all_of_them=True)) == 3
        acts = [change.act for change in list_changes(session) if change.kind == "renewal"]
    assert acts == ["begin", "begin", "cut over", "begin"]


def test_a_cut_over_may_be_undone(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        row = begin_renewal(act, BUS, "0" * 64, "1" * 64, NOW + 60)
        end_renewal(act, row, cut_over=True)
        end_renewal(act, row, cut_over=False)
    with reading(engine) as session:
        (row,) = list_renewals(session, all_of_them=True)
    assert (row.cut_over_at, row.given_up_at) == (None, NOW)


def test_a_members_first_certificate_is_no_renewal_and_two_overlap_at_most(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        digests = [add_certificate(act, bytes([n]), "DIN", SIGNING) for n in (1, 2, 3)][:1]
        revoke_certificate(act, add_certificate(act, b"\x02", "DIN", SIGNING), RevocationReason.SUPERSEDED)
        revoke_certificate(act, add_certificate(act, b"\x03", "DIN", SIGNING), RevocationReason.SUPERSEDED)
        assert begin_member_renewal(act, "DIN", SIGNING, digests[0], NOW + 60) is None
        following = add_certificate(act, b"\x04", "DIN", SIGNING)
        assert begin_member_renewal(act, "DIN", SIGNING, following, NOW + 60) is not None
        row = wanted_renewal(act.session, Subject("member", "DIN"))
        assert (row.old_sha256, row.next_sha256) == (digests[0], following)
        with pytest.raises(Conflict, match="renewal of member DIN"):
            begin_member_renewal(act, "DIN", SIGNING, add_certificate(act, b"\x05", "DIN", SIGNING), NOW + 60)
        note_seen(act, row, NOW + 1)
        note_seen(act, row, NOW + 9)
        assert row.seen_at == NOW + 1


def test_each_process_sets_its_own_figures(engine: Engine) -> None:
    with acting(engine, "operator", NOW) as act:
        number = begin_renewal(act, BUS, "0" * 64, "1" * 64, NOW + 60).id
    with reading(engine) as session:
        version = len(list_changes(session))
    for worker, done, failed in ((0, 3, 0), (1, 2, 1), (0, 6, 0)):
        count_rehearsals(engine, number, "bus", worker, done, failed, "SIG-07" if failed else "", NOW + 5)
    with reading(engine) as session:
        rows = list_rehearsals(session, number)
        assert len(list_changes(session)) == version, "figures are no acts"
    assert [(row.worker, row.rehearsed, row.failed, row.problem) for row in rows] == [
        (0, 6, 0, ""),
        (1, 2, 1, "SIG-07"),
    ]
