"""The scenes of the story: what is asked, what is done to the question, and what must come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from esb.demo import offers
from esb.demo.people import TODAY, Contract, Insured, Person, Population, make_population, months_between


class Trick(Enum):
    """What happens to a question besides being asked."""

    NONE = "none"
    TAMPER = "tamper"  # its FIN is changed after it was signed
    REPLAY = "replay"  # the bytes of the question before are sent again
    STOP = "stop"  # the provider's process is ended first


@dataclass(frozen=True, slots=True)
class Scene:
    """One question and what must come of it.

    Attributes:
        title: what happens, in one line.
        system: the provider whose journal tells whether the question arrived; "" for a hosted service.
        rule: the rule that the refusal must cite; "" where an answer is due.
        delivered: how many requests must reach the provider's system.
        outcome: what the evidence log must say: ``answered``, ``provider-fault`` or a fault code.
        right: whether what zeep read is what the made-up population says.
        tell: what was learned, in one line.
    """

    name: str
    title: str
    consumer: str
    service: str
    operation: str
    arguments: Mapping[str, Any]
    system: str
    outcome: str
    delivered: int
    rule: str = ""
    officer: str = ""
    trick: Trick = Trick.NONE
    right: Callable[[Any], bool] = field(default=lambda value: value is None)
    tell: Callable[[Any], str] = field(default=lambda value: "")


@dataclass(frozen=True, slots=True)
class Hero:
    """The made-up person whom the story is about: somebody who works now, and worked before."""

    person: Person
    contracts: tuple[Contract, ...]
    insured: Insured


def choose_hero(population: Population) -> Hero:
    """The first person with two contracts, the later of which still runs."""
    by_fin: dict[str, list[Contract]] = {}
    for contract in population.contracts:
        by_fin.setdefault(contract.fin, []).append(contract)
    fin = next(fin for fin, own in by_fin.items() if len(own) > 1 and own[-1].ended is None)
    return Hero(
        next(person for person in population.people if person.fin == fin),
        tuple(by_fin[fin]),
        next(insured for insured in population.insured if insured.fin == fin),
    )


OFFICER: Final = "Nərgiz Süleymanova"
NOBODY: Final = "0000000"
BAD_FIN: Final = "5IO-12"


def make_scenes(population: Population | None = None) -> tuple[Scene, ...]:
    """The story, in order."""
    hero = choose_hero(population or make_population())
    fin = {"fin": hero.person.fin}
    return (
        Scene(
            "identity",
            "Labour asks Internal Affairs whose FIN it is",
            "EESMN",
            offers.PERSONS,
            "FindPerson",
            fin,
            "identity",
            "answered",
            1,
            officer=OFFICER,
            right=lambda value: _is_person(value, hero.person),
            tell=_tell_person,
        ),
        Scene(
            "employment",
            "The Social Protection Fund asks Labour for employment contracts",
            "DSMF",
            offers.CONTRACTS,
            "GetContracts",
            fin,
            "employment",
            "answered",
            1,
            right=lambda value: [each.number for each in value or ()] == [each.number for each in hero.contracts],
            tell=_tell_contracts,
        ),
        Scene(
            "insurance",
            "Taxes asks the Social Protection Fund what was paid (an RSA key; the Fund speaks SOAP 1.2 and signs)",
            "VN",
            offers.INSURED,
            "GetInsuredPerson",
            fin,
            "insurance",
            "answered",
            1,
            right=lambda value: value is not None and _money(value.contributionsPaid) == hero.insured.paid,
            tell=_tell_insured,
        ),
        Scene(
            "pension",
            "The portal asks the pension calculator, a typed service that the bus hosts itself",
            "EHP",
            offers.PENSION,
            "estimatePension",
            {"insured": _pension_question(hero)},
            "",
            "answered",
            0,
            right=lambda value: value is not None and value.since.year == hero.person.born.year + 65,
            tell=lambda value: f"{value.monthly} AZN a month from {value.since:%Y-%m-%d}: {value.reason}",
        ),
        Scene(
            "metadata",
            "The portal asks the bus which operations it may call",
            "EHP",
            offers.METADATA,
            "allowedMethods",
            {},
            "",
            "answered",
            0,
            right=lambda value: {each.service for each in value} == {offers.PENSION, offers.METADATA},
            tell=lambda value: ", ".join(_names(value)),
        ),
        Scene(
            "not-found",
            "Labour asks for a FIN that nobody bears: the provider's own fault comes through, signed",
            "EESMN",
            offers.PERSONS,
            "FindPerson",
            {"fin": NOBODY},
            "identity",
            "provider-fault",
            1,
            officer=OFFICER,
        ),
        Scene(
            "no-grant",
            "An electricity company asks Internal Affairs, without a grant",
            "AZERENERJI",
            offers.PERSONS,
            "FindPerson",
            fin,
            "identity",
            "AccessDenied",
            0,
            rule="ACC-02",
        ),
        Scene(
            "no-officer",
            "Labour asks without naming the officer, whom its grant requires",
            "EESMN",
            offers.PERSONS,
            "FindPerson",
            fin,
            "identity",
            "PurposeMissing",
            0,
            rule="ACC-05",
        ),
        Scene(
            "tampered",
            "Somebody on the way changes the FIN in a signed question",
            "EESMN",
            offers.PERSONS,
            "FindPerson",
            fin,
            "identity",
            "SignatureInvalid",
            0,
            rule="SIG-07",
            officer=OFFICER,
            trick=Trick.TAMPER,
        ),
        Scene(
            "bad-fin",
            f"The Fund asks with “{BAD_FIN}”, which is no FIN",
            "DSMF",
            offers.CONTRACTS,
            "GetContracts",
            {"fin": BAD_FIN},
            "employment",
            "SchemaViolation",
            0,
            rule="SCH-01",
        ),
        Scene(
            "replay",
            "Somebody who overheard Taxes' question sends its very bytes again",
            "VN",
            offers.INSURED,
            "GetInsuredPerson",
            fin,
            "insurance",
            "Replay",
            0,
            rule="TIM-04",
            trick=Trick.REPLAY,
        ),
        Scene(
            "down",
            "Labour's system is down",
            "DSMF",
            offers.CONTRACTS,
            "GetContracts",
            fin,
            "employment",
            "ProviderUnavailable",
            0,
            rule="PRV-01",
            trick=Trick.STOP,
        ),
    )


def _is_person(value: Any, person: Person) -> bool:
    return value is not None and (
        value.fullName.surname,
        value.fullName.name,
        value.fullName.patronymic,
        value.born,
    ) == (person.surname, person.name, person.patronymic, person.born)


def _tell_person(value: Any) -> str:
    name = value.fullName
    return f"{name.surname} {name.name} {name.patronymic}, born {value.born:%Y-%m-%d} in {value.birthplace}"


def _tell_contracts(value: Any) -> str:
    last = value[-1]
    return f"{len(value)} contracts, the last as {last.position} at {last.employer_name} since {last.began:%Y-%m-%d}"


def _tell_insured(value: Any) -> str:
    return (
        f"insured since {value.insuredSince:%Y-%m-%d}, {value.monthsInsured} months, "
        f"{_money(value.contributionsPaid)} {value.contributionsPaid.currency} paid"
    )


def _money(element: Any) -> Decimal:
    return Decimal(element._value_1)


def _pension_question(hero: Hero) -> dict[str, Any]:
    """Asked for the day on which the hero turns 65, supposing that the work of today goes on until then."""
    until = date(hero.person.born.year + 65, hero.person.born.month, 28)
    months = hero.insured.months + months_between(TODAY, until)
    return {"born": hero.person.born, "months": months, "earnings": hero.contracts[-1].salary, "day": until}


def _names(value: Any) -> list[str]:
    return [f"{method} of {each.service}" for each in value or () for method in each.method]
