"""Bridge: a provider's fault in one SOAP version, said in the other (SOAP 1.2 part 0, section 5.4; appendix A)."""

from typing import Final

from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import Element, canonicalize
from esb.stages.compose import text

_TO_12: Final = {"Client": "Sender", "Server": "Receiver"}
_TO_11: Final = {"Sender": "Client", "Receiver": "Server", "DataEncodingUnknown": "Client"}


def bridge_fault(fault: Element, version: SoapVersion) -> bytes:
    """Canonical octets of a soap:Fault of ``version`` that says what ``fault``, of the other version, says.

    The code's class and the text go over; details go over element by element, untouched.
    """
    if version is SoapVersion.V12:
        local = (fault.findtext("faultcode") or "").strip().rpartition(":")[2].split(".")[0]
        code = _TO_12.get(local, local if local in ("VersionMismatch", "MustUnderstand") else "Receiver")
        return (
            (
                f'<soap:Fault xmlns:soap="{ns.SOAP12}"><soap:Code><soap:Value>soap:{code}</soap:Value></soap:Code>'
                f'<soap:Reason><soap:Text xml:lang="en">{text(fault.findtext("faultstring") or "")}'
                "</soap:Text></soap:Reason>"
            ).encode()
            + _detail(fault.find("detail"), "soap:Detail")
            + b"</soap:Fault>"
        )
    prefix = f"{{{ns.SOAP12}}}"
    local = (fault.findtext(f"{prefix}Code/{prefix}Value") or "").strip().rpartition(":")[2]
    code = _TO_11.get(local, local if local in ("VersionMismatch", "MustUnderstand") else "Server")
    return (
        (
            f'<soap:Fault xmlns:soap="{ns.SOAP11}"><faultcode>soap:{code}</faultcode>'
            f"<faultstring>{text(fault.findtext(f'{prefix}Reason/{prefix}Text') or '')}</faultstring>"
        ).encode()
        + _detail(fault.find(f"{prefix}Detail"), "detail")
        + b"</soap:Fault>"
    )


def _detail(detail: Element | None, name: str) -> bytes:
    if detail is None:
        return b""
    tag = name.encode()
    return b"<" + tag + b">" + b"".join(canonicalize(child) for child in detail) + b"</" + tag + b">"
