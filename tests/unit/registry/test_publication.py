"""Documents as values: written, read back, linked, applied in their order alone."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from esb.kernel.directory import CertificateUse, Grant, Member, MemberStatus
from esb.registry.publication import (
    Delta,
    DocumentInvalid,
    Full,
    Link,
    Past,
    State,
    apply,
    delta_of,
    directory_of,
    full_of,
    link,
    read,
    state_of,
    write,
)
from esb.registry.snapshot import Entries

CHAIN = "ab" * 32
A = Member("A", "Ad", "Name", MemberStatus.ACTIVE)
B = replace(A, code="B")
GRANT = Grant(1, "A", "B/S/P/v1", None, "why", "law", 1.0, None, None, None, frozenset())
ENTRIES = Entries((A,), (), ((1, GRANT), (2, None)), (("x", (b"der", "A", CertificateUse.TLS, None)),))
FULL = full_of(ENTRIES, "r", 5, CHAIN, 10.0, Past(5, CHAIN))


def delta(previous: int = 5, version: int = 7, entries: Entries | None = None) -> tuple[Delta, bytes]:
    found = delta_of(entries or Entries((B,), (), ((1, None),), ()), "r", (previous, CHAIN), version, 11.0)
    return found, write(found)


def test_a_document_reads_back() -> None:
    assert read(Full, write(FULL)) == FULL
    found, payload = delta()
    assert read(Delta, payload) == found


def test_a_delta_changes_what_it_names() -> None:
    state = apply(state_of(FULL), *delta())
    assert set(state.members) == {"A", "B"}
    assert (state.grants, state.version) == ({}, 7)
    assert set(state.certificates) == {hashlib.sha256(b"der").hexdigest()}
    assert state.chain == link(CHAIN, delta()[1])


@pytest.mark.parametrize(
    "wrong",
    [delta(4), delta(5, 5), (replace(delta()[0], chain="cd" * 32), b""), (replace(delta()[0], registry="x"), b"")],
)
def test_a_delta_that_does_not_follow_is_refused(wrong: tuple[Delta, bytes]) -> None:
    with pytest.raises(DocumentInvalid, match=r"does not follow|another registry"):
        apply(state_of(FULL), *wrong)


def test_the_past_tells_the_chain_at_each_version() -> None:
    digests = [hashlib.sha256(payload).hexdigest() for payload in (b"one", b"two")]
    past = Past(5, CHAIN, (Link(6, digests[0]), Link(9, digests[1])))
    assert past.steps == {5: CHAIN, 6: link(CHAIN, b"one"), 9: link(link(CHAIN, b"one"), b"two")}


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"nonsense", "not JSON"),
        (b"[]", "not an object"),
        (b'{"format":1}', "missing"),
        (b'{"format":9}', "up to date"),
        (write(FULL).replace(b'"format":1', b'"format":1,"more":1'), "newer version"),
        (write(FULL).replace(b'"version":5', b'"version":"5"'), "not of type int"),
    ],
)
def test_what_is_no_document_is_told_apart(payload: bytes, said: str) -> None:
    with pytest.raises(DocumentInvalid, match=said):
        read(Full, payload)


def test_a_directory_leaves_out_what_nobody_can_read(plain_certificates: Any) -> None:
    state: State = state_of(FULL)
    directory = directory_of(state, plain_certificates.known, plain_certificates.index, 3.0)
    assert (directory.version, directory.built_at) == (5, 3.0)
    assert directory.grants == {("A", "B/S/P/v1"): (GRANT,)}
    assert len(directory.certificates.by_sha256) == 1
    empty = directory_of(state, lambda *_: None, plain_certificates.index, 3.0)
    assert len(empty.certificates.by_sha256) == 0


def test_a_certificate_that_is_not_base64_is_refused() -> None:
    spoilt = replace(FULL, certificates=(replace(FULL.certificates[0], der="!"),))
    with pytest.raises(DocumentInvalid, match="base64"):
        state_of(spoilt)
