"""The information systems of the sample: 237, as many as the bulletin says were registered.

The bulletin gives their number and no list.  Every agency has the system of its electronic services; the others are
what any agency keeps besides, and go to the agencies by Zipf's law in the order of their use
(:func:`esb.sample.shares.spread`), so that the most used have the most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from esb.sample.mix import SYSTEM
from esb.sample.published import AGENCIES, Agency
from esb.sample.shares import spread

SYSTEMS: Final = 237
"""The bulletin's total."""

_ELECTRONIC: Final = (SYSTEM, "Elektron xidmətlər sistemi", "System of electronic services")
_OTHERS: Final = (
    ("MURACIET", "Vətəndaş müraciətlərinin uçotu sistemi", "Register of citizens' applications"),
    ("SENED", "Elektron sənəd dövriyyəsi sistemi", "Electronic document management system"),
    ("REYESTR", "Əsas dövlət reyestri", "Principal state register"),
    ("ARXIV", "Elektron arxiv", "Electronic archive"),
    ("NEZARET", "İcra nəzarəti sistemi", "System of control over execution"),
    ("ODENIS", "Rüsum və ödənişlərin uçotu sistemi", "Record of duties and payments"),
    ("ANALITIK", "Statistika və təhlil sistemi", "System of statistics and analysis"),
    ("ICAZE", "İcazələr və lisenziyalar reyestri", "Register of permits and licences"),
    ("KADR", "Kadr uçotu sistemi", "Personnel records system"),
    ("COGRAFI", "Coğrafi informasiya sistemi", "Geographic information system"),
    ("CAGRI", "Çağrı mərkəzinin sistemi", "Call centre's system"),
    ("LABORATORIYA", "Ekspertiza və sınaq nəticələrinin uçotu sistemi", "Record of expert and test findings"),
)


@dataclass(frozen=True, slots=True)
class SampleSystem:
    """One information system: its owner's code, its own, and its names."""

    agency: str
    code: str
    name_az: str
    name_en: str


def national_systems(agencies: Sequence[Agency]) -> tuple[SampleSystem, ...]:
    """Every agency's systems, agency by agency, the one of its electronic services first.

    Args:
        agencies: all of them, by rank.
    """
    others = spread(SYSTEMS - AGENCIES, len(agencies), 1, len(_OTHERS))
    return tuple(
        SampleSystem(agency.code, *names)
        for agency, count in zip(agencies, others, strict=True)
        for names in (_ELECTRONIC, *_OTHERS[:count])
    )


def asking_system(agency: str, systems: Sequence[SampleSystem], number: int) -> str:
    """The ``AGENCY/SYSTEM`` that asks in an agency's own proceedings: one of those besides its electronic services.

    Args:
        number: counts the asked services, so that an agency's systems take turns.
    """
    own = [system.code for system in systems if system.agency == agency and system.code != SYSTEM]
    return f"{agency}/{own[number % len(own)]}"
