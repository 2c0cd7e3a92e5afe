"""Likely duplicates: what is registered already and may be the same as what is to be registered.

A service is compared by its contract's data and by its names, those of the resource that it belongs to among them; a
resource by its names, its data elements, and the contracts of its services.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import Engine

from esb.admin.likeness import WORTH_SHOWING, Likeness, LikenessIndex, Profile
from esb.kernel.contract import Contract
from esb.kernel.names import ServiceId
from esb.registry.contracts import get_contract
from esb.registry.database import reading
from esb.registry.errors import NotFound
from esb.registry.resource_entry import Entry
from esb.registry.resources import list_resources
from esb.registry.services import list_services
from esb.wsdl.fingerprint import Fingerprint, fingerprint
from esb.wsdl.pack import unpack

NEW: Final = "(new)"
"""The key of a thing that is not registered yet."""

_NOTHING: Final = Fingerprint(frozenset(), frozenset(), ())


class Duplicates:
    """A picture of what is registered, to ask for likely duplicates; take a new one after a change.

    Args:
        engine: the registry.  It is read once: for 300 services about a second, most of it the contracts.
    """

    def __init__(self, engine: Engine) -> None:
        with reading(engine) as session:
            entries = [version.entry for version in list_resources(session)]
            contracts = {row.name: row.contract for row in list_services(session)}
            packed = {digest: get_contract(session, digest).packed for digest in set(contracts.values())}
        prints = {digest: fingerprint(unpack(each)) for digest, each in packed.items()}
        named = _by_service(entries)
        data = {service: prints[digest] for service, digest in contracts.items()}
        self._services = {
            service.text: _service_profile(service, found, named.get(service.text, ()))
            for service, found in data.items()
        }
        by_name = {service.text: found for service, found in data.items()}
        self._resources = {entry.code: _resource_profile(entry, by_name) for entry in entries}
        self._data = by_name
        self._among_services = LikenessIndex(self._services.values())
        self._among_resources = LikenessIndex(self._resources.values())

    def of_service(self, name: str, least: int = WORTH_SHOWING) -> list[Likeness]:
        """Services like a registered one, its other versions left out.  Raises NotFound."""
        profile = self._services.get(name)
        if profile is None:
            raise NotFound(f"service {name[:280]!r} is not registered; check its name: esb service list")
        return _without_versions(name, self._among_services.alike(profile, least))

    def of_contract(
        self,
        contract: Contract,
        names: Iterable[str] = (),
        service: ServiceId | None = None,
        least: int = WORTH_SHOWING,
    ) -> list[Likeness]:
        """Services like one that a contract, names for people, and its name on the bus tell of.

        Args:
            service: its name on the bus, None while it has none; its own other versions are left out.
        """
        name = service or ServiceId("", "", contract.service_name, "v1")
        profile = _service_profile(name, fingerprint(contract), tuple(names), NEW if service is None else service.text)
        return _without_versions(profile.key, self._among_services.alike(profile, least))

    def of_resource(self, code: str, least: int = WORTH_SHOWING) -> list[Likeness]:
        """Resources like a registered one.  Raises NotFound."""
        profile = self._resources.get(code)
        if profile is None:
            raise NotFound(f"resource {code[:160]!r} stands in neither register; check its code: esb resource list")
        return self._among_resources.alike(profile, least)

    def of_entry(self, entry: Entry, least: int = WORTH_SHOWING) -> list[Likeness]:
        """Resources like one that is to be registered."""
        return self._among_resources.alike(_resource_profile(entry, self._data), least)


def likely_duplicates(
    engine: Engine,
    *,
    contract: Contract | None = None,
    names: Iterable[str] = (),
    service: ServiceId | None = None,
    entry: Entry | None = None,
    least: int = WORTH_SHOWING,
) -> list[Likeness]:
    """What is registered already and may be the same as a new service or resource, the likeliest first.

    Args:
        contract: of a new service.
        names: the new service's names for people, in any language.
        service: the name that it is to have on the bus.
        entry: a new resource.
        least: the least score, 0 to 100.

    Raises:
        RegistryUnavailable: from the registry.
    """
    picture = Duplicates(engine)
    found: list[Likeness] = []
    if contract is not None:
        found += picture.of_contract(contract, names, service, least)
    if entry is not None:
        found += picture.of_entry(entry, least)
    return sorted(found, key=lambda each: (-each.score, each.key))


def _by_service(entries: Iterable[Entry]) -> Mapping[str, tuple[str, ...]]:
    """The names that resources give to the services through which they are asked; a whole system's tells too little."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        for service in entry.services:
            found[service] = (*found.get(service, ()), entry.name.az, entry.name.en)
    return found


def _service_profile(service: ServiceId, data: Fingerprint, names: tuple[str, ...], key: str | None = None) -> Profile:
    return Profile(service.text if key is None else key, (service.service, *names), data.elements, data.types)


def _resource_profile(entry: Entry, services: Mapping[str, Fingerprint]) -> Profile:
    data = [services.get(name, _NOTHING) for name in entry.services]
    named = {name for element in entry.elements for name in (element.name.az, element.name.en)}
    return Profile(
        entry.code,
        (entry.name.az, entry.name.en),
        frozenset(named).union(*(each.elements for each in data)),
        frozenset().union(*(each.types for each in data)),
    )


def _without_versions(name: str, found: list[Likeness]) -> list[Likeness]:
    own = name.rpartition("/")[0]
    return [each for each in found if not own or each.key.rpartition("/")[0] != own]
