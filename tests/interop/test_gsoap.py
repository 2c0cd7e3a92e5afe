"""gSOAP: stubs that it generates from the published WSDL, signed and verified by its own wsse plugin."""

from collections.abc import Callable
from pathlib import Path

import pytest
from interop.identities import Identity
from interop.programs import run
from support.place import PERSONS, Place

from esb.admin.authority import Authority

pytestmark = pytest.mark.interop
SOURCES = Path(__file__).parent / "gsoap"
SHARE = Path("/usr/share/gsoap")
PLUGINS = [SHARE / f"plugin/{name}.c" for name in ("wsseapi", "wsaapi", "smdevp", "mecevp", "threads")]
VERSIONS = {"soap11": "wsdl", "soap12": "wsdl&soap=1.2"}
ANSWERED = ("plain", "indent", "chunk", "prefixes", "sha512", "addressing", "indent,chunk,prefixes,addressing")
REFUSED = {
    "unsigned": ("SignatureMissing", "Sign the message: no wsse:Security header is addressed to the bus."),
    "addressing,careless": ("PartNotSigned", "Sign the header To: the signature does not cover it."),
}

SECOND_KEY = ("plain", "sha512", "addressing", "addressing,careless")
"""What is asked of a bus with a second, RSA key too."""

Said = dict[str, tuple[str, str, str]]


class Gsoap:
    """The compiled client, in one version of SOAP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ask(self, place: Place, who: Identity, bus: Path, calls: tuple[str, ...]) -> Said:
        """What it says of each call."""
        files = (who.key, who.certificate, bus, Authority(place.home).certificate)
        lines = run(self.folder, "./client", *files, place.settings.bus.address + PERSONS.path, *calls).splitlines()
        return dict(zip(calls, zip(lines[::3], lines[1::3], lines[2::3], strict=True), strict=True))


def generate(folder: Path, url: str) -> None:
    """``wsdl2h`` on the address, and ``soapcpp2`` with our few lines about headers."""
    run(folder, "wsdl2h", "-c", "-o", "persons.h", url)
    run(folder, "soapcpp2", "-C", "-c", "-L", "-x", "-w", f"-I{SHARE}/import:{SHARE}:{folder}", SOURCES / "service.h")


@pytest.fixture(scope="module", params=VERSIONS)
def gsoap(
    request: pytest.FixtureRequest,
    need: Callable[..., None],
    _served: Place,
    tmp_path_factory: pytest.TempPathFactory,
) -> Gsoap:
    """The client, generated and compiled."""
    need("wsdl2h", "soapcpp2", "gcc", "pkg-config")
    if not all(map(Path.exists, PLUGINS)) or not Path("/usr/include/openssl/ssl.h").exists():
        pytest.skip("gSOAP's plugins or OpenSSL's headers are missing: install gsoap libgsoap-dev libssl-dev")
    folder = tmp_path_factory.mktemp("gsoap")
    generate(folder, f"{_served.settings.bus.address}{PERSONS.path}?{VERSIONS[request.param]}")
    # The flags that the library was built with decide on the layout of struct soap.
    flags = run(folder, "pkg-config", "--cflags", "gsoapssl").split()
    flags += ["-w", f"-I{folder}", f"-I{SHARE}", f"-I{SHARE}/plugin", f"-D{request.param.upper()}"]
    sources = (SOURCES / "client.c", "soapC.c", "soapClient.c", *PLUGINS, SHARE / "custom/struct_timeval.c")
    run(folder, "gcc", *flags, "-o", "client", *sources, "-lgsoapssl", "-lssl", "-lcrypto")
    return Gsoap(folder)


@pytest.fixture(scope="module")
def said(gsoap: Gsoap, _served: Place, bus_certificate: Path, identity: Callable[[str], Identity]) -> Said:
    """What the client said of each call to a bus with a P-256 key."""
    return gsoap.ask(_served, identity("rsa2048"), bus_certificate, (*ANSWERED, *REFUSED))


def test_with_a_second_key_nothing_is_converted(
    gsoap: Gsoap, rsa_place: Place, rsa_identity: Identity, rsa_certificate: Path
) -> None:
    said = gsoap.ask(rsa_place, rsa_identity, rsa_certificate, SECOND_KEY)
    assert [said[options] for options in SECOND_KEY if options not in REFUSED] == [("Əliyeva", "", "verified")] * 3
    first, detail, verified = said["addressing,careless"]
    assert (first.partition(":")[2], verified) == ("InvalidSecurity " + REFUSED["addressing,careless"][1], "verified")
    assert ">PartNotSigned</" in detail


@pytest.mark.parametrize("options", ANSWERED)
def test_a_signed_call(said: Said, options: str) -> None:
    assert said[options] == ("Əliyeva", "", "verified")


@pytest.mark.parametrize("options", REFUSED)
def test_a_refusal_is_gsoaps_fault(said: Said, options: str) -> None:
    code, reason = REFUSED[options]
    first, detail, verified = said[options]
    assert (first.partition(":")[2], verified) == (f"InvalidSecurity {reason}", "verified")
    assert f">{code}</" in detail


@pytest.mark.parametrize("query", ["wsdl&policy"])
def test_the_policy_is_generated_from_too(need: Callable[..., None], resource: str, tmp_path: Path, query: str) -> None:
    need("wsdl2h", "soapcpp2")
    generate(tmp_path, f"{resource}?{query}")
    assert "soap_call___ns1__GetPerson" in (tmp_path / "soapClient.c").read_text()
