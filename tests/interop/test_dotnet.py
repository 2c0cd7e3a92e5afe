"""The .NET Framework's way, on Mono: the proxy that System.Web.Services makes of the published WSDL, and a SOAP
extension around System.Security.Cryptography.Xml.SignedXml, in the shapes of its own stacks (WCF, WSE 3.0)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import PrivateFormat, load_pem_private_key, pkcs12
from interop.answers import check_answer
from interop.identities import Identity
from interop.programs import run
from support.place import PERSONS, Place

pytestmark = pytest.mark.interop
SOURCES = Path(__file__).parent / "dotnet"
VERSIONS = {"soap11": ("wsdl", "Soap"), "soap12": ("wsdl&soap=1.2", "Soap12")}
LIBRARIES = ("System.Web", "System.Web.Services", "System.Security", "System.Numerics")
ADDRESSED = ("wcf", "wcf-thumbprint", "wcf-protected", "wse")
ANSWERED = ("token", "sha512", "issuer-serial", "ski", "utf-16", "mark", *ADDRESSED)
# SignedXml's own choice where nobody names another: the fault about it must be one that it can verify.
REFUSED = {
    "sha1": (
        "UnsupportedAlgorithm",
        "The algorithm that SignatureMethod names is not in the profile: use RSA, RSA-PSS or ECDSA with SHA-256, or "
        "Ed25519.",
    )
}
COVERED = {"Envelope/Body", "Security/Timestamp", "Header/Receipt"}


@pytest.fixture(scope="module", params=VERSIONS)
def said(
    request: pytest.FixtureRequest,
    need: Callable[..., None],
    _rsa_served: Place,
    rsa_identity: Identity,
    rsa_certificate: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, tuple[str, str]]]:
    """A folder with what went over the wire, and what the client said of each call, in one version of SOAP."""
    need("mono", "mcs")
    folder = tmp_path_factory.mktemp("dotnet")
    query, protocol = VERSIONS[request.param]
    wsdl = f"{_rsa_served.settings.bus.address}{PERSONS.path}?{query}"
    references = [f"-r:{library}" for library in LIBRARIES]
    run(folder, "mcs", "-out:import.exe", *references, SOURCES / "Import.cs")
    run(folder, "mono", "import.exe", wsdl, protocol, "proxy.cs")
    run(folder, "mcs", "-out:client.exe", *references, SOURCES / "Client.cs", "proxy.cs")
    (folder / "client.exe.config").write_bytes((SOURCES / "client.exe.config").read_bytes())
    (folder / "member.pfx").write_bytes(as_pfx(rsa_identity))
    lines = run(folder, "mono", "client.exe", "member.pfx", rsa_certificate, folder, *ANSWERED, *REFUSED).splitlines()
    return folder, dict(zip((*ANSWERED, *REFUSED), zip(lines[::2], lines[1::2], strict=True), strict=True))


def as_pfx(who: Identity) -> bytes:
    """Key and certificate as .NET wants them; Mono reads the old encryption only."""
    key = load_pem_private_key(who.key.read_bytes(), None)
    encryption = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(1000).hmac_hash(hashes.SHA1())
    encryption = encryption.key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
    return pkcs12.serialize_key_and_certificates(b"member", key, who.x509, None, encryption.build(b"x"))  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ANSWERED)
def test_a_signed_call(said: tuple[Path, dict[str, tuple[str, str]]], rsa_place: Place, form: str) -> None:
    folder, outcomes = said
    surname, covered = outcomes[form]
    assert surname == "Əliyeva"
    assert set(covered.split(",")) == COVERED | ({"Header/Action", "Header/RelatesTo"} if form in ADDRESSED else set())
    check_answer(
        (folder / f"{form}.received").read_bytes(), rsa_place.second_certificate, (folder / f"{form}.sent").read_bytes()
    )


@pytest.mark.parametrize("form", REFUSED)
def test_a_refusal_is_a_soap_exception(said: tuple[Path, dict[str, tuple[str, str]]], form: str) -> None:
    text, covered = said[1][form]
    assert text == "|".join((*REFUSED[form], "AlgorithmForbidden"))
    assert set(covered.split(",")) == COVERED
