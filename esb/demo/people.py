"""A made-up population: people, the contracts they work under and their insurance, agreeing with one another by FIN.

Nobody here is real.  Names are drawn from lists, numbers from a seeded generator, so every run, and every process of a
run, makes the same people.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

FIN_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""What a FIN's seven characters are taken from: without I and O, which read like 1 and 0."""

SEED: Final = 20150228
TODAY: Final = date(2015, 2, 28)
"""The day on which the population was looked at."""
COUNT: Final = 3000


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_SURNAMES: Final = _words(
    "Abbasov Abdullayev Ağayev Babayev Bağırov Cəfərov Çobanov Əhmədov Əlizadə Əliyev Fərəcov Güləliyev Hacıyev "
    "Həsənov Hüseynov İbrahimov İsmayılov Kərimov Qasımov Quliyev Mahmudov Məmmədov Mirzəyev Musayev Nağıyev "
    "Nəsirov Orucov Rəhimov Rzayev Sadıqov Səfərov Süleymanov Şahbazov Şərifov Şükürov Vəliyev Xəlilov "
    "Yusifov Zeynalov Öməroğlu"
)
_MEN: Final = _words(
    "Anar Araz Cavid Çingiz Elçin Elşən Əli Fərid Fuad Hüseyn İlqar Kənan Murad Nicat Orxan Rəşad Rüfət Samir Şahin "
    "Tural Uğur Vüqar Xəyal Yaşar Zaur Oğuz"
)
_WOMEN: Final = _words(
    "Aygün Aynur Aytən Çinarə Elnarə Ədilə Fidan Gülay Günel Həcər İradə Könül Lalə Leyla Məryəm Nərgiz Nigar Pərvanə "
    "Rəna Səbinə Sevinc Şəbnəm Türkan Ülviyyə Vəfa Zəhra"
)
_PLACES: Final = _words(
    "Bakı Gəncə Sumqayıt Mingəçevir Şirvan Naxçıvan Şəki Lənkəran Yevlax Quba Şamaxı Ağdam Bərdə Göyçay Masallı Füzuli"
)
_EMPLOYERS: Final = (
    ("1400117231", "“Xəzər Tikinti” MMC"),
    ("1400254872", "“Abşeron Süd” ASC"),
    ("1400389013", "“Göygöl Nəqliyyat” MMC"),
    ("1400420654", "“Şirvan Pambıq” MMC"),
    ("1400561295", "“Çinar Kitab Evi” MMC"),
    ("1400698736", "3 saylı şəhər poliklinikası"),
    ("1400730177", "112 nömrəli tam orta məktəb"),
    ("1400872518", "“Ağ Şəhər Otelləri” ASC"),
)
_POSITIONS: Final = (
    *_words("mühəndis mühasib müəllim həkim sürücü satıcı fəhlə aşpaz kitabxanaçı"),
    "şöbə müdiri",
    "tibb bacısı",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is, as Internal Affairs know it."""

    fin: str
    surname: str
    name: str
    patronymic: str
    sex: str
    born: date
    birthplace: str
    document: str


@dataclass(frozen=True, slots=True)
class Contract:
    """An employment contract, as Labour knows it.  ``ended`` is None while it lasts; ``salary`` is AZN a month."""

    number: str
    fin: str
    employer: str
    employer_name: str
    position: str
    began: date
    ended: date | None
    salary: Decimal


@dataclass(frozen=True, slots=True)
class Insured:
    """Somebody's social insurance, as the Fund knows it.

    ``months`` are those worked under contracts; ``paid`` is the sum of contributions in AZN.
    """

    number: str
    fin: str
    since: date
    months: int
    paid: Decimal


@dataclass(frozen=True, slots=True)
class Population:
    """Everybody, and what agencies know of them."""

    people: tuple[Person, ...]
    contracts: tuple[Contract, ...]
    insured: tuple[Insured, ...]


def make_population(count: int = COUNT, seed: int = SEED) -> Population:
    """Make ``count`` people; the same numbers make the same people."""
    chance = random.Random(seed)  # noqa: S311 - sameness is wanted here, not secrecy
    fins: dict[str, None] = {}
    while len(fins) < count:
        fins["".join(chance.choices(FIN_LETTERS, k=7))] = None
    people = tuple(_person(chance, fin, order) for order, fin in enumerate(fins, 1))
    contracts: list[Contract] = []
    insured: list[Insured] = []
    for person in people:
        own = _contracts(chance, person, len(contracts) + 1)
        if own:
            contracts += own
            insured.append(_insured(person, own, len(insured) + 1))
    return Population(people, tuple(contracts), tuple(insured))


def months_between(began: date, ended: date) -> int:
    """Whole months from one day to another, at least one."""
    return max(1, (ended.year - began.year) * 12 + ended.month - began.month)


def _person(chance: random.Random, fin: str, order: int) -> Person:
    sex = chance.choice("FM")
    surname = chance.choice(_SURNAMES)
    if sex == "F" and surname.endswith("v"):
        surname += "a"
    return Person(
        fin=fin,
        surname=surname,
        name=chance.choice(_WOMEN if sex == "F" else _MEN),
        patronymic=f"{chance.choice(_MEN)} {'qızı' if sex == 'F' else 'oğlu'}",
        sex=sex,
        born=date(1945, 1, 1) + timedelta(days=chance.randrange(365 * 53)),
        birthplace=chance.choice(_PLACES),
        document=f"AZE{order:08d}",
    )


def _contracts(chance: random.Random, person: Person, number: int) -> list[Contract]:
    """None to three contracts, one after the other, none before the age of eighteen; only the last may still run."""
    begin = max(date(1995, 1, 1), person.born.replace(year=person.born.year + 18, day=1))
    made: list[Contract] = []
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        begin += timedelta(days=chance.randrange(30, 900))
        end = begin + timedelta(days=chance.randrange(200, 3000))
        if begin >= TODAY:
            break
        employer, name = chance.choice(_EMPLOYERS)
        made.append(
            Contract(
                number=f"EM{number + len(made):08d}",
                fin=person.fin,
                employer=employer,
                employer_name=name,
                position=chance.choice(_POSITIONS),
                began=begin,
                ended=None if end >= TODAY else end,
                salary=Decimal(chance.randrange(20_000, 250_000, 500)).scaleb(-2),
            )
        )
        begin = end
    return made


def _insured(person: Person, contracts: list[Contract], order: int) -> Insured:
    spans = [(each, months_between(each.began, each.ended or TODAY)) for each in contracts]
    # 25 % of a salary, as employer and employee paid it together in those years.
    paid = sum((each.salary * months * Decimal("0.25") for each, months in spans), Decimal(0))
    return Insured(
        number=f"7{order:012d}",
        fin=person.fin,
        since=contracts[0].began,
        months=sum(months for _, months in spans),
        paid=paid.quantize(Decimal("0.01")),
    )
