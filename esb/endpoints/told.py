"""How the bus's own services tell what they refuse: SOAP faults with a code for programs and a text for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine

from esb.adapters.hosted.typed import Fault
from esb.admin.participation import NotYours, OfficerUnnamed, author_of
from esb.admin.services import ContractUnfit
from esb.endpoints.bus_view import BusView
from esb.kernel.faults import EsbError
from esb.registry.applications import Incomplete
from esb.registry.errors import Conflict, Forbidden, Invalid, NotFound, RegistryUnavailable
from esb.wsdl.refuse import ContractRefused

# The first that fits; what fits none is told without its text.
_CODES: Final[tuple[tuple[type[EsbError], str], ...]] = (
    (OfficerUnnamed, "Client.OfficerMissing"),
    (NotYours, "Client.NotYours"),
    (Incomplete, "Client.Incomplete"),
    (ContractRefused, "Client.ContractRefused"),
    (ContractUnfit, "Client.ContractRefused"),
    (NotFound, "Client.NotFound"),
    (Forbidden, "Client.Forbidden"),
    (Conflict, "Client.Conflict"),
    (Invalid, "Client.Invalid"),
)


@contextmanager
def told() -> Iterator[None]:
    """Tell the errors of acts as faults: the code's last part is in ``detail`` too, where every toolkit finds it."""
    try:
        yield
    except RegistryUnavailable as error:
        raise refusal("Server.RegistryUnavailable", "The registry cannot be asked now: try again shortly.") from error
    except EsbError as error:
        for kind, code in _CODES:
            if isinstance(error, kind):
                raise refusal(code, str(error)) from error
        raise


def refusal(code: str, text: str) -> Any:
    """A fault with its code in the detail: ``<Refused><code>NotFound</code><text>…</text></Refused>``."""
    return Fault(code, text, detail={"Refused": {"code": code.partition(".")[2], "text": text}})


def engine_of(view: BusView) -> Engine:
    """The registry's database.  Raises a fault on a node that has none."""
    if view.engine is None:
        raise refusal(
            "Server.NotHere", "This node follows the registry and cannot change or list it: ask the central bus."
        )
    return view.engine


def acting_as(ctx: Any) -> str:
    """The author of what a request does: its member and the officer whom it names.  Raises OfficerUnnamed."""
    return author_of(ctx.udc.consumer, ctx.udc.officer)
