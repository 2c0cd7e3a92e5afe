"""Finding a hosted service by its name."""

from importlib.metadata import EntryPoint, entry_points
from typing import Final

from esb.adapters.hosted.service import HostedService
from esb.kernel.faults import EsbError

GROUP: Final = "shluz.hosted"
# The product's own, written as an entry point's value so that there is one way to load any: metadata of an installed
# distribution is not there in a bare checkout, and nobody else's can take these names.
_OWN: Final = {
    "metadata": "esb.endpoints.metadata:METADATA",
    "participation": "esb.endpoints.participation:PARTICIPATION",
    "pension": "esb.demo.pension:PENSION",
    "registry": "esb.endpoints.registry_service:REGISTRY",
    "subjects": "esb.endpoints.subject_service:SUBJECTS",
}


class HostedUnknown(EsbError):
    """No hosted service has this name, or it cannot be loaded; the text says which there are, or what failed."""


def find_service(name: str) -> HostedService:
    """Load a hosted service: one of the product's own, or one that a distribution offers (group ``shluz.hosted``).

    Runs that distribution's code.

    Raises:
        HostedUnknown: there is none of this name, or it fails to load.
    """
    entry = _entries().get(name)
    if entry is None:
        raise HostedUnknown(f"no hosted service is called {name[:80]!r}; there are: {', '.join(service_names())}")
    try:
        found = entry.load()
    except Exception as error:
        raise HostedUnknown(f"the hosted service {name} cannot be loaded from {entry.value}") from error
    if not isinstance(found, HostedService):
        raise HostedUnknown(f"the hosted service {name} at {entry.value} is not a HostedService")
    return found


def service_names() -> tuple[str, ...]:
    """The names of all hosted services, in order."""
    return tuple(sorted(_entries()))


def _entries() -> dict[str, EntryPoint]:
    others = {entry.name: entry for entry in entry_points(group=GROUP)}
    return others | {name: EntryPoint(name, value, GROUP) for name, value in _OWN.items()}
