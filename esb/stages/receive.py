"""Receive: from an HTTP request to a message's bytes and the SOAP version that its media type states."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from esb.kernel import rules
from esb.kernel.encoding import as_utf8
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpRequest
from esb.kernel.message import Received
from esb.kernel.soap import SoapVersion

_PARAMETER = re.compile(r';[ \t]*([A-Za-z0-9!#$&^_.+-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^;," \t]+))[ \t]*')
_ACTION_MAX = 2048


@lru_cache(maxsize=256)
def media_version(content_type: str) -> tuple[SoapVersion, Mapping[str, str]]:
    """The SOAP version of a Content-Type header, and its parameters by lower-case name.

    Remembered, for consumers send the same few headers with every message.

    Raises:
        Refusal: MSG-01 for another media type, MSG-15 for a MIME package.
    """
    kind, _, rest = content_type.partition(";")
    name = kind.strip().lower()
    if name.startswith("multipart/"):
        raise Refusal(rules.ATTACHMENTS, "Send the envelope alone: attachments and XOP packages are not served.")
    if name not in ("text/xml", "application/soap+xml"):
        raise Refusal(
            rules.HTTP_MEDIA, "Send text/xml (SOAP 1.1) or application/soap+xml (SOAP 1.2).", {"mediaType": name[:80]}
        )
    parameters: dict[str, str] = {}
    for match in _PARAMETER.finditer(";" + rest):
        quoted = match.group(2)
        value = match.group(3) if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        parameters.setdefault(match.group(1).lower(), value)
    return (SoapVersion.V11 if name == "text/xml" else SoapVersion.V12), MappingProxyType(parameters)


def receive(request: HttpRequest, exchange: str, at: float) -> Received:
    """Take a POST in.

    Args:
        exchange: the exchange id the bus gives it.
        at: Unix seconds.

    Raises:
        Refusal: MSG-01, MSG-02, MSG-15.
    """
    version, parameters = media_version(request.headers.get(b"content-type", b"").decode("latin-1"))
    if version is SoapVersion.V12:
        action = parameters.get("action")
    else:
        header = request.headers.get(b"soapaction")
        # Quotes are demanded by WS-I R1109 and left out by many clients; both are understood (protocol: lawful).
        action = None if header is None else header.decode("latin-1").strip().strip('"')
    data = as_utf8(request.body, parameters.get("charset"))
    return Received(
        exchange=exchange,
        at=at,
        path=request.path,
        version=version,
        action=None if action is None else action[:_ACTION_MAX],
        raw=request.body,
        data=data,
        peer=request.peer,
    )
