"""Names, times, ids and leaves: whatever is written, the reader says no by its own error or understands it one way."""

import json
from dataclasses import fields

from fuzz.target import Found, Target

from esb.audit.entry import Entry, Kind, record_id
from esb.audit.leaf import LeafInvalid, leaf_bytes, read_leaf
from esb.certs.index import build_known
from esb.certs.names import issuer_key
from esb.certs.timestamp import seconds
from esb.kernel.directory import CertificateUse
from esb.kernel.faults import EsbError
from esb.kernel.names import NameInvalid, ServiceId, check_client, check_code
from esb.logs import json_text, safe


def leaf(data: bytes) -> None:
    """A leaf is read from its one canonical form only."""
    try:
        entry = read_leaf(data)
    except LeafInvalid:
        return
    if leaf_bytes(entry) != data:
        raise Found("a leaf was read from another form than its own", data)


def text(data: bytes) -> None:
    """One text, given to every reader of short texts."""
    said = data.decode("utf-8", "surrogateescape")
    for read in (ServiceId.parse, check_client, check_code):
        try:
            value = read(said)
        except NameInvalid as error:
            if not str(error).isprintable():
                raise Found("an error repeats control characters", data) from error
            continue
        if str(value) != said or any(bad in said for bad in ("..//", "\n", "\0", "%", " ")):
            raise Found(f"{said!r} was read as {value!s}", data)
    moment = seconds(said)
    if moment is not None and not 0 <= moment + 14 * 3600 < 253_402_300_800 + 14 * 3600 * 2:
        raise Found(f"{said!r} is a time outside the years that are read", data)
    try:
        key = issuer_key(said)
    except ValueError:
        key = b""
    if key and issuer_key(f" {said}") != key:
        raise Found("a blank in front makes it another issuer", data)
    shown = safe(said)
    if len(shown) > 200 or not shown.isprintable():
        raise Found("a log line would hold what it must not", data)
    line = json_text({"x": said})
    if any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in line) or "\u202e" in line:
        raise Found("a log line would hold what it must not", data)
    json.loads(line)


def certificate(data: bytes) -> None:
    """Octets that a stranger calls a certificate."""
    try:
        known = build_known(data, "EESMN", CertificateUse.SIGNING, None, None)
    except EsbError:
        return
    if known.der != data:
        raise Found("a certificate's octets are not what was given", data)


def _leaf_seeds() -> list[bytes]:
    exchange = "01890000-0000-7000-8000-000000000000"
    facts: list[dict[str, object]] = [
        {},
        {"consumer": "EESMN", "grant": 1, "reason": "ə\n\u2028"},
        {"at": -1},
        {"subject": "0f" * 16 + " " + "1f" * 16, "unnamed": 3},
        {"duration_us": 2**53 - 1},
    ]
    made = []
    for kind in Kind:
        for more in facts:
            plain = dict.fromkeys((field.name for field in fields(Entry)), "")
            numbers = {"at": 1, "grant": None, "duration_us": None, "provider_us": None, "unnamed": None}
            named = {"record": record_id(exchange, kind), "exchange": exchange, "kind": kind}
            made.append(leaf_bytes(Entry(**{**plain, **numbers, **named, **more})))  # type: ignore[arg-type]
    return made


def _text_seeds() -> list[bytes]:
    texts = (
        "DIN/IAMAS/PersonQuery/v1", "DIN", "DIN/X", "2015-02-01T09:30:00Z", "2015-02-01T24:00:00.000+04:00",
        "CN=a, OU=\\2C b+C=AZ,O=\"x, y\"", "/C=AZ/O=X/CN=Y\\xC3\\xA4", "OID.2.5.4.97=#0c03414243", "a\x1b[31m\u202e",
        "1970-01-01T00:00:00.123456789-14:00", "CN=#1e0400410042;E=a@b", "9999-12-31T23:59:59.9999999Z",
    )  # fmt: skip
    return [each.encode() for each in texts]


def _certificate_seeds() -> list[bytes]:
    from support.rig import party

    return [party(code).known.der for code in ("EESMN", "")]


_LEAF_WORDS = (b'{"', b'"v":1', b'"at":', b'"kind":"', b"request", b"answer", b"refusal", b"null", b"1e3", b"-0",
               b"\\u0000", b"\\ud800", b",", b":", b"true", b"[", b"9007199254740993", b" ")  # fmt: skip
_TEXT_WORDS = (b"/", b"v1", b"..", b"%2e", b"CN=", b"=", b"+", b",", b"\\", b'"', b"#", b"T24:00:00", b"Z", b"-14:00",
               b"\xef\xbb\xbf", b"\xd9\xa5", b"\x00", b"\n", b"\x1b[", b"OID.", b"1.2.3", b".999999", b" ")  # fmt: skip
_DER_WORDS = (b"\x30\x82\x00\x00", b"\x30\x80", b"\x02\x01\xff", b"\x06\x03\x55\x04\x03", b"\x0c\x00", b"\x00\x00",
              b"\x05\x00", b"\x17\x0d", b"\xff\xff\xff\xff", b"\x01\x01\xff", b"\x04\x00")  # fmt: skip

LEAF = Target("leaf", leaf, _leaf_seeds, _LEAF_WORDS, longest=600)
TEXT = Target("text", text, _text_seeds, _TEXT_WORDS, longest=300)
CERTIFICATE = Target("certificate", certificate, _certificate_seeds, _DER_WORDS, longest=1500)
