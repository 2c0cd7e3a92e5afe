"""What a message claims to be signed with: read without belief, and without ever failing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rig import NOW, party

from esb.certs.claimed import claimed_algorithm
from esb.certs.client import signed_request
from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_a_message_says_what_it_is_signed_with(kind):
    signer = party("EESMN", kind=kind)
    data = signed_request(signer.signer, SoapVersion.V11, b"<x/>", (), NOW, "m-1")
    assert claimed_algorithm(data) == {"p256": ns.ECDSA_SHA256, "rsa2048": ns.RSA_SHA256}[kind]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<SignatureMethod Algorithm='urn:a'/>", "urn:a"),
        ('<d:SignatureMethod\n  Id="x"\tAlgorithm = "urn:a" />', "urn:a"),
        ("<ds:SignatureMethod/>", ""),
        ("<ds:SignatureMethod><x Algorithm='urn:a'/></ds:SignatureMethod>", ""),
        ("<ds:SignatureMethod Algorithm=''/>", ""),
        ("<ds:SignatureMethod Algorithm='urn:a", ""),
        (f"<ds:SignatureMethod Algorithm='{'x' * 300}'/>", ""),
        (f"{' ' * 300_000}<ds:SignatureMethod Algorithm='urn:a'/>", ""),
        ("<ds:SignatureMethod Algorithm='\u0259'/>", ""),
        ("", ""),
    ],
)
def test_other_spellings_and_what_says_nothing(text, said):
    assert claimed_algorithm(text.encode()) == said


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_it_never_fails(before, after):
    assert isinstance(claimed_algorithm(before + b"SignatureMethod" + after), str)
