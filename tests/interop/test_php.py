"""PHP: ext-soap on the published WSDL, where ``__doRequest`` signs and verifies by ext-dom and ext-openssl."""

import base64
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from interop.answers import check_answer
from interop.identities import Identity
from interop.programs import run
from support.place import PERSONS, Place

pytestmark = pytest.mark.interop
SOURCES = Path(__file__).parent / "php"
OPERATIONS = ["GetPerson", "CountPersons", "NotePerson"]
VERSIONS = {"soap11": (1, "wsdl"), "soap12": (2, "wsdl&soap=1.2")}
COVERED = {"Envelope/Body", "Security/Timestamp", "Header/Receipt"}
PLAIN = {"kind": "rsa2048", "form": "token", "indent": False, "addressing": False, "gzip": False, "keepAlive": True}
ANSWERED: dict[str, dict[str, object]] = {
    "rsa": {},
    "p256": {"kind": "p256"},
    "issuer-serial": {"form": "issuer-serial"},
    "ski": {"form": "ski", "kind": "p256"},
    "indented": {"indent": True},
    "addressing": {"addressing": True},
    "gzip-and-close": {"gzip": True, "keepAlive": False},
}

Said = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def said(
    need: Callable[..., None],
    _served: Place,
    bus_certificate: Path,
    identity: Callable[[str], Identity],
    tmp_path_factory: pytest.TempPathFactory,
) -> Said:
    """What PHP said of each call."""
    need("php")
    folder = tmp_path_factory.mktemp("php")
    if not {"soap", "dom", "openssl"} <= set(run(folder, "php", "-m").split()):
        pytest.skip("PHP lacks ext-soap or ext-dom: install php-soap php-xml")
    url = _served.settings.bus.address + PERSONS.path
    calls = {}
    cases = itertools.product((ANSWERED | {"unsigned": {"form": "unsigned"}}).items(), VERSIONS.items())
    for (name, form), (version, (number, query)) in cases:
        call = PLAIN | form | {"version": number, "wsdl": f"{url}?{query}"}
        who = identity(str(call["kind"]))
        calls[f"{version}.{name}"] = call | {"key": str(who.key), "certificate": str(who.certificate)}
    task = {"bus": str(bus_certificate), "calls": calls}
    found: Said = json.loads(run(folder, "php", SOURCES / "client.php", given=json.dumps(task)))
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", ANSWERED)
def test_a_signed_call(said: Said, bus_x509: x509.Certificate, version: str, name: str) -> None:
    one = said[f"{version}.{name}"]
    assert one.get("surname") == "Əliyeva", one
    assert set(one["covered"]) == COVERED | ({"Header/Action", "Header/RelatesTo"} if name == "addressing" else set())
    check_answer(base64.b64decode(one["received"]), bus_x509, base64.b64decode(one["sent"]))
    assert [signature.split(" ")[1].split("(")[0] for signature in one["operations"]] == OPERATIONS


@pytest.mark.parametrize(("version", "code"), [("soap11", "wsse:InvalidSecurity"), ("soap12", "soap:Sender")])
def test_a_refusal_is_phps_fault(said: Said, version: str, code: str) -> None:
    one = said[f"{version}.unsigned"]
    assert (one["faultcode"], one["code"]) == (code, "SignatureMissing")
    assert one["reason"] == "Sign the message: no wsse:Security header is addressed to the bus."
    assert set(one["covered"]) == COVERED, "the fault's signature was verified before PHP threw it"
