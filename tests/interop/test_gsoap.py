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

Said = dict[str, tuple[str, str, str]]


def generate(folder: Path, url: str) -> None:
    """``wsdl2h`` on the address, and ``soapcpp2`` with our few lines about headers."""
    run(folder, "wsdl2h", "-c", "-o", "persons.h", url)
    run(folder, "soapcpp2", "-C", "-c", "-L", "-x", "-w", f"-I{SHARE}/import:{SHARE}:{folder}", SOURCES / "service.h")


@pytest.fixture(scope="module", params=VERSIONS)
def said(
    request: pytest.FixtureRequest,
    need: Callable[..., None],
    _served: Place,
    bus_certificate: Path,
    identity: Callable[[str], Identity],
    tmp_path_factory: pytest.TempPathFactory,
) -> Said:
    """What the client said of each call, in one version of SOAP."""
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
    who = identity("rsa2048")
    files = (who.key, who.certificate, bus_certificate, Authority(_served.home).certificate)
    lines = run(folder, "./client", *files, *ANSWERED, *REFUSED).splitlines()
    return dict(zip((*ANSWERED, *REFUSED), zip(lines[::3], lines[1::3], lines[2::3], strict=True), strict=True))


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
