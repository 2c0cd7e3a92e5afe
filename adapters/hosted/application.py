"""One hosted service, ready to be asked: Spyne's pipeline between a judged Body and an answer's envelope."""

from collections.abc import Callable
from typing import Any, Final

from esb.adapters.hosted.repairs import Protocol, Transport, spyne
from esb.adapters.hosted.typed import Asked, HostedService
from esb.kernel.soap import open_envelope
from esb.kernel.xml import Element, XmlLimits, parse_message

# The bus has counted this message by its own settings, which may be wider than the parser's usual limits.
_COUNTED: Final = XmlLimits(1 << 31, 1 << 31, 1 << 16, 1 << 16, 1 << 16)
_FAILED: Final = "The service failed; the operator has been told."
_UNFIT: Final = "The Body cannot be read as the published schema says."


class Application:
    """A hosted service as Spyne runs it; many threads may ask one.

    Args:
        failed: told of an unexpected exception (exchange id, exception), for the log; must not raise.
    """

    def __init__(self, service: HostedService, failed: Callable[[str, BaseException], None]) -> None:
        self._failed = failed
        self._app = _Guarded(service, failed)
        self._server = Transport(self._app)

    def answer(self, envelope: bytes, asked: Asked) -> bytes:
        """Answer a plain SOAP 1.1 envelope with another; every failure of the service is a SOAP fault in it.

        Only the Body's one element is handed to Spyne, already parsed, so that nothing of Spyne's own reading of
        documents (DTDs, hrefs, charsets, further Bodies) takes part.

        Raises:
            Refusal: MSG-* when this is not an envelope as the bus writes it.
        """
        payload = open_envelope(parse_message(envelope, _COUNTED)).payload
        ctx = self._understood(payload, asked)
        if ctx.in_error is None:
            self._server.get_out_object(ctx)
        try:
            return self._written(ctx)
        except Exception as error:  # noqa: BLE001 - a result that does not fit its type, found while it is written
            self._failed(asked.exchange, error)
            ctx.out_error, ctx.out_document, ctx.out_string = spyne.Fault("Server", _FAILED), None, None
            return self._written(ctx)

    def _understood(self, payload: Element | None, asked: Asked) -> Any:
        """Spyne's context for this request, its operation found and its values read, or ``in_error`` set."""
        ctx = spyne.MethodContext(self._server, spyne.MethodContext.SERVER)
        ctx.udc = asked
        if payload is None:
            return _unfit(ctx)
        ctx.in_body_doc = payload
        ctx.method_request_string = payload.tag
        try:
            ctx = self._app.in_protocol.generate_method_contexts(ctx)[0]
            self._server.get_in_object(ctx)
        except Exception:  # noqa: BLE001 - Spyne's readers raise whatever int(), datetime() and the like do
            return _unfit(ctx)
        return ctx if ctx.in_error is None else _unfit(ctx)

    def _written(self, ctx: Any) -> bytes:
        self._server.get_out_string(ctx)
        return b"".join(ctx.out_string)


def _unfit(ctx: Any) -> Any:
    # Spyne's own words for this quote the value.
    ctx.in_error = ctx.out_error = spyne.Fault("Client", _UNFIT)
    return ctx


class _Guarded(spyne.Application):  # type: ignore[misc]
    """Spyne's application, whose faults never hold the text of an exception."""

    def __init__(self, service: HostedService, failed: Callable[[str, BaseException], None]) -> None:
        super().__init__(
            [service.service], service.namespace, name=service.name, in_protocol=Protocol(), out_protocol=Protocol()
        )
        self._failed = failed

    def call_wrapper(self, ctx: Any) -> Any:
        """Call the operation's function."""
        try:
            return super().call_wrapper(ctx)
        except spyne.Fault:
            raise
        except Exception as error:  # noqa: BLE001 - foreign code; whatever it raises is told as a fault
            self._failed(ctx.udc.exchange, error)
            raise spyne.Fault("Server", _FAILED) from None


def hosted_wsdl(service: HostedService) -> bytes:
    """The WSDL 1.1 of a hosted service: document/literal wrapped, SOAP 1.1, schemas inline."""
    app = _Guarded(service, lambda _, __: None)
    Transport(app)
    wsdl = spyne.interface.wsdl.Wsdl11(app.interface)
    wsdl.build_interface_document(f"urn:shluz:hosted:{service.name}")
    octets: bytes = wsdl.get_interface_document()
    return octets
