"""NoSuchOperation: the Body asks for what the contract does not have."""

import pytest
from support.way import Asker, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

BODIES = {
    "unknown": b'<p:DropPersons xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:DropPersons>',
    "other namespace": b'<p:GetPerson xmlns:p="urn:example:other"><p:fin>5ABC123</p:fin></p:GetPerson>',
    "no namespace": b"<GetPerson><fin>5ABC123</fin></GetPerson>",
    "an answer": b'<p:GetPersonResponse xmlns:p="urn:example:person"/>',
    "a fault": b'<p:PersonFault xmlns:p="urn:example:person"><p:why>5ABC123</p:why></p:PersonFault>',
    "empty": b"",
}


@pytest.mark.parametrize("kind", BODIES)
def test_it_is_refused_by_name(asker: Asker, version: SoapVersion, kind: str) -> None:
    expect_refusal(asker.ask(body=BODIES[kind], version=version), rules.RTE_OPERATION, consumer="EESMN")
