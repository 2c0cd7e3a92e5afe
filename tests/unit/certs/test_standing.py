"""Whether a registered certificate counts now: each reason is told apart, the gravest first."""

from dataclasses import replace

import pytest

from esb.certs.standing import check_standing
from esb.kernel import rules
from esb.kernel.directory import CertificateUse
from esb.kernel.faults import Refusal

NOW = 1_800_000_000.0


def rule_of(certificate, known_until=None):
    with pytest.raises(Refusal) as caught:
        check_standing(replace(certificate, known_until=known_until), NOW)
    assert caught.value.particulars["sha256"] == certificate.sha256.hex()
    return caught.value.rule.id


@pytest.fixture
def good(identity):
    return replace(identity().known, not_before=NOW - 10, not_after=NOW + 10)


def test_a_good_certificate_stands(good):
    check_standing(good, NOW)
    check_standing(replace(good, known_until=NOW), NOW)
    check_standing(replace(good, not_before=NOW, not_after=NOW), NOW)


def test_each_reason_has_its_rule(good):
    assert rule_of(replace(good, use=CertificateUse.TLS)) == "CRT-06"
    assert rule_of(replace(good, problem=rules.CRT_PATH)) == "CRT-02"
    assert rule_of(replace(good, problem=rules.SIG_KEY_MATCH)) == "SIG-13"
    assert rule_of(replace(good, problem=rules.CRT_USAGE)) == "CRT-06"
    assert rule_of(replace(good, not_after=NOW - 1)) == "CRT-03"
    assert rule_of(replace(good, not_before=NOW + 1)) == "CRT-04"
    assert rule_of(replace(good, revoked="keyCompromise")) == "CRT-05"
    assert rule_of(good, NOW - 1) == "CRT-07"


def test_the_gravest_reason_comes_first(good):
    assert rule_of(replace(good, revoked="keyCompromise", not_after=NOW - 1)) == "CRT-05"
    assert rule_of(replace(good, revoked="keyCompromise"), NOW - 1) == "CRT-05"
    assert rule_of(replace(good, problem=rules.CRT_PATH, not_after=NOW - 1)) == "CRT-02"
