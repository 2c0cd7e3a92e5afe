"""The contract door: ``?wsdl`` (also ``&soap=1.2``, ``&policy``), ``?xsd=NAME``, ``?bundle``, ``?sample=OPERATION``."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from email.utils import formatdate
from functools import lru_cache
from urllib.parse import parse_qsl

from esb.kernel.clock import utc_text
from esb.kernel.contract import Contract
from esb.kernel.directory import Service, ServiceStatus
from esb.kernel.http import HttpRequest, HttpResponse
from esb.kernel.names import SERVICES_ROOT, ServiceId
from esb.kernel.soap import SoapVersion
from esb.wsdl.bundle import bundle_zip
from esb.wsdl.pattern import NoSample
from esb.wsdl.publish import publish_wsdl, published_documents
from esb.wsdl.sample import sample_request

_XML = "text/xml; charset=utf-8"
_KEPT = 256  # published WSDLs kept in memory
_MOST_WAITING = 32  # anybody may ask for contracts: they must not queue without end


class ContractDoor:
    """Publishes contracts.

    Args:
        find: a registered service by URL path.
        contract: reads a contract by its digest, off the reactor.
        run: runs a blocking function off the reactor, in threads that nothing else waits for.
        address: the bus's public base URL, from configuration and never from a request.
    """

    def __init__(
        self,
        find: Callable[[str], Service | None],
        contract: Callable[[str], Contract],
        run: Callable[[Callable[[], HttpResponse]], Awaitable[HttpResponse]],
        address: str,
    ) -> None:
        self._find = find
        self._contract = contract
        self._run = run
        self._address = address
        # The same contract gives the same octets, and large ones take a tenth of a second to make.
        self._published = lru_cache(_KEPT)(self._publish)
        self._waiting = 0

    async def get(self, request: HttpRequest) -> HttpResponse:
        """Answer a GET below /services/."""
        service = self._find(request.path)
        if service is None or service.status is ServiceStatus.RETIRED:
            return _plain(404, "No resource is registered at this address.")
        query = {name.lower(): value for name, value in parse_qsl(request.query, keep_blank_values=True)}
        found = service

        def answer() -> HttpResponse:
            return self._answer(found, query)

        if self._waiting >= _MOST_WAITING:
            return _plain(503, "Too many contracts are being asked for: try again shortly.", (("Retry-After", "2"),))
        self._waiting += 1
        try:
            answered = await self._run(answer)
        finally:
            self._waiting -= 1
        return _with_end(answered, service, self._address)

    def _answer(self, service: Service, query: dict[str, str]) -> HttpResponse:
        contract = self._contract(service.contract)
        address = self._address + service.id.path
        if "wsdl" in query or "singlewsdl" in query:
            version = query.get("soap", "1.1")
            if version not in ("1.1", "1.2"):
                return _plain(400, "soap is 1.1 or 1.2.")
            soap = SoapVersion.V11 if version == "1.1" else SoapVersion.V12
            return HttpResponse(200, _XML, self._published(service.contract, service.id, soap, "policy" in query))
        if "xsd" in query:
            # A name is a key of the contract's own documents: nothing of it ever touches a file system.
            schema = published_documents(contract).get(query["xsd"])
            if schema is None:
                return _plain(404, "The contract has no schema of this name: see ?bundle.")
            return HttpResponse(200, _XML, schema)
        if "bundle" in query:
            name = f"{service.id.member}-{service.id.service}-{service.id.version}.zip"
            disposition = (("Content-Disposition", f'attachment; filename="{name}"'),)
            return HttpResponse(200, "application/zip", bundle_zip(contract, service.id, address), disposition)
        if "sample" in query:
            return _sample(contract, query["sample"])
        return _plain(200, _help(service, address))

    def _publish(self, digest: str, service: ServiceId, version: SoapVersion, policy: bool) -> bytes:
        return publish_wsdl(self._contract(digest), service, self._address + service.path, version, policy)


def _sample(contract: Contract, name: str) -> HttpResponse:
    for operation in contract.operations:
        if operation.name == name:
            try:
                return HttpResponse(200, _XML, sample_request(contract, operation))
            except NoSample as error:
                return _plain(404, str(error))
    return _plain(404, "The contract has no operation of this name: see ?wsdl.")


def _with_end(answer: HttpResponse, service: Service, address: str) -> HttpResponse:
    """Say of a service with an end when that is (Sunset, RFC 8594), since when it is known (Deprecation, RFC 9745),
    and where its successor is (RFC 5829)."""
    if service.sunset is None or service.deprecated is None:
        return answer
    ends: tuple[tuple[str, str], ...] = (
        ("Sunset", formatdate(service.sunset, usegmt=True)),
        ("Deprecation", f"@{int(service.deprecated)}"),
    )
    if service.successor:
        ends += (("Link", f'<{address}{SERVICES_ROOT}{service.successor}>; rel="successor-version"'),)
    return replace(answer, headers=(*answer.headers, *ends))


def _help(service: Service, address: str) -> str:
    end = ""
    if service.sunset is not None:
        end = f"\nNot served any more from {utc_text(service.sunset)} on."
        end += f"  Then ask {service.successor}.\n" if service.successor else "\n"
    return (
        f"{service.id}\n{end}\nPOST SOAP requests here. GET:\n"
        f"  {address}?wsdl            the contract, SOAP 1.1\n"
        f"  {address}?wsdl&soap=1.2   the same for SOAP 1.2\n"
        f"  {address}?wsdl&policy     with WS-SecurityPolicy\n"
        f"  {address}?bundle          WSDL and schemas as a closed zip\n"
        f"  {address}?sample=NAME     a sample request of an operation\n"
    )


def _plain(status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> HttpResponse:
    return HttpResponse(status, "text/plain; charset=utf-8", text.encode() + b"\n", headers)
