"""A register with one entry, and an authority whose signer makes extracts of it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from esb.admin.extract_check import Believed, ExtractRefused, Step, check_extract
from esb.admin.extract_document import Extract
from esb.admin.extracts import DocumentSigner, MadeExtract, make_extract
from esb.certs.ca import Subject, create_authority, issue, serial_number, sign_crl
from esb.certs.keys import FileKey, PrivateKey, generate_key
from esb.certs.requests import make_request, read_request
from esb.kernel.directory import CertificateUse, MemberStatus
from esb.registry.acts import acting
from esb.registry.members import add_member
from esb.registry.models import MemberKind
from esb.registry.resource_entry import Name, ResourceStatus
from esb.registry.resource_reading import read_entry
from esb.registry.resources import change_resource, register_resource
from support.entries import information_resource, personal_system

NOW = 1_790_000_000.123456
CODE = "DIN/IAMAS"
DAY = 86_400


@dataclass
class Authority:
    """An authority that certifies signers."""

    name: str = "Sınaq CA"
    days: int = 4_000
    _made: tuple[PrivateKey, x509.Certificate] = field(init=False)

    def __post_init__(self) -> None:
        self._made = create_authority(self.name, "p256", NOW - DAY, self.days)

    @property
    def certificate(self) -> x509.Certificate:
        return self._made[1]

    def signer(self, name: str = "bus", kind: str = "p256", now: float = NOW, days: int = 365) -> DocumentSigner:
        """A signer with a certificate of this authority."""
        return self.certify(FileKey(generate_key(kind)), name, now, days)

    def certify(self, key: Any, name: str = "bus", now: float = NOW, days: int = 365) -> DocumentSigner:
        """A signer of this key, wherever it lies."""
        request = read_request(make_request(key.private_key, name).public_bytes(Encoding.DER))
        serial = serial_number(os.urandom(16))
        certificate = issue(*self._made, request, Subject(name, "Şlüz"), CertificateUse.SIGNING, now, days, serial)
        return DocumentSigner(key, (certificate, self.certificate))

    def crl(self, *revoked: x509.Certificate, now: float = NOW, days: int = 7) -> bytes:
        """A revocation list, PEM."""
        taken = [(one.serial_number, now, "keyCompromise") for one in revoked]
        return sign_crl(*self._made, taken, 1, now, days).public_bytes(Encoding.PEM)


@dataclass
class Keeper:
    """The register's keeper."""

    engine: Engine
    authority: Authority = field(default_factory=Authority)

    @cached_property
    def signer(self) -> DocumentSigner:
        return self.authority.signer()

    def enter(self, **changes: Any) -> None:
        """Enter the member DIN and its system."""
        with acting(self.engine, "officer", NOW - 1000) as act:
            add_member(act, "DIN", "Daxili İşlər Nazirliyi", "Ministry of Internal Affairs", MemberKind.STATE)
            add_member(
                act, "EESMN", "Əmək Nazirliyi", "Ministry of Labour", MemberKind.STATE, status=MemberStatus.ACTIVE
            )
            register_resource(act, read_entry(personal_system(**changes)), "ilk qeydiyyat")

    def change(self, now: float = NOW, **changes: Any) -> None:
        """Make a new version."""
        with acting(self.engine, "officer.two", now) as act:
            change_resource(act, read_entry(personal_system(**changes)), "dəyişiklik")

    def make(self, signer: DocumentSigner | None = None, as_of: float | None = None, now: float = NOW) -> MadeExtract:
        """Make an extract."""
        return make_extract(
            self.engine,
            signer or self.signer,
            CODE,
            as_of=as_of,
            address="https://bus.gov.example",
            author="officer",
            now=now,
            random=os.urandom,
        )

    @property
    def believed(self) -> Believed:
        """What a stranger believes who was given the authority, its list and the signer's name."""
        return Believed((self.authority.certificate,), "bus", (self.authority.crl(),))


def check(data: bytes, believed: Believed, now: float = NOW, told: Callable[[Step], None] = lambda _: None) -> Extract:
    """Verify, as a stranger does."""
    return check_extract(data, believed, now, told)


def verdict(data: bytes, believed: Believed, now: float = NOW) -> str:
    """The word under which an extract is refused, ``verified`` when it is not."""
    try:
        check(data, believed, now)
    except ExtractRefused as error:
        return error.verdict.value
    return "verified"


def extract(document: dict[str, Any], **changes: Any) -> Extract:
    """An extract as a value."""
    made = Extract(
        id="0123456789abcdef" * 2,
        address="https://bus.gov.example/extracts/" + "0123456789abcdef" * 2,
        issuer="bus <&> şlüz",
        issued_at=1_790_000_000.000001,
        as_of=None,
        version=3,
        version_at=1_789_000_000.5,
        version_sha256="",
        status=ResourceStatus.REGISTERED,
        entry=read_entry(document),
        owner=Name("Daxili İşlər Nazirliyi", "Ministry of Internal Affairs"),
        operator=None,
    )
    made = replace(made, **changes)
    return replace(made, version_sha256=made.digest)


WHOLE = personal_system(
    operator={"member": "EESMN"},
    purpose="Məqsəd <&> \"dırnaq\" 'tək' ]]>",
    services=["DIN/IAMAS", "DIN/IAMAS/PersonQuery/v1"],
    exchange=["soap-bus", "file"],
    documents=[{"sha256": "cd" * 32, "name": 'a "b" <c>.pdf'}],
    fin={"use": "stored", "conforms": False},
)
CASES = {
    "whole": extract(WHOLE, operator=Name("Əmək Nazirliyi", "Ministry of Labour"), as_of=1_789_500_000.25),
    "least": extract(information_resource()),
    "another body": extract(
        information_resource(operator={"name": {"az": "Mərkəz", "en": "Centre"}}), operator=Name("Mərkəz", "Centre")
    ),
}
