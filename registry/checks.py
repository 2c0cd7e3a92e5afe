"""What the registry lets in: each check returns the value as it will be kept, or says what would be right."""

import math
import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from esb.kernel import names
from esb.kernel.names import NameInvalid, ServiceId
from esb.registry.errors import Invalid

_LONGEST_TEXT = 4_000
_LONGEST_TIMEOUT = 3_600.0
_LAST_MOMENT = 253_402_300_799.0  # the end of the year 9999, the last that both databases can write
_LARGEST_QUOTA = 2_147_483_647
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z][A-Za-z0-9-]{1,62}", re.ASCII
)
_TELEPHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)  # ITU-T E.164
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)

REQUIRED_FIELDS = frozenset({"client", "id", "purpose", "legalBasis", "caseNumber", "officer", "onBehalfOf"})
"""Header fields that a grant may demand of every request."""


def lawful_code(code: str, what: str) -> str:
    """Return a member's or system's code.  Raises :class:`Invalid`."""
    try:
        return names.check_code(code, what)
    except NameInvalid as error:
        raise Invalid(str(error)) from error


def lawful_service(service: ServiceId) -> ServiceId:
    """Return a service's name, which may have been put together from unchecked parts.  Raises :class:`Invalid`."""
    try:
        return ServiceId.parse(service.text)
    except NameInvalid as error:
        raise Invalid(str(error)) from error


def lawful_consumer(consumer: str) -> tuple[str, str | None]:
    """Return the member and the system (or None) of ``MEMBER`` or ``MEMBER/SYSTEM``.  Raises :class:`Invalid`."""
    try:
        member, _, system = names.check_client(consumer).partition("/")
    except NameInvalid as error:
        raise Invalid(str(error)) from error
    return member, system or None


def lawful_text(text: str, what: str) -> str:
    """Return words for people: trimmed, in Unicode's composed form, so that what looks the same is the same.

    Raises :class:`Invalid` when nothing is left, when it is too long, or for control characters, which could forge
    lines where it is shown.
    """
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        raise Invalid(f"{what} is empty; write it out")
    if len(text) > _LONGEST_TEXT:
        raise Invalid(f"{what} has {len(text)} characters; {_LONGEST_TEXT} are the most that can be kept")
    if any(unicodedata.category(one) in {"Cc", "Cs"} for one in text):
        raise Invalid(f"{what} holds a control character; write it on one line, as plain text")
    return text


def lawful_voen(voen: str) -> str:
    """Return a taxpayer's number (VÖEN): ten digits.  Raises :class:`Invalid`."""
    if len(voen) != 10 or not (voen.isascii() and voen.isdigit()):
        raise Invalid(f"VÖEN {voen[:20]!r} is not ten digits, e.g. 1400040231")
    return voen


def lawful_email(email: str) -> str:
    """Return an e-mail address as SMTP takes it everywhere (RFC 5321, section 4.5.3.1).  Raises :class:`Invalid`.

    Its text does not repeat the address, which is a person's.
    """
    email = email.strip()
    if len(email) > 254 or _EMAIL.fullmatch(email) is None:
        raise Invalid("the e-mail address cannot be read; write it like name@agency.gov.az")
    return email


def lawful_telephone(telephone: str) -> str:
    """Return a telephone number in its international form, without blanks (ITU-T E.164).  Raises :class:`Invalid`.

    Its text does not repeat the number, which is a person's.
    """
    telephone = re.sub(r"[\s()-]", "", telephone)
    if _TELEPHONE.fullmatch(telephone) is None:
        raise Invalid("the telephone number cannot be read; write it with its country, like +994 12 555 00 00")
    return telephone


def lawful_digest(digest: str | None, what: str) -> str | None:
    """Return a document's SHA-256 in hex, None where there is none.  Raises :class:`Invalid`."""
    if digest is None:
        return None
    digest = digest.lower()
    if _DIGEST.fullmatch(digest) is None:
        raise Invalid(f"{what} is not a SHA-256 in hex (64 digits); archive the document and give its digest")
    return digest


def lawful_moment(moment: float, what: str) -> float:
    """Return a time in Unix seconds, to the microsecond as it will be kept.  Raises :class:`Invalid`."""
    if not (math.isfinite(moment) and 0 <= moment <= _LAST_MOMENT):
        raise Invalid(f"{what} is not a time between the years 1970 and 9999, in Unix seconds")
    return datetime.fromtimestamp(moment, UTC).timestamp()


def lawful_timeout(seconds: float) -> float:
    """Return a provider's time to answer.  Raises :class:`Invalid`."""
    if not (math.isfinite(seconds) and 0 < seconds <= _LONGEST_TIMEOUT):
        raise Invalid(f"timeout {seconds} is not above 0 and at most {_LONGEST_TIMEOUT:.0f} seconds")
    return seconds


def lawful_endpoint(endpoint: str, adapter: str) -> str:
    """Return where the provider is: a URL for ``soap``, a hosted service's name for ``hosted``.

    Raises :class:`Invalid`; its text never repeats a URL that holds a password.
    """
    if adapter == "hosted":
        return lawful_text(endpoint, "the hosted service's name")
    if adapter != "soap":
        raise Invalid(f"adapter {adapter[:20]!r} is not one that the bus has; it is soap or hosted")
    if not endpoint.isascii() or any(one <= " " or one == "\x7f" for one in endpoint):
        raise Invalid("the endpoint holds a blank or a character that a URL must write as %XX")
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError as error:
        raise Invalid("the endpoint cannot be read; write it like https://host:8443/path") from error
    if parts.username is not None or parts.password is not None:
        raise Invalid("the endpoint holds a user's name or password; leave it out: the registry keeps no secrets")
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise Invalid(f"endpoint {endpoint[:200]!r} is not an absolute URL like https://host:8443/path")
    if parts.fragment:
        raise Invalid(f"endpoint {endpoint[:200]!r} has a fragment (#…), which is never sent; leave it out")
    return endpoint


def lawful_quota(quota: int | None, what: str) -> int | None:
    """Return how many requests may pass, None for no limit.  Raises :class:`Invalid`."""
    if quota is not None and not 0 < quota <= _LARGEST_QUOTA:
        raise Invalid(f"quota {what} is {quota}; it is a whole number from 1 to {_LARGEST_QUOTA}, or left out")
    return quota


def lawful_fields(fields: Iterable[str]) -> frozenset[str]:
    """Return the header fields that a grant demands.  Raises :class:`Invalid`."""
    wanted = frozenset(fields)
    unknown = sorted(wanted - REQUIRED_FIELDS)
    if unknown:
        raise Invalid(
            f"field {unknown[0][:40]!r} cannot be demanded; choose among {', '.join(sorted(REQUIRED_FIELDS))}"
        )
    return wanted
