"""The bus's keys are swapped by renames that may be broken off anywhere, and put back."""

import os
import secrets
from typing import Any

import pytest
from cryptography import x509

from esb.admin.renewal import (
    CutOverTooEarly,
    OwnPair,
    begin_bus_renewal,
    cut_over_bus,
    digest,
    give_up_bus,
    read_pair,
)
from esb.registry.acts import acting
from esb.registry.database import reading
from esb.registry.errors import Conflict, NotFound
from esb.registry.issued import get_issued
from esb.registry.renewals import Subject, count_rehearsals, wanted_renewal

NOW = 1_790_000_000.0
PASSPHRASE = b"geheim"


@pytest.fixture
def pair(office: Any) -> OwnPair:
    return OwnPair(Subject("bus"), office.home.keys / "bus.key", office.home.keys / "bus.pem")


def begin(office: Any, pair: OwnPair) -> x509.Certificate:
    return begin_bus_renewal(
        office.home,
        office.engine,
        PASSPHRASE,
        pair,
        name="bus",
        kind="p256",
        overlap_days=30,
        author="operator",
        now=NOW,
        random=secrets.token_bytes,
    )


def cut_over(office: Any, pair: OwnPair, force: bool = True) -> None:
    cut_over_bus(office.engine, PASSPHRASE, pair, force=force, author="operator", now=NOW + 5)


def in_force(pair: OwnPair) -> str:
    return digest(read_pair(pair.key, pair.certificate, PASSPHRASE)[1])


def test_a_next_key_stands_beside_and_takes_over_when_it_was_rehearsed(office: Any, pair: OwnPair) -> None:
    old = in_force(pair)
    following = begin(office, pair)
    assert in_force(pair) == old
    with reading(office.engine) as session:
        row = wanted_renewal(session, pair.subject)
        assert get_issued(session, digest(following)).profile == "bus-signing"
    assert (row.old_sha256, row.next_sha256) == (old, digest(following))
    with pytest.raises(Conflict, match="under way already"):
        begin(office, pair)
    with pytest.raises(CutOverTooEarly, match="no answer was signed"):
        cut_over(office, pair, force=False)
    count_rehearsals(office.engine, row.id, "bus", 0, 5, 1, "SIG-07", NOW)
    with pytest.raises(CutOverTooEarly, match="1 rehearsals failed"):
        cut_over(office, pair, force=False)
    count_rehearsals(office.engine, row.id, "bus", 0, 5, 0, "", NOW)
    cut_over(office, pair, force=False)
    assert in_force(pair) == digest(following)
    assert not pair.next_key.exists()
    assert not pair.next_certificate.exists()
    with reading(office.engine) as session:
        assert get_issued(session, old).revoked is None, "answers in flight still verify"
    with pytest.raises(NotFound):
        cut_over(office, pair)


@pytest.mark.parametrize("broken_at", [1, 2, 3, 4])
def test_a_swap_that_is_broken_off_leaves_a_pair_and_is_finished_by_doing_it_again(
    office: Any, pair: OwnPair, broken_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, following = in_force(pair), digest(begin(office, pair))
    replace, done = os.replace, []

    def break_off(source: Any, target: Any) -> None:
        if len(done) + 1 == broken_at:
            raise OSError("power cut")
        replace(source, target)
        done.append(target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", break_off)
        with pytest.raises(OSError, match="power cut"):
            cut_over(office, pair)
    assert in_force(pair) in (old, following)
    cut_over(office, pair)
    assert in_force(pair) == following
    assert give_up_bus(office.engine, pair, author="operator", now=NOW + 9)
    assert in_force(pair) == old


@pytest.mark.parametrize("broken_at", [1, 2, 3])
def test_undoing_may_be_broken_off_too(
    office: Any, pair: OwnPair, broken_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(office, pair)
    cut_over(office, pair)
    replace, done = os.replace, []

    def break_off(source: Any, target: Any) -> None:
        if len(done) + 1 == broken_at:
            raise OSError("power cut")
        replace(source, target)
        done.append(target)

    monkeypatch.setattr(os, "replace", break_off)
    with pytest.raises(OSError, match="power cut"):
        give_up_bus(office.engine, pair, author="operator", now=NOW + 9)
    assert in_force(pair)


def test_giving_up_throws_the_next_key_away(office: Any, pair: OwnPair) -> None:
    old = in_force(pair)
    begin(office, pair)
    assert not give_up_bus(office.engine, pair, author="operator", now=NOW)
    assert in_force(pair) == old
    assert sorted(path.name for path in office.home.keys.glob("bus*")) == ["bus.key", "bus.pem"]
    with pytest.raises(NotFound):
        give_up_bus(office.engine, pair, author="operator", now=NOW)
    begin(office, pair)


def test_a_next_pair_that_cannot_sign_changes_nothing(office: Any, pair: OwnPair) -> None:
    old = in_force(pair)
    begin(office, pair)
    pair.next_certificate.write_bytes(pair.certificate.read_bytes())
    with pytest.raises(Exception, match="another"):
        cut_over(office, pair)
    assert in_force(pair) == old
    with acting(office.engine, "operator", NOW) as act:
        assert wanted_renewal(act.session, pair.subject).cut_over_at is None
