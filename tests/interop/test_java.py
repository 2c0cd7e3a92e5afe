"""The JDK's own XML signatures (javax.xml.crypto.dsig), as a back office without a WS-Security library has it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from interop.answers import check_answer
from interop.identities import Identity
from interop.jvm import Outcome, need_java, run_java
from support.client import NS
from support.place import PERSONS, Place

pytestmark = pytest.mark.interop
SOAP = {"soap11": NS["s11"], "soap12": NS["s12"]}
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
PSS = "http://www.w3.org/2007/05/xmldsig-more#"
ENC = "http://www.w3.org/2001/04/xmlenc#"
RSA, ECDSA, SHA256 = MORE + "rsa-sha256", MORE + "ecdsa-sha256", ENC + "sha256"


@dataclass(frozen=True)
class Form:
    """One way to write a signature."""

    kind: str = "rsa2048"
    signature: str = RSA
    digest: str = SHA256
    prefixes: str = "-"
    transform: str = "-"
    key_info: str = "token"


FORMS = {
    "token": Form(),
    "issuer-serial": Form(key_info="issuer-serial"),
    "issuer-serial-rfc1779": Form(key_info="issuer-serial-1779"),
    "certificate": Form(key_info="certificate"),
    "subject": Form(key_info="subject"),
    "key-identifier": Form(key_info="key-identifier"),
    "three-names": Form(key_info="all"),
    "thumbprint": Form(key_info="thumbprint"),
    "ski": Form(key_info="ski"),
    "x509v3": Form(key_info="x509v3"),
    "prefixes": Form(prefixes="soapenv,xsi,wsse,nowhere"),
    "default-prefix": Form(prefixes="#default,xsi", key_info="issuer-serial"),
    "enveloped": Form(transform="enveloped", prefixes="xsi"),
    "sha512": Form(signature=MORE + "rsa-sha512", digest=ENC + "sha512"),
    "sha384": Form(signature=MORE + "rsa-sha384", digest=MORE + "sha384"),
    "pss": Form(signature=PSS + "sha256-rsa-MGF1"),
    "pss-512": Form(signature=PSS + "sha512-rsa-MGF1", digest=ENC + "sha512"),
    "pss-defaults": Form(signature=PSS + "rsa-pss"),
    "pss-parameters": Form(signature=PSS + "rsa-pss", digest=ENC + "sha512"),
    "p256": Form("p256", ECDSA, key_info="issuer-serial"),
    "p384": Form("p384", MORE + "ecdsa-sha384", MORE + "sha384", "xsi", "enveloped", "ski"),
}


@pytest.fixture(scope="module")
def outcomes(
    _served: Place,
    bus_certificate: Path,
    identity: Callable[[str], Identity],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Outcome]:
    """What came of each form in each version of SOAP."""
    need_java()
    calls = []
    for (name, form), version in itertools.product(FORMS.items(), SOAP):
        who = identity(form.kind)
        words = (f"{version}.{name}", SOAP[version], who.key, who.certificate, form.signature, form.digest)
        calls.append((*words, form.prefixes, form.transform, form.key_info))
    url = _served.settings.bus.address + PERSONS.path
    return run_java("JdkClient", tmp_path_factory.mktemp("jdk"), (url, bus_certificate), calls)


@pytest.mark.parametrize("version", SOAP)
@pytest.mark.parametrize("name", FORMS)
def test_a_signed_call(outcomes: dict[str, Outcome], bus_x509: x509.Certificate, version: str, name: str) -> None:
    outcome = outcomes[f"{version}.{name}"]
    answer = check_answer(outcome.answer, bus_x509, outcome.sent)
    assert (outcome.status, answer.code) == (200, ""), answer.text(".//faultstring")
    assert answer.text(".//{urn:example:person}surname") == "Əliyeva"
    assert outcome.covered == {"Envelope/Body", "Security/Timestamp", "Header/Receipt"}
