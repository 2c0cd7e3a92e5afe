"""Apache WSS4J, which CXF and most Java stacks sign with: every way to name the certificate, token protection, and the
answer verified with the rules of WS-I's Basic Security Profile enforced."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from interop.answers import check_answer
from interop.identities import Identity
from interop.jvm import PACKAGES, Outcome, need_java, run_java
from support.client import NS
from support.place import PERSONS, Place

from esb.admin.authority import Authority

pytestmark = pytest.mark.interop
SOAP = {"soap11": NS["s11"], "soap12": NS["s12"]}
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
ALGORITHMS = {"rsa2048": MORE + "rsa-sha256", "p256": MORE + "ecdsa-sha256"}
KEY_INFOS = (
    "token",
    "path",
    "issuer-serial",
    "issuer-serial-quoted",
    "ski",
    "x509v3",
    "thumbprint",
    "thumbprint-and-token",
)


@dataclass(frozen=True)
class Form:
    """One way to write a signature."""

    kind: str
    key_info: str
    more: str = "-"
    signature: str = ""
    digest: str = ENC + "sha256"


FORMS = {f"{kind}.{key_info}": Form(kind, key_info) for kind in ALGORITHMS for key_info in KEY_INFOS} | {
    "sha512": Form("rsa2048", "token", signature=MORE + "rsa-sha512", digest=ENC + "sha512"),
    "pss": Form("rsa2048", "token", signature="http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"),
    "addressing": Form("p256", "token", "MessageID,Action"),
    "token-itself": Form("p256", "token", "Token"),
    "str-transform": Form("p256", "token", "STRTransform"),
    "str-transform-path": Form("p256", "path", "STRTransform"),
}
# The STR-Transform of a reference that does not lead into the message: the token that it stands for is one that each
# stack writes otherwise, so the bus says that it is not served (WSS 1.1 section 8.3).
REFUSED = {
    f"str-transform-{name}": Form("p256", name, "STRTransform")
    for name in ("issuer-serial", "ski", "thumbprint", "thumbprint-and-token")
}


@pytest.fixture(scope="module")
def outcomes(
    _served: Place,
    bus_certificate: Path,
    identity: Callable[[str], Identity],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Outcome]:
    """What came of each form in each version of SOAP."""
    need_java(PACKAGES)
    calls = []
    for (name, form), version in itertools.product((FORMS | REFUSED).items(), SOAP):
        who = identity(form.kind)
        algorithm = form.signature or ALGORITHMS[form.kind]
        words = (f"{version}.{name}", SOAP[version], who.key, who.certificate, algorithm, form.digest)
        calls.append((*words, form.key_info, form.more))
    url = _served.settings.bus.address + PERSONS.path
    arguments = (url, bus_certificate, Authority(_served.home).certificate)
    return run_java("Wss4jClient", tmp_path_factory.mktemp("wss4j"), arguments, calls)


@pytest.mark.parametrize("version", SOAP)
@pytest.mark.parametrize("name", FORMS)
def test_a_signed_call(outcomes: dict[str, Outcome], bus_x509: x509.Certificate, version: str, name: str) -> None:
    outcome = outcomes[f"{version}.{name}"]
    answer = check_answer(outcome.answer, bus_x509, outcome.sent)
    assert (outcome.status, answer.code) == (200, ""), answer.root.xpath("string(//*[local-name()='Body'])")
    assert answer.text(".//{urn:example:person}surname") == "Əliyeva"
    expected = {"Envelope/Body", "Security/Timestamp", "Header/Receipt"}
    assert outcome.covered == expected | ({"Header/Action", "Header/RelatesTo"} if name == "addressing" else set())


@pytest.mark.parametrize("version", SOAP)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_served_says_so(
    outcomes: dict[str, Outcome], bus_x509: x509.Certificate, version: str, name: str
) -> None:
    outcome = outcomes[f"{version}.{name}"]
    answer = check_answer(outcome.answer, bus_x509, outcome.sent)
    assert (answer.code, answer.text(".//exch:rule")) == ("AlgorithmForbidden", "SIG-10")
    assert outcome.covered == {"Envelope/Body", "Security/Timestamp", "Header/Receipt"}
