"""What answers mean for a certificate: revoked, known until when, or left to the lists."""

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from support.responder import Outside

from esb.certs.answers import Answers, outside_issuer
from esb.certs.ocsp_answer import Word

OUTSIDE, OWN, SAME_NAME = Outside(), Outside("Own CA"), Outside()
ANCHORS = (OWN.root, SAME_NAME.root, OUTSIDE.root)
MEMBER, INSIDE = OUTSIDE.member(), OWN.member()
SHA = MEMBER.fingerprint(SHA256()).hex()


def answers(word: Word | None, required: bool = True) -> Answers:
    return Answers({} if word is None else {SHA: word}, required, 50.0, OWN.root)


def test_the_issuer_is_found_by_its_key_and_the_own_authority_is_none() -> None:
    assert outside_issuer(MEMBER, ANCHORS, OWN.root) == OUTSIDE.root
    assert outside_issuer(INSIDE, ANCHORS, OWN.root) is None
    assert outside_issuer(INSIDE, ANCHORS, None) == OWN.root
    assert outside_issuer(MEMBER, ANCHORS[:2], OWN.root) is None


def test_a_revoked_one_stays_so_when_the_answer_has_run_out() -> None:
    assert answers(Word("superseded", 1, 2)).revocation(MEMBER) == "superseded"
    assert answers(Word(None, 1, 2)).revocation(MEMBER) is None
    assert answers(None).revocation(MEMBER) is None


@pytest.mark.parametrize(
    ("required", "until", "lists", "known"),
    [
        (True, 100.0, None, 150.0),
        (True, 100.0, 900.0, 150.0),
        (True, 100.0, 10.0, 150.0),
        (True, None, 900.0, 0.0),
        (False, 100.0, None, None),
        (False, 100.0, 900.0, None),
        (False, 100.0, 10.0, 150.0),
        (False, None, 10.0, None),
    ],
)
def test_until_when_it_is_known(required: bool, until: float | None, lists: float | None, known: float | None) -> None:
    said = answers(None if until is None else Word(None, 1, until), required)
    assert said.known_until(MEMBER, ANCHORS, lists) == known
    assert said.known_until(INSIDE, ANCHORS, lists) is None
