"""Names on the bus: ``MEMBER/SYSTEM/SERVICE/vN`` (protocol NAM-01) and the codes they are made of."""

import re
from dataclasses import dataclass
from functools import cached_property

from esb.kernel.faults import EsbError

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_VERSION = re.compile(r"v[1-9][0-9]{0,3}", re.ASCII)

SERVICES_ROOT = "/services/"


class NameInvalid(EsbError):
    """A code, client or service name is not written as NAM-01 says."""


def check_code(code: str, what: str = "code") -> str:
    """Return ``code`` when it is a lawful code, else raise :class:`NameInvalid` that says what one looks like."""
    if not _CODE.fullmatch(code):
        raise NameInvalid(
            f"{what} {code[:80]!r} is not lawful: "
            "1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit"
        )
    return code


@dataclass(frozen=True)
class ServiceId:
    """A resource's name: the member that owns it, its system, the service and its major version."""

    member: str
    system: str
    service: str
    version: str

    @classmethod
    def parse(cls, text: str) -> "ServiceId":
        """Read ``DIN/IAMAS/PersonQuery/v1``.  Raises :class:`NameInvalid`."""
        parts = text.split("/")
        if len(parts) != 4:
            raise NameInvalid(f"service {text[:120]!r} is not MEMBER/SYSTEM/SERVICE/vN, e.g. DIN/IAMAS/PersonQuery/v1")
        member, system, service, version = parts
        check_code(member, "member code")
        check_code(system, "system code")
        check_code(service, "service code")
        if not _VERSION.fullmatch(version):
            raise NameInvalid(f"version {version[:20]!r} is not v1 to v9999")
        return cls(member, system, service, version)

    @cached_property
    def text(self) -> str:
        """The name as written: ``DIN/IAMAS/PersonQuery/v1``."""
        return f"{self.member}/{self.system}/{self.service}/{self.version}"

    @cached_property
    def path(self) -> str:
        """The path of its URL: ``/services/DIN/IAMAS/PersonQuery/v1``."""
        return SERVICES_ROOT + self.text

    def __str__(self) -> str:
        return self.text


def check_client(text: str) -> str:
    """Return a consumer's name, ``MEMBER`` or ``MEMBER/SYSTEM``, when lawful; else raise :class:`NameInvalid`."""
    parts = text.split("/")
    if len(parts) > 2:
        raise NameInvalid(f"client {text[:120]!r} is not MEMBER or MEMBER/SYSTEM")
    check_code(parts[0], "member code")
    if len(parts) == 2:
        check_code(parts[1], "system code")
    return text
