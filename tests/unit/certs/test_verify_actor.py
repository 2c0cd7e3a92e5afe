"""A signature that is addressed to somebody else: the owner's word beside the bus's own (ANS-07)."""

import hashlib

from esb.certs.sign import PartDigest
from esb.certs.verify import SignatureLimits, Verifier
from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion
from esb.stages.compose import body_element, envelope


def test_a_word_for_another_actor_speaks_for_the_body_alone(forge, identity, index):
    bus, owner = identity("p256"), identity("p384")
    body, part = body_element(SoapVersion.V11, "body-x", b'<a xmlns="urn:a"></a>')
    block = f'<w:To xmlns:u="{ns.WSU}" xmlns:w="{ns.WSA}" u:Id="to">x</w:To>'.encode()
    to = PartDigest("to", hashlib.sha256(block).digest(), ())
    own = bus.signer.security_header(SoapVersion.V11, (part, to), 1.8e9, 300, "bus", None)
    others = owner.signer.security_header(SoapVersion.V11, (part,), 1.8e9, 300, "owner", ns.OWNER_ACTOR)
    message = forge.envelope(envelope(SoapVersion.V11, (own, others, block), body))
    verifier = Verifier(SignatureLimits())
    for _ in range(2):  # the second time the bus's form is known
        assert verifier.verify(message, index).signer is bus.known
        found = verifier.verify(message, index, actor=ns.OWNER_ACTOR)
        assert (found.signer, found.blocks, found.body.sha256) == (owner.known, (), part.sha256)
