"""What is asked and answered: bodies valid under the services' contracts, in canonical form, of varied sizes.

Nobody's data: every value is drawn from a generator that the service's name seeds, so that all processes of a run, and
all runs, write the same.
"""

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from esb.sample.contracts import namespace_of
from esb.sample.kinds import Field, Part
from esb.sample.mix import Service

REQUEST_BYTES: Final = (700, 1100, 1500, 1900, 2300)
ANSWER_BYTES: Final = (1000, 2000, 3000, 4000, 5000)
"""The sizes that a service's bodies come in, by turns: 1.5 KB and 3 KB on average."""
REFERENCE: Final = "reference"
"""The element that the asker's reference stands in."""

_DIGITS: Final = "0123456789"
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_FIRST_DAY: Final = date(2014, 3, 1)
_WORDS: Final = (
    "Bakı şəhəri", "Gəncə şəhəri", "Sumqayıt şəhəri", "Nəsimi rayonu", "Şəki rayonu", "regional idarə",
    "mərkəzi aparat", "qeydiyyat şöbəsi", "müraciətə baxılmışdır", "icradadır", "qəbul edilmişdir", "təsdiq olunmuşdur",
    "böyük mütəxəssis", "mühasib", "müəllim", "həkim", "riyaziyyat", "Azərbaycan dili", "tarix", "xarici dil",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BodyText:
    """A Body's element: what stands before the reference and what after it."""

    before: bytes
    after: bytes


def request_text(service: Service, variant: int) -> BodyText:
    """The element that a request's Body holds.

    Args:
        variant: 0 or more; decides its size and its values, by turns of as many as there are sizes.
    """
    variant %= len(REQUEST_BYTES)
    chance = _chance(f"ask {service.id} {variant}")
    return BodyText(*_element(service, service.kind.asked, service.kind.request, REQUEST_BYTES[variant], chance))


def answer_text(service: Service, variant: int) -> BodyText:
    """The element that an answer's Body holds; ``variant`` as for :func:`request_text`."""
    variant %= len(ANSWER_BYTES)
    chance = _chance(f"answer {service.id} {variant}")
    return BodyText(*_element(service, service.kind.answered, service.kind.answer, ANSWER_BYTES[variant], chance))


def _chance(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - made-up values that come out alike each time; nothing is kept secret


def opening_of(service: Service, reference: str) -> bytes:
    """How the right answer to a question of this reference begins, in canonical form as the bus passes it on."""
    return _opening(service, service.kind.answered) + reference.encode() + f"</s:{REFERENCE}>".encode()


def _opening(service: Service, local: str) -> bytes:
    return f'<s:{local} xmlns:s="{namespace_of(service)}"><s:{REFERENCE}>'.encode()


def _element(service: Service, local: str, part: Part, size: int, chance: random.Random) -> tuple[bytes, bytes]:
    before = _opening(service, local)
    pieces = [f"</s:{REFERENCE}>", *(_field(field, chance) for field in part.fields)]
    end = f"</s:{local}>"
    length = len(before) + sum(len(piece.encode()) for piece in pieces) + len(end)
    while True:
        row = f"<s:{part.row}>{''.join(_field(field, chance) for field in part.rows)}</s:{part.row}>"
        added = len(row.encode())
        if length + added / 2 > size:
            break
        pieces.append(row)
        length += added
    return before, "".join((*pieces, end)).encode()


def _field(field: Field, chance: random.Random) -> str:
    return f"<s:{field.name}>{_value(field.type, chance)}</s:{field.name}>"


def _value(kind: str, chance: random.Random) -> str:
    match kind:
        case "Fin":
            return _some(_DIGITS + _LETTERS, 7, chance)
        case "Voen":
            return _some(_DIGITS, 10, chance)
        case "Ssn":
            return _some(_DIGITS, 13, chance)
        case "Phone":
            return "+99412" + _some(_DIGITS, 7, chance)
        case "Imei":
            return _some(_DIGITS, 15, chance)
        case "Application":
            return _some(_LETTERS, 2, chance) + _some(_DIGITS, 8, chance)
        case "Account":
            return _some(_DIGITS, 9, chance)
        case "Number":
            return _some(_LETTERS, 2, chance) + "-" + _some(_DIGITS, 6, chance)
        case "Email":
            return f"istifadeci{_some(_DIGITS, 5, chance)}@example.az"
        case "Date":
            return (_FIRST_DAY + timedelta(days=chance.randrange(360))).isoformat()
        case "Money":
            return f"{chance.randrange(100, 900_000) / 100:.2f}"
        case "Count":
            return str(chance.randrange(100))
        case "Flag":
            return chance.choice(("true", "false"))
        case _:
            return chance.choice(_WORDS)


def _some(alphabet: str, count: int, chance: random.Random) -> str:
    return "".join(chance.choice(alphabet) for _ in range(count))
