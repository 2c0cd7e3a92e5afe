"""Apache CXF on the published WSDL: its WS-Security by actions, and by the WS-SecurityPolicy of ``?wsdl&policy``."""

from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest
from interop.identities import Identity
from interop.jvm import PACKAGES, Outcome, need_java, run_java
from lxml import etree
from support.client import NS
from support.place import PERSONS, Place

from esb.admin.authority import Authority

pytestmark = pytest.mark.interop
RSA = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
VERSIONS = {"soap11": ("", NS["s11"]), "soap12": ("&soap=1.2", NS["s12"])}
SIGNED = {"Envelope/Body", "Security/Timestamp", "Header/Receipt"}


def run(
    place: Place, folder: Path, who: dict[str, Identity], query: str, how: str, bus: Path | None = None
) -> dict[str, Outcome]:
    """Call twice in each version of SOAP with each identity, the second time with what the schema forbids."""
    url = place.settings.bus.address + PERSONS.path
    with urlopen(f"{url}?wsdl") as response:
        wsdl = etree.fromstring(response.read())
    service = wsdl.find("{http://schemas.xmlsoap.org/wsdl/}service").get("name")
    calls = []
    for kind, one in who.items():
        for version, (more, soap) in VERSIONS.items():
            name = f"{{{wsdl.get('targetNamespace')}}}{service}"
            keys = (one.key, one.certificate, ECDSA if kind == "p256" else RSA)
            calls.append((f"{kind}-{version}", query + more, soap, name, *keys, how, "5ABC123"))
            calls.append((f"{kind}-{version}-refused", query + more, soap, name, *keys, how, "small"))
    arguments = (url, bus or place.settings.keys.certificate, Authority(place.home).certificate)
    return run_java("CxfClient", folder, arguments, calls)


@pytest.fixture(scope="module")
def by_actions(
    _served: Place, identity: Callable[[str], Identity], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Outcome]:
    need_java(PACKAGES)
    who = {kind: identity(kind) for kind in ("rsa2048", "p256")}
    return run(_served, tmp_path_factory.mktemp("cxf"), who, "wsdl", "actions")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["rsa2048", "p256"])
def test_by_actions(by_actions: dict[str, Outcome], kind: str, version: str) -> None:
    outcome = by_actions[f"{kind}-{version}"]
    assert outcome.status == 200, outcome.answer
    assert "Əliyeva".encode() in outcome.answer
    assert outcome.covered == SIGNED


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", ["rsa2048", "p256"])
def test_a_refusal_is_cxfs_fault(by_actions: dict[str, Outcome], kind: str, version: str) -> None:
    check_refusal(by_actions[f"{kind}-{version}-refused"])


def check_refusal(outcome: Outcome) -> None:
    """CXF threw a SOAPFaultException with all that the bus said; its interceptors had verified it."""
    code, reason, ours = outcome.answer.decode().split("|")
    assert (outcome.status, ours) == (500, "SchemaViolation")
    assert code.endswith((":Client", ":Sender"))
    assert reason == "The Body is not valid against the published schema."


def test_by_policy(rsa_place: Place, rsa_identity: Identity, rsa_certificate: Path, tmp_path: Path) -> None:
    """CXF signs what the policy in the WSDL says and checks that the answer keeps to it; only the algorithm is told it,
    as the standard's suites stop at RSA-SHA1."""
    need_java(PACKAGES)
    outcomes = run(rsa_place, tmp_path, {"rsa2048": rsa_identity}, "wsdl&policy", "policy", rsa_certificate)
    for version in VERSIONS:
        outcome = outcomes[f"rsa2048-{version}"]
        assert outcome.status == 200, outcome.answer
        assert "Əliyeva".encode() in outcome.answer
        assert outcome.covered == SIGNED
        check_refusal(outcomes[f"rsa2048-{version}-refused"])
    assert len(rsa_place.provider.journal) == len(VERSIONS)
