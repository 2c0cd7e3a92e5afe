"""What is offered on the demo's bus, on which terms, and who may ask it for what purpose and on which legal ground."""

import time
from dataclasses import dataclass
from typing import Final

from esb.admin.hosted import hosted_contract
from esb.admin.services import register_service
from esb.admin.subject_paths import proposals
from esb.demo.place import AUTHOR, Place
from esb.demo.providers import employment, identity, insurance
from esb.kernel.contract import Contract
from esb.kernel.directory import AnswerSignature, SignatureMode
from esb.kernel.names import ServiceId
from esb.registry.acts import acting, list_changes
from esb.registry.grants import Leave, add_grant
from esb.registry.services import Terms
from esb.registry.subjects import set_subject_paths
from esb.wsdl.addresses import AddressRules
from esb.wsdl.fetch import WebFetch
from esb.wsdl.read import read_contract

PERSONS: Final = "DIN/IAMAS/PersonQuery/v1"
CONTRACTS: Final = "EESMN/EMAS/EmploymentContracts/v1"
INSURED: Final = "DSMF/SIGORTA/InsuredPersons/v1"
PENSION: Final = "DSMF/PENSION/Calculator/v1"
METADATA: Final = "SHLUZ/BUS/Metadata/v1"


@dataclass(frozen=True, slots=True)
class Offer:
    """A service of an agency's own system, registered from the WSDL that the system gives.

    Attributes:
        system: the name of the provider's process and of its journal.
        wsdl: path of the WSDL at the provider.
    """

    service: str
    system: str
    wsdl: str
    signature: SignatureMode
    answer_signature: AnswerSignature = AnswerSignature.IGNORED


@dataclass(frozen=True, slots=True)
class Ground:
    """A grant: who may ask what, what for and on which legal ground."""

    consumer: str
    service: str
    purpose: str
    legal_basis: str
    required: frozenset[str] = frozenset()


OFFERS: Final = (
    Offer(PERSONS, "identity", identity.WSDL, SignatureMode.CARRY),
    Offer(CONTRACTS, "employment", employment.WSDL, SignatureMode.NONE),
    Offer(INSURED, "insurance", insurance.WSDL, SignatureMode.BUS, AnswerSignature.REQUIRED),
)
HOSTED: Final = {PENSION: "pension", METADATA: "metadata"}
GROUNDS: Final = (
    Ground(
        "EESMN",
        PERSONS,
        "Registration of an employment contract",
        "Labour Code (Əmək Məcəlləsi)",
        frozenset({"officer"}),
    ),
    Ground("DSMF", CONTRACTS, "Counting of insurance periods", "Law on Social Insurance"),
    Ground("VN", INSURED, "Checking of contributions", "Tax Code (Vergi Məcəlləsi)"),
    Ground("EHP", PENSION, "Pension calculator on the portal", "Law on Labour Pensions"),
    Ground("EHP", METADATA, "List of services on the portal", "Statute of the Electronic Government system"),
)


def ground_for(consumer: str, service: str) -> Ground | None:
    """The ground on which a member may ask a service, None when it has none."""
    return next((each for each in GROUNDS if (each.consumer, each.service) == (consumer, service)), None)


def register_offer(place: Place, offer: Offer, url: str) -> None:
    """Register a provider's service from the WSDL that its process, at ``url``, gives."""
    # The demo's providers are on this machine, where contracts are not fetched from unless somebody says so.
    contract = read_contract(url + offer.wsdl, WebFetch(rules=AddressRules(allow_private=True)))
    terms = Terms(
        endpoint=contract.endpoint, signature=offer.signature, answer_signature=offer.answer_signature, timeout=10.0
    )
    _register(place, offer.service, contract, terms)


def register_hosted(place: Place, service: str) -> None:
    """Register a typed service that the bus hosts."""
    name = HOSTED[service]
    terms = Terms(endpoint=name, adapter="hosted", signature=SignatureMode.NONE)
    _register(place, service, hosted_contract(name), terms)


def give_grants(place: Place) -> int:
    """Give every grant in one act; returns the number of the registry's last change."""
    now = time.time()
    with acting(place.engine, AUTHOR, now) as act:
        for ground in GROUNDS:
            leave = Leave(ground.purpose, ground.legal_basis, now - 1, required_fields=ground.required)
            add_grant(act, ground.consumer, ServiceId.parse(ground.service), leave)
        return max(change.number for change in list_changes(act.session))


def _register(place: Place, service: str, contract: Contract, terms: Terms) -> None:
    register_service(
        place.engine,
        ServiceId.parse(service),
        contract,
        terms,
        author=AUTHOR,
        now=time.time(),
        told=lambda _: None,
    )
    for operation, paths in proposals(contract):
        with acting(place.engine, AUTHOR, time.time()) as act:
            set_subject_paths(act, ServiceId.parse(service), operation, paths)
