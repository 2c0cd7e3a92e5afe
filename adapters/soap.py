"""The SOAP adapter: a provider that is a SOAP service over HTTP."""

from typing import Final
from urllib.parse import quote

from esb.kernel import rules
from esb.kernel.faults import Refusal
from esb.kernel.http import HttpCall, HttpClient
from esb.kernel.message import Outgoing, ProviderAnswer
from esb.kernel.soap import SoapVersion

_URI: Final = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in '"\\')
_MEDIA: Final = {version.media_type: version for version in SoapVersion}
# SOAP 1.1 section 6.2 and SOAP 1.2 part 2 section 7.4.1.2: answers ride on 200 and 202, faults on 400 and 500.
# A body of the right media type is looked into whatever its status says; one of another type never is.
_EMPTY_ANSWERS: Final = frozenset({200, 202, 204})


class SoapAdapter:
    """Posts envelopes to providers' endpoints.

    Args:
        client: the network.
        max_answer: bytes that a provider's answer may have.
    """

    def __init__(self, client: HttpClient, max_answer: int) -> None:
        self._client = client
        self._max_answer = max_answer

    async def ask(self, outgoing: Outgoing) -> ProviderAnswer:
        """Deliver once and wait for the answer.

        Raises:
            Refusal: PRV-01, PRV-02, PRV-06, PRV-07 from the network; PRV-03 when what came back is not SOAP.
        """
        # A contract's action may be written in any letters; in a header it is a URI (RFC 3987, section 3.1).
        action = quote(outgoing.operation.soap_action, safe=_URI)
        if outgoing.version is SoapVersion.V11:
            content_type = "text/xml; charset=utf-8"
            headers: tuple[tuple[str, str], ...] = (("SOAPAction", f'"{action}"'),)
        else:
            parameter = f'; action="{action}"' if action else ""
            content_type, headers = f"application/soap+xml; charset=utf-8{parameter}", ()
        answer = await self._client.call(
            HttpCall(
                url=outgoing.service.endpoint,
                content_type=content_type,
                body=outgoing.envelope,
                headers=headers,
                timeout=outgoing.service.timeout,
                max_answer=self._max_answer,
            )
        )
        if not answer.body and answer.status in _EMPTY_ANSWERS:
            return ProviderAnswer(outgoing.version, b"")
        media, _, parameters = answer.headers.get(b"content-type", b"").decode("latin-1").partition(";")
        version = _MEDIA.get(media.strip().lower())
        if version is None:
            raise Refusal(
                rules.PRV_ANSWER,
                "The provider's answer is not SOAP.",
                {"status": str(answer.status), "mediaType": media.strip()[:80] or "none"},
            )
        return ProviderAnswer(version, answer.body, _charset(parameters))


def _charset(parameters: str) -> str | None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"')
    return None
