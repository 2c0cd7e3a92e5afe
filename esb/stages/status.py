"""Status: the class of a fault, and the HTTP status that a reply rides on (protocol RST-01 to RST-03, ANS-03)."""

from typing import Final

from esb.kernel import namespaces as ns
from esb.kernel.faults import Blame, Code
from esb.kernel.soap import SoapVersion, open_envelope
from esb.kernel.xml import Element, parse_message
from esb.stages.compose import UNBOUNDED

_SOAP_OWN: Final = {Code.VERSION_MISMATCH: "VersionMismatch", Code.NOT_UNDERSTOOD: "MustUnderstand"}
_CLASS: Final = {
    SoapVersion.V11: {Blame.CONSUMER: "Client", Blame.PROVIDER: "Server", Blame.BUS: "Server"},
    SoapVersion.V12: {Blame.CONSUMER: "Sender", Blame.PROVIDER: "Receiver", Blame.BUS: "Receiver"},
}
# Statuses that a code needs whatever the SOAP version (RST-01); all others follow the SOAP binding (RST-02, RST-03).
_STATUS: Final = {
    Code.UNSUPPORTED_MEDIA: 415,
    Code.TOO_LARGE: 413,
    Code.QUOTA_EXCEEDED: 429,
    Code.OVERLOADED: 503,
    Code.PROVIDER_UNAVAILABLE: 502,
    Code.PROVIDER_TIMEOUT: 504,
    Code.PROVIDER_FAULT: 502,
    Code.PROVIDER_SIGNATURE_INVALID: 502,
}
_12: Final = f"{{{ns.SOAP12}}}"
_FAULTS: Final = frozenset(f"{{{version.value}}}Fault" for version in SoapVersion)
_FROM_11: Final = {"Client": "Sender", "Server": "Receiver"}
_CLASSES: Final = frozenset({"Sender", "Receiver", "VersionMismatch", "MustUnderstand", "DataEncodingUnknown"})


def fault_class(code: Code, version: SoapVersion, blame: Blame | None = None) -> str:
    """The local name of the SOAP fault code that tells ``code``; ``blame`` where the rule has its own."""
    return _SOAP_OWN.get(code) or _CLASS[version][blame or code.facts.blame]


def status_of(code: Code, version: SoapVersion, blame: Blame | None = None) -> int:
    """The HTTP status of the bus's own fault: the code's own, else 500, or 400 for a SOAP 1.2 Sender fault."""
    own = _STATUS.get(code)
    if own is not None:
        return own
    return 400 if fault_class(code, version, blame) == "Sender" else 500


def class_of(fault: Element) -> str:
    """The class of any soap:Fault, by its SOAP 1.2 name; Receiver when it is none that SOAP knows.

    SOAP 1.1 lets a class be refined after a dot (section 4.4.1).
    """
    if str(fault.tag).startswith(_12):
        local = (fault.findtext(f"{_12}Code/{_12}Value") or "").strip().rpartition(":")[2]
    else:
        local = (fault.findtext("faultcode") or "").strip().rpartition(":")[2].split(".")[0]
        local = _FROM_11.get(local, local)
    return local if local in _CLASSES else "Receiver"


def status_of_answer(payload: Element | None, version: SoapVersion) -> int:
    """The HTTP status of a provider's answer in an envelope of ``version``; of faults only SOAP 1.2 Sender's is not 500
    (ANS-03; SOAP 1.2 part 2, table 20).

    Args:
        payload: the Body's element as the provider wrote it, in either version.
    """
    if payload is None or payload.tag not in _FAULTS:
        return 200
    return 400 if version is SoapVersion.V12 and class_of(payload) == "Sender" else 500


def status_again(envelope: bytes, version: SoapVersion) -> tuple[int, int | None]:
    """Status and Retry-After under which a recorded envelope of the bus leaves once more."""
    payload = open_envelope(parse_message(envelope, UNBOUNDED)).payload
    told = None if payload is None else payload.find(f".//{{{ns.EXCHANGE}}}Fault")
    if payload is None or payload.tag not in _FAULTS or told is None:
        return status_of_answer(payload, version), None
    code = told.findtext(f"{{{ns.EXCHANGE}}}code")
    after = told.findtext(f"{{{ns.EXCHANGE}}}retryAfter")
    if code not in {each.value for each in Code}:  # a provider's own words
        return status_of_answer(payload, version), None
    return _STATUS.get(Code(code)) or status_of_answer(payload, version), int(
        after
    ) if after and after.isdecimal() else None
