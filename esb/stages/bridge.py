"""Bridge: a provider's fault in one SOAP version, said in the other (SOAP 1.2 part 0, section 5.4; appendix A)."""

from typing import Final

from esb.certs.canonical import exclusive
from esb.kernel import namespaces as ns
from esb.kernel.soap import SoapVersion
from esb.kernel.xml import Element
from esb.stages.compose import attribute, text
from esb.stages.status import class_of

_TO_11: Final = {"Sender": "Client", "Receiver": "Server", "DataEncodingUnknown": "Client"}
_12: Final = f"{{{ns.SOAP12}}}"
_LANG: Final = f"{{{ns.XML}}}lang"
_UNTOLD: Final = "en"  # SOAP 1.2 demands a language where SOAP 1.1 need not tell one


def bridge_fault(fault: Element, version: SoapVersion, prefixes: tuple[str, ...] = ()) -> bytes:
    """Octets of a soap:Fault of ``version``, canonical apart, that says what ``fault``, of the other version, says.

    The code's class, the text and its language go over; details go over element by element, untouched.

    Args:
        prefixes: those whose declarations the details' values need.
    """
    code = class_of(fault)
    if version is SoapVersion.V12:
        reason = fault.find("faultstring")
        return (
            (
                f'<soap:Fault xmlns:soap="{ns.SOAP12}"><soap:Code><soap:Value>soap:{code}</soap:Value></soap:Code>'
                f'<soap:Reason><soap:Text xml:lang="{attribute(_language(reason) or _UNTOLD)}">{_words(reason)}'
                "</soap:Text></soap:Reason>"
            ).encode()
            + _detail(fault.find("detail"), "soap:Detail", prefixes)
            + b"</soap:Fault>"
        )
    reason = fault.find(f"{_12}Reason/{_12}Text")
    language = _language(reason)
    told = f' xml:lang="{attribute(language)}"' if language else ""
    return (
        (
            f'<soap:Fault xmlns:soap="{ns.SOAP11}"><faultcode>soap:{_TO_11.get(code, code)}</faultcode>'
            f"<faultstring{told}>{_words(reason)}</faultstring>"
        ).encode()
        + _detail(fault.find(f"{_12}Detail"), "detail", prefixes)
        + b"</soap:Fault>"
    )


def _language(reason: Element | None) -> str:
    return "" if reason is None else reason.get(_LANG, "")


def _words(reason: Element | None) -> str:
    return text("" if reason is None else reason.text or "")


def _detail(detail: Element | None, name: str, prefixes: tuple[str, ...]) -> bytes:
    if detail is None:
        return b""
    tag = name.encode()
    return b"<" + tag + b">" + b"".join(exclusive(child, prefixes) for child in detail) + b"</" + tag + b">"
