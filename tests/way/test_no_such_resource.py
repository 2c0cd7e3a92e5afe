"""NoSuchResource: told to members only; a stranger learns nothing of what there is."""

import pytest
from support.client import Consumer
from support.handmade import unsigned
from support.way import Asker, expect_refusal

from esb.kernel import rules
from esb.kernel.soap import SoapVersion

PATHS = [
    "/services/DIN/IAMAS/Nothing/v1",
    "/services/DIN/IAMAS/PersonQuery/v2",
    "/services/NOBODY/IAMAS/PersonQuery/v1",
    "/services/din/iamas/personquery/v1",
    "/services/DIN/IAMAS/PersonQuery/v1/more",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_member_is_told(asker: Asker, eesmn: Consumer, version: SoapVersion, path: str) -> None:
    exchange = asker.send(eesmn.sign(version=version), version, path=path)
    expect_refusal(exchange, rules.RTE_RESOURCE, consumer="EESMN")
    assert exchange.records[-1].entry.service == path


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_is_asked_for_a_signature_as_anywhere(asker: Asker, version: SoapVersion, path: str) -> None:
    expect_refusal(asker.send(unsigned(version=version), version, path=path), rules.SIG_PRESENT)


def test_a_path_cannot_forge_a_record(asker: Asker, eesmn: Consumer, version: SoapVersion) -> None:
    """Escapes stay escapes: nothing is decoded into the log."""
    path = "/services/DIN/%0a%0d%1b[2J<b>" + "x" * 2000
    exchange = asker.send(eesmn.sign(version=version), version, path=path)
    expect_refusal(exchange, rules.RTE_RESOURCE, consumer="EESMN")
    noted = exchange.records[-1].entry.service
    assert len(noted) <= 256
    assert noted.isprintable()
