"""Toolkits without WS-Security of their own: they import the WSDL, call, and read the signed fault as a fault."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.place import Place

pytestmark = pytest.mark.interop
TOOLKITS = Path(__file__).parent / "toolkits"
OPERATIONS = ["GetPerson", "CountPersons", "NotePerson"]
REASON = "Sign the message: no wsse:Security header is addressed to the bus."


def run(folder: Path, *words: object) -> str:
    """Run a command that must succeed; returns its stdout."""
    # Proxies of the machine are not for an address on loopback.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        list(map(str, words)), cwd=folder, env=environment, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize(
    ("query", "version", "code"), [("wsdl", 1, "wsse:InvalidSecurity"), ("wsdl&soap=1.2", 2, "soap:Sender")]
)
def test_php(
    need: Callable[..., None], resource: str, place: Place, tmp_path: Path, query: str, version: int, code: str
) -> None:
    need("php")
    if "soap" not in run(tmp_path, "php", "-m").split():
        pytest.skip("PHP has no ext-soap: install php-soap")
    said = json.loads(run(tmp_path, "php", TOOLKITS / "client.php", f"{resource}?{query}", version))
    assert [signature.split(" ")[1].split("(")[0] for signature in said["operations"]] == OPERATIONS
    assert (said["faultcode"], said["faultstring"], said["code"]) == (code, REASON, "SignatureMissing")
    assert place.provider.journal == []


def test_perl(need: Callable[..., None], resource: str, tmp_path: Path) -> None:
    need("perl")
    if subprocess.run(["perl", "-MSOAP::Lite", "-e", "1"], capture_output=True).returncode != 0:
        pytest.skip("Perl has no SOAP::Lite: install libsoap-lite-perl")
    said = run(tmp_path, "perl", TOOLKITS / "client.pl", f"{resource}?wsdl").splitlines()
    assert said == ["wsse:InvalidSecurity", REASON, "SignatureMissing"]


@pytest.mark.parametrize("query", ["wsdl&soap=1.2", "wsdl&policy"])
def test_gsoap_generates(need: Callable[..., None], resource: str, tmp_path: Path, query: str) -> None:
    need("wsdl2h", "soapcpp2")
    run(tmp_path, "wsdl2h", "-c", "-o", "service.h", f"{resource}?{query}")
    run(tmp_path, "soapcpp2", "-C", "-c", "-L", "-x", "-I/usr/share/gsoap/import", "service.h")
    assert "soap_call___ns1__GetPerson" in (tmp_path / "soapClient.c").read_text()


def test_gsoap_calls(need: Callable[..., None], resource: str, tmp_path: Path) -> None:
    need("wsdl2h", "soapcpp2", "gcc")
    if not Path("/usr/include/stdsoap2.h").exists():
        pytest.skip("gSOAP's library is not installed: install libgsoap-dev")
    run(tmp_path, "wsdl2h", "-c", "-o", "service.h", f"{resource}?wsdl")
    run(tmp_path, "soapcpp2", "-C", "-c", "-L", "-x", "-I/usr/share/gsoap/import", "service.h")
    sources = (TOOLKITS / "client.c", "soapC.c", "soapClient.c")
    run(tmp_path, "gcc", "-O0", "-I.", "-o", "client", *sources, "-lgsoap")
    code, reason, detail = run(tmp_path, "./client").split("\n", 2)
    assert (code.rpartition(":")[2], reason) == ("InvalidSecurity", REASON)
    assert "SignatureMissing" in detail
