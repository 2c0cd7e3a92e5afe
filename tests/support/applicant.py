"""An applicant: a contract, a provider that answers it, and what the checks are given, all on loopback."""

import ipaddress
import secrets
import ssl
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509

from esb.admin.checks.model import Alike, Bounds, Context, Report, Result, Subject
from esb.admin.checks.order import run_checks
from esb.admin.checks.wire import Line
from esb.admin.likeness import Likeness
from esb.certs.ca import Subject as Holder
from esb.certs.ca import create_authority, issue, serial_number
from esb.certs.index import CertificateLoader
from esb.certs.keys import FileKey, generate_key
from esb.certs.requests import make_request
from esb.certs.sign import Signer
from esb.kernel.contract import Contract
from esb.kernel.directory import CertificateUse
from esb.kernel.names import ServiceId
from esb.registry.services import Terms
from esb.schemas.check import Checked, check_contract
from esb.trial import TrialBus, trial_exchanges
from esb.wsdl.addresses import AddressRules
from esb.wsdl.read import read_closed
from support.place import CONTRACTS

SERVICE = ServiceId.parse("DIN/IAMAS/PersonQuery/v1")
LOOPBACK = AddressRules(networks=(ipaddress.ip_network("127.0.0.0/8"),))
FAST = Bounds(require_tls=False, calls=3, total_seconds=10.0)


@cache
def persons() -> Contract:
    """The person register's contract."""
    return read_closed(CONTRACTS / "person.wsdl")


@cache
def _checked() -> Checked:
    return check_contract(persons())


@cache
def bus_key() -> tuple[Signer, bytes]:
    """A bus's signer and its certificate's DER."""
    from cryptography.hazmat.primitives.serialization import Encoding

    key, authority = create_authority("Test CA", "p256", time.time(), 30)
    own = generate_key("p256")
    certificate: x509.Certificate = issue(
        key,
        authority,
        make_request(own, "bus"),
        Holder("bus", "bus"),
        CertificateUse.SIGNING,
        time.time(),
        10,
        serial_number(secrets.token_bytes(16)),
    )
    return Signer(FileKey(own), certificate), certificate.public_bytes(Encoding.DER)


@dataclass
class Applicant:
    """What applies; change what should be wrong, then :meth:`check`."""

    endpoint: str
    contract: Contract | None = field(default_factory=persons)
    terms: dict[str, Any] = field(default_factory=dict)
    bounds: Bounds = FAST
    rules: AddressRules = LOOPBACK
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    seconds: float = 1.0
    answer_bytes: int = 100_000
    operation: str | None = None
    request: str | None = '<p:GetPerson xmlns:p="urn:example:person"><p:fin>5ABC123</p:fin></p:GetPerson>'
    told: list[Result] = field(default_factory=list)
    alike: list[Likeness] = field(default_factory=list)
    find_alike: Alike | None = None

    @contextmanager
    def trying(self) -> Iterator[Context]:
        """What the checks are given; what they made is ended afterwards."""
        made: list[TrialBus] = []
        try:
            yield self.context(made)
        finally:
            for bus in made:
                bus.close()

    def context(self, made: list[TrialBus]) -> Context:
        """What the checks are given."""
        line = Line(self.rules, self.seconds, self.answer_bytes, self.tls)
        signer, der = bus_key()
        known = CertificateLoader().known(der, "", CertificateUse.SIGNING, None, None)
        terms = Terms(endpoint=self.endpoint, **{"timeout": self.seconds, **self.terms})
        subject = Subject(SERVICE, self.contract, terms, self.operation, self.request, SERVICE.text)
        made_by = trial_exchanges(line, signer, known, (), made)
        find = self.find_alike or (lambda _, __: self.alike)
        context = Context(subject, self.bounds, line, made_by, find, time.time())
        if self.contract is persons():
            context.schemas = _checked()  # the child process takes a second each time
        return context

    def check(self) -> Report:
        """Run every check."""
        with self.trying() as context:
            return run_checks(context, self.told.append)

    def found(self) -> dict[str, str]:
        """The rules found by each check that is not all right, and how each check ended otherwise."""
        return {
            one.check: " ".join(sorted({finding.rule for finding in one.findings})) or one.outcome.value
            for one in self.check().results
        }


def wrong(folder: Path, text: str) -> Contract:
    """A contract of one's own, with files beside it as in :mod:`support.descriptions`."""
    from support.descriptions import closed

    return closed(folder, text)


def certificate_for(
    host: str = "127.0.0.1",
    days: float = 365,
    bits: int = 0,
    ca: tuple[Any, x509.Certificate] | None = None,
    begins: float = -400,
) -> tuple[bytes, bytes]:
    """PEM of a key and a certificate for a provider; self-signed without ``ca``, RSA where ``bits`` are given.

    ``begins`` and ``days``: from when until when it is valid, in days from now.
    """
    import datetime

    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key: Any = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    alternative: x509.GeneralName = (
        x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    )
    signer, issuer = (key, name) if ca is None else (ca[0], ca[1].subject)
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + datetime.timedelta(days=begins))
        .not_valid_after(now + datetime.timedelta(days=days, hours=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )
    return (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate.public_bytes(Encoding.PEM),
    )


def unreadable(ca: tuple[Any, x509.Certificate]) -> tuple[bytes, bytes]:
    """PEM of a key and of a certificate of version 8: OpenSSL shows and verifies it, RFC 5280 knows no such thing."""
    from asn1crypto import core
    from asn1crypto.x509 import Certificate
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    key, pem = certificate_for(ca=ca)
    made = Certificate.load(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER))
    signed = made["tbs_certificate"].dump().replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020107"), 1)
    signature = ca[0].sign(signed, ec.ECDSA(hashes.SHA256()))
    inside = signed + made["signature_algorithm"].dump() + core.OctetBitString(signature).dump()
    der = b"\x30\x82" + len(inside).to_bytes(2, "big") + inside
    return key, ssl.DER_cert_to_PEM_cert(der).encode()


def over_tls(provider: Any, folder: Path, pair: tuple[bytes, bytes], **context: Any) -> str:
    """Make a provider of :mod:`support.provider` speak TLS; returns its URL."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if context.get("legacy"):
        server.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that it is old is why it is here
            server.minimum_version = ssl.TLSVersion.TLSv1
            server.maximum_version = ssl.TLSVersion.TLSv1_1
    else:
        server.set_ciphers("ALL:@SECLEVEL=0")
    (folder / "provider.pem").write_bytes(b"".join(pair))
    server.load_cert_chain(folder / "provider.pem")
    listener = provider._server
    listener.socket = server.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    return str(provider.url.replace("http:", "https:"))
