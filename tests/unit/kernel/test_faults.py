"""The error tree and the catalogue of codes."""

import pytest

from esb.kernel import rules
from esb.kernel.faults import Blame, Code, EsbError, Refusal, Retry

# The fault table of the exchange protocol, version 1, with what the bus adds for envelopes and for itself.
PROTOCOL = [
    "MalformedMessage",
    "UnsupportedMedia",
    "TooLarge",
    "NoSuchResource",
    "NoSuchOperation",
    "ResourceSuspended",
    "SignatureMissing",
    "SignatureInvalid",
    "PartNotSigned",
    "AlgorithmForbidden",
    "CertificateUnknown",
    "CertificateExpired",
    "CertificateRevoked",
    "CertificateNotYetValid",
    "KeyUsageForbidden",
    "RevocationUnknown",
    "MessageExpired",
    "Replay",
    "AccessDenied",
    "PurposeMissing",
    "QuotaExceeded",
    "SchemaViolation",
    "ProviderUnavailable",
    "ProviderTimeout",
    "ProviderFault",
    "ProviderSignatureInvalid",
    "Overloaded",
]


def test_the_protocols_codes_are_all_there():
    assert {code.value for code in Code} == {*PROTOCOL, "VersionMismatch", "NotUnderstood", "InternalError"}


@pytest.mark.parametrize("code", Code)
def test_every_code_says_who_must_act_and_whether_to_ask_again(code):
    assert isinstance(code.facts.blame, Blame)
    assert isinstance(code.facts.retry, Retry)


@pytest.mark.parametrize("code", [code for code in Code if code.value.startswith("Provider")])
def test_a_providers_failure_is_not_blamed_on_the_consumer(code):
    assert code.facts.blame is Blame.PROVIDER


def test_only_what_surely_did_not_happen_may_be_asked_again_at_once():
    assert {code for code in Code if code.facts.retry is Retry.YES} == {Code.PROVIDER_UNAVAILABLE}


@pytest.mark.parametrize("code", [Code.QUOTA_EXCEEDED, Code.OVERLOADED, Code.RESOURCE_SUSPENDED])
def test_what_passes_with_time_says_after(code):
    assert code.facts.retry is Retry.AFTER


def test_a_refusal_carries_its_rule_and_reads_like_a_sentence():
    refusal = Refusal(rules.SIZE, "The message is larger than the limit.", {"limit": "10"}, 3)
    assert isinstance(refusal, EsbError)
    assert str(refusal) == refusal.reason == "The message is larger than the limit."
    assert (refusal.rule, refusal.code) == (rules.SIZE, Code.TOO_LARGE)
    assert (dict(refusal.particulars), refusal.retry_after) == ({"limit": "10"}, 3)


def test_a_refusal_without_particulars_does_not_share_a_dictionary_that_can_be_filled():
    refusal = Refusal(rules.SIZE, "Too large.")
    assert refusal.retry_after is None
    with pytest.raises(TypeError):
        refusal.particulars["secret"] = "x"
