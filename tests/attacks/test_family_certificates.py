"""Certificates that are registered and must not count: each flaw by itself, in a certificate that is right in all else.

The registry is the operator's, and operators err: what it lists is judged again by path, time, usage and strength.
"""

import datetime
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from attacks.forging import forge
from attacks.siege import besiege, canonical
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier
from lxml import etree
from support.client import Consumer
from support.handmade import RSA_SHA256, Choices
from support.place import PASSPHRASE, Place

from esb.admin.authority import Authority
from esb.certs.keys import generate_key, load_key
from esb.kernel import rules
from esb.kernel.directory import CertificateUse
from esb.kernel.soap import SoapVersion
from esb.registry.certificates import add_certificate, revoke_certificate
from esb.registry.models import RevocationReason

_SHA256: Final = hashes.SHA256()
DAY: Final = datetime.timedelta(days=1)
USAGES: Final = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip
REFUSING: Final = (
    rules.CRT_KNOWN, rules.CRT_PATH, rules.CRT_EXPIRED, rules.CRT_EARLY, rules.CRT_REVOKED, rules.CRT_USAGE,
    rules.CRT_REVOCATION_UNKNOWN, rules.SIG_KEY_MATCH,
)  # fmt: skip


UNREADABLE: Final = ("an octet after it", "cut", "rubbish", "a huge one", "a negative serial number")


load = x509.load_der_x509_certificate


class _Octets:
    """Stands in a message for a certificate that is none."""

    def __init__(self, der: bytes) -> None:
        self._der = der

    def public_bytes(self, encoding: Encoding) -> bytes:
        return self._der


class Maker:
    """Makes certificates in the true authority's name, and registers them for members of their own."""

    def __init__(self, place: Place) -> None:
        self.place = place
        authority = Authority(place.home)
        self.key: Any = load_key(authority.key, PASSPHRASE).private_key
        self.certificate = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
        self.made: list[tuple[str, Consumer]] = []

    def make(
        self,
        key: Any = None,
        *,
        begin: datetime.timedelta = -DAY,
        end: datetime.timedelta = 30 * DAY,
        usage: tuple[str, ...] | None = ("digital_signature",),
        ca: bool | None = False,
        signer: Any = None,
        issuer: x509.Name | None = None,
        subject: str = "Flawed",
        digest: Any = _SHA256,
        extra: tuple[tuple[x509.ExtensionType, bool], ...] = (),
        serial: int | None = None,
    ) -> tuple[Any, x509.Certificate]:
        own = generate_key("p256") if key is None else key
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(self.certificate.subject if issuer is None else issuer)
            .public_key(own.public_key())
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(now + begin)
            .not_valid_after(now + end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        )
        if ca is not None:
            builder = builder.add_extension(x509.BasicConstraints(ca, None), critical=True)
        if usage is not None:
            flags = {name: name in usage for name in USAGES}
            builder = builder.add_extension(x509.KeyUsage(**flags), critical=True)
        for extension, critical in extra:
            builder = builder.add_extension(extension, critical)
        return own, builder.sign(self.key if signer is None else signer, digest)

    def enter(self, name: str, key: Any, der: bytes, use: CertificateUse = CertificateUse.SIGNING) -> None:
        """Register a certificate as a member's that has a grant."""
        code = f"CRT{len(self.made)}"
        self.place.member(code, enrol=False)
        with self.place.acting() as act:
            add_certificate(act, der, code, use)
        self.place.grant(code)
        self.made.append((name, Consumer(code, key, _Octets(der) if name in UNREADABLE else load(der))))


def flawed(maker: Maker) -> Iterator[tuple[str, Any, x509.Certificate]]:
    """Each flaw by its name, with the key and the certificate."""
    options: dict[str, dict[str, Any]] = {
        "expired a second ago": {"end": datetime.timedelta(seconds=-1)},
        "expired a year ago": {"begin": -400 * DAY, "end": -365 * DAY},
        "valid tomorrow": {"begin": DAY},
        "valid in an hour": {"begin": datetime.timedelta(hours=1)},
        "an authority's": {"ca": True, "usage": ("key_cert_sign", "digital_signature")},
        "an authority's without usages": {"ca": True, "usage": None},
        "outdated digest": {"digest": hashes.SHA224()},
        "an unknown critical extension": {
            "extra": ((x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\5\0"), True),)
        },
        "name constraints of its own": {"extra": ((x509.NameConstraints([x509.DNSName("x")], None), True),)},
        "policy constraints": {"extra": ((x509.PolicyConstraints(0, None), True),)},
        "inhibited policies": {"extra": ((x509.InhibitAnyPolicy(0), True),)},
        "a NUL in its name": {"subject": "EESMN\0.evil"},
        "a line break in its name": {"subject": "EESMN\r\nCN=DIN"},
        "a terminal escape in its name": {"subject": "EESMN\x1b[2J"},
        "a stranger's issuer": {"issuer": x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nobody")])},
        "an empty issuer": {"issuer": x509.Name([])},
        "a false authority of the same name": {"signer": generate_key("p256")},
        "a false authority with another kind of key": {"signer": generate_key("rsa2048")},
        "rsa 1024": {"key": rsa.generate_private_key(65537, 1024)},
        "rsa exponent 3": {"key": rsa.generate_private_key(3, 2048)},
        "P-224": {"key": ec.generate_private_key(ec.SECP224R1())},
        "P-192": {"key": ec.generate_private_key(ec.SECP192R1())},
        "P-521": {"key": ec.generate_private_key(ec.SECP521R1())},
        "secp256k1": {"key": ec.generate_private_key(ec.SECP256K1())},
        "brainpool": {"key": ec.generate_private_key(ec.BrainpoolP256R1())},
        "Ed448": {"key": ed448.Ed448PrivateKey.generate()},
        "DSA": {"key": dsa.generate_private_key(2048)},
    }
    for usage in USAGES[1:7]:
        options[f"usage {usage} alone"] = {"usage": (usage,)}
    options["usage of no kind"] = {"usage": ("key_agreement", "encipher_only")}
    for name, changes in options.items():
        yield name, *maker.make(**changes)
    # Issued by a member, whose certificate is no authority's; in its own name and in the authority's.
    member_key, member = maker.make(subject="Member")
    yield "issued by a member", *maker.make(signer=member_key, issuer=member.subject)
    yield "issued by a member in the authority's name", *maker.make(signer=member_key)
    own = generate_key("p256")
    yield (
        "by itself",
        *maker.make(own, signer=own, issuer=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Flawed")])),
    )
    yield "by itself in the authority's name", *maker.make(own, signer=own)
    # A whole false hierarchy with the names and identifiers of the true one.
    false = generate_key("p256")
    clone = maker.make(false, signer=false, ca=True, usage=("key_cert_sign", "crl_sign"), subject="Test CA")[1]
    yield "under a clone of the authority", *maker.make(signer=false, issuer=clone.subject)
    yield "the clone itself", false, clone
    yield "the authority's own", maker.key, maker.certificate


@pytest.fixture(scope="module")
def maker(attacked: Place) -> Maker:
    """All of them, registered; the bus reads the registry once."""
    maker = Maker(attacked)
    for name, key, certificate in flawed(maker):
        maker.enter(name, key, certificate.public_bytes(Encoding.DER))
    key, good = maker.make()
    octets = good.public_bytes(Encoding.DER)
    # What is no certificate, or not quite one, among the registered ones.
    for name, der in {
        "an octet after it": octets + b"\0",
        "cut": octets[:-1],
        "a negative serial number": _with_negative_serial(octets),
        "rubbish": b"rubbish",
        "a huge one": octets + b"\0" * 5_000,
    }.items():
        maker.enter(name, key, der)
    key, certificate = maker.make()
    maker.enter("for TLS", key, certificate.public_bytes(Encoding.DER), CertificateUse.TLS)
    for reason in RevocationReason:
        key, certificate = maker.make()
        maker.enter(f"revoked: {reason.value}", key, certificate.public_bytes(Encoding.DER))
        with attacked.acting() as act:
            revoke_certificate(act, certificate.fingerprint(hashes.SHA256()).hex(), reason)
    attacked.settle()
    return maker


def _with_negative_serial(der: bytes) -> bytes:
    """The same certificate with the sign of its serial number turned, and so without a signature that holds."""
    version = bytes.fromhex("a003020102")  # RFC 5280, section 4.1: the serial number follows it, behind tag and length
    at = der.index(version) + len(version) + 2
    return der[:at] + bytes((der[at] | 0x80,)) + der[at + 1 :]


def signed(consumer: Consumer, version: SoapVersion) -> bytes:
    """A message signed with the consumer's key, or with any, where no algorithm of the profile is for that one."""
    if isinstance(consumer.key, ec.EllipticCurvePrivateKey):
        return forge(consumer, version)
    if isinstance(consumer.key, rsa.RSAPrivateKey):
        return forge(consumer, version, choices=Choices(signature=RSA_SHA256))
    good = Consumer(consumer.code, generate_key("p256"), consumer.certificate)
    return forge(good, version)


def test_registered_and_flawed(place: Place, maker: Maker, version: SoapVersion) -> None:
    with besiege(place, least=45) as siege:
        for name, consumer in maker.made:
            message = signed(consumer, version)
            wanted = (*REFUSING, rules.SIG_KEY_INFO) if name in UNREADABLE else REFUSING
            siege.refused(name, message, version, *wanted)


def test_the_maker_makes_good_ones_too(place: Place, version: SoapVersion) -> None:
    """What it makes without a flaw counts: the flaw is why the others do not."""
    maker = Maker(place)
    key, certificate = maker.make()
    consumer = Consumer(f"GOOD{version.name}", key, certificate)
    place.member(consumer.code, enrol=False)
    with place.acting() as act:
        add_certificate(act, certificate.public_bytes(Encoding.DER), consumer.code, CertificateUse.SIGNING)
    place.grant(consumer.code)
    place.settle()
    with besiege(place) as siege:
        message = forge(consumer, version)
        assert siege.harmless("good", message, version, canonical(etree.fromstring(message)[-1][0]))


def test_the_same_issuer_and_serial_number_twice(place: Place, maker: Maker, version: SoapVersion) -> None:
    """A registered certificate of a false authority with another's issuer and serial number takes nothing from it:
    named so, it is neither; by its token each is what it is."""
    key, good = maker.make()
    consumer = Consumer(f"TWIN{version.name}", key, good)
    place.member(consumer.code, enrol=False)
    false, clone = maker.make(signer=generate_key("p256"), serial=good.serial_number)
    place.member(f"FALSE{version.name}", enrol=False)
    with place.acting() as act:
        add_certificate(act, good.public_bytes(Encoding.DER), consumer.code, CertificateUse.SIGNING)
        add_certificate(act, clone.public_bytes(Encoding.DER), f"FALSE{version.name}", CertificateUse.SIGNING)
    for code in (consumer.code, f"FALSE{version.name}"):
        place.grant(code)
    place.settle()
    with besiege(place, least=3) as siege:
        siege.refused("the clone", forge(Consumer("x", false, clone), version), version, rules.CRT_PATH)
        siege.refused(
            "its key, the other's token", forge(Consumer("x", false, good), version), version, rules.SIG_VALUE
        )
        siege.refused("the other way", forge(Consumer("x", key, clone), version), version, *REFUSING, rules.SIG_VALUE)


def test_no_list_of_revocations_that_counts(
    place: Place, eesmn: Consumer, version: SoapVersion, fresh_name: Callable[[], str]
) -> None:
    """When the authority's list is older than the grace period nobody's certificate is good, and then it is again."""
    with besiege(place, least=2) as siege:
        place.clock.shift = 20 * 86_400.0
        message = eesmn.sign(version=version, created=time.time() + place.clock.shift)
        siege.refused("no list", message, version, rules.CRT_REVOCATION_UNKNOWN)
        place.clock.shift = 0.0
        siege.refused("from the future", message, version, rules.TIM_FUTURE)
