"""The directory: frozen facts, and statuses whose words are kept in databases and settings."""

import dataclasses

import pytest

from esb.kernel import directory
from esb.kernel.directory import CertificateIndex, Directory, Grant, KnownCertificate, Member, Operation, Service

FACTS = (Member, Operation, Service, Grant, KnownCertificate, CertificateIndex, Directory)


@pytest.mark.parametrize("fact", FACTS)
def test_facts_are_frozen_and_slotted(fact):
    assert fact.__dataclass_params__.frozen
    assert "__slots__" in vars(fact)


def test_an_empty_index_knows_nobody_and_cannot_be_filled():
    index = CertificateIndex()
    for field in dataclasses.fields(index):
        known = getattr(index, field.name)
        assert dict(known) == {}
        with pytest.raises(TypeError):
            known[b"key"] = None


@pytest.mark.parametrize(
    ("enum", "words"),
    [
        (directory.MemberStatus, {"applied", "active", "suspended", "left"}),
        (directory.ServiceStatus, {"active", "suspended", "retired"}),
        (directory.SignatureMode, {"bus", "carry", "none"}),
        (directory.AnswerSignature, {"required", "ignored", "hosted"}),
        (directory.Judgement, {"enforce", "warn", "off"}),
        (directory.CertificateUse, {"signing", "tls"}),
    ],
)
def test_words_that_registries_keep_do_not_change(enum, words):
    assert {member.value for member in enum} == words


def test_an_operation_has_no_lawful_action_unless_it_is_given_one():
    assert Operation("Ask", "{urn:x}Ask", None, "").actions == frozenset()
