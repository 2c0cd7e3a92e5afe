"""An extract in words: what is printed on its pages, shown on its page of the bus, and told when it is verified.

One place, so that the three say the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from esb.registry.resource_entry import DataElement, Entry, Exchange, FinUse, Hosting, Name, Register, ResourceStatus


@dataclass(frozen=True, slots=True)
class Line:
    """A field of an entry: what it is called, and what stands in it, once for each value.

    Values in words of ours are written in both languages, ``az / en``.
    """

    label: Name
    values: tuple[str, ...]


REGISTERS = {
    Register.INFORMATION: Name("Dövlət informasiya ehtiyatlarının reyestri", "Register of state information resources"),
    Register.PERSONAL: Name(
        "Fərdi məlumatların informasiya sistemlərinin dövlət reyestri",
        "State register of personal-data information systems",
    ),
}
STATUSES = {
    ResourceStatus.DRAFT: Name("layihə", "draft"),
    ResourceStatus.REGISTERED: Name("qeydiyyata alınıb", "registered"),
    ResourceStatus.SUSPENDED: Name("dayandırılıb", "suspended"),
    ResourceStatus.RETIRED: Name("istifadədən çıxarılıb", "retired"),
    ResourceStatus.ARCHIVED: Name("arxivləşdirilib", "archived"),
}
_FIN = {
    FinUse.NONE: Name("istifadə edilmir", "not used"),
    FinUse.STORED: Name("saxlanılır", "stored"),
    FinUse.KEY: Name("açar kimi istifadə edilir", "used as the key"),
}
_HOSTING = {
    Hosting.OWN: Name("öz avadanlığında", "own premises"),
    Hosting.GOVERNMENT_CLOUD: Name("hökumət buludu", "government cloud"),
    Hosting.OTHER: Name("digər", "other"),
}
_EXCHANGE = {
    Exchange.SOAP_BUS: Name("şlüz üzərindən SOAP", "SOAP over the bus"),
    Exchange.WEB_SERVICE: Name("veb-xidmət", "web service"),
    Exchange.FILE: Name("fayl", "file"),
    Exchange.DATABASE: Name("verilənlər bazası", "database"),
    Exchange.PORTAL: Name("portal", "portal"),
    Exchange.PAPER: Name("kağız", "paper"),
}
_YES = {True: Name("bəli", "yes"), False: Name("xeyr", "no")}


def entry_lines(entry: Entry, owner: Name, operator: Name | None) -> list[Line]:
    """Return an entry's fields in the order in which people read them; what is not given is left out."""
    return [line for line in _lines(entry, owner, operator) if line.values]


def both(name: Name) -> str:
    """A word in both languages."""
    return name.az if name.az == name.en else f"{name.az} / {name.en}"


def minute(seconds: float) -> str:
    """A time for people, in UTC and to the second."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _lines(entry: Entry, owner: Name, operator: Name | None) -> Iterator[Line]:
    yield Line(Name("Kod", "Code"), (entry.code,))
    yield Line(Name("Azərbaycan dilində adı", "Name in Azerbaijani"), (entry.name.az,))
    yield Line(Name("İngilis dilində adı", "Name in English"), (entry.name.en,))
    yield Line(Name("Sahibi", "Owner"), (f"{entry.owner}: {both(owner)}",))
    yield Line(Name("Operatoru", "Operator"), tuple(_operator(entry, operator)))
    yield Line(Name("Hüquqi əsas", "Legal basis"), entry.legal_basis)
    yield Line(Name("Məqsəd", "Purpose"), (entry.purpose,))
    yield Line(Name("Məlumat kateqoriyaları", "Data categories"), entry.categories.ordinary)
    yield Line(Name("Fərdi məlumat kateqoriyaları", "Categories of personal data"), entry.categories.personal)
    yield Line(
        Name("Xüsusi kateqoriyalı fərdi məlumatlar", "Special categories of personal data"), entry.categories.special
    )
    yield Line(Name("Məlumat elementləri", "Data elements"), tuple(map(_element, entry.elements)))
    subjects = () if entry.subjects is None else (f"{entry.subjects:,}".replace(",", " "),)
    yield Line(Name("Məlumat subyektlərinin sayı", "Number of data subjects"), subjects)
    yield Line(Name("Mühafizə tədbirləri", "Protection measures"), entry.protection)
    yield Line(Name("FİN-dən istifadə", "Use of the FIN"), (both(_FIN[entry.fin_use]),))
    if entry.fin_conforms is not None:
        yield Line(Name("FİN nümunəyə uyğundur", "FINs keep to the pattern"), (both(_YES[entry.fin_conforms]),))
    place = "" if entry.hosting_place is None else f": {entry.hosting_place}"
    yield Line(Name("Yerləşdirmə", "Hosting"), (both(_HOSTING[entry.hosting]) + place,))
    yield Line(Name("Mübadilə üsulları", "Exchange methods"), tuple(both(_EXCHANGE[one]) for one in entry.exchange))
    yield Line(Name("Şlüzdəki xidmətlər", "Services on the bus"), entry.services)
    yield Line(
        Name("Sənədlər (SHA-256)", "Documents (SHA-256)"),
        tuple(f"{one.name}: {one.sha256}" for one in entry.documents),
    )


def _operator(entry: Entry, names: Name | None) -> Iterator[str]:
    operator = entry.operator
    if operator is None:
        return
    name = operator.name or names
    parts = [part for part in (operator.member, None if name is None else both(name)) if part]
    yield ": ".join(parts)


def _element(element: DataElement) -> str:
    of = element.type if element.type is not None else f"təsnifat / classifier {element.classifier}"
    marks = [
        both(name)
        for name, there in ((Name("fərdi", "personal"), element.personal), (Name("açar", "key"), element.key))
        if there
    ]
    return ", ".join([f"{both(element.name)} ({of})", *marks])
