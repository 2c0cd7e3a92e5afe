"""Plain mutation of octets, for where no coverage-guided engine runs: in CI, and where atheris has no wheel."""

import random
from collections.abc import Iterator, Sequence

from fuzz.target import Target

_ODD = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\n", b"\r", b" ", b"&", b"<", b">", b'"', b"'", b";", b"=", b"#", b"/")


def inputs(target: Target, count: int, seed: int) -> Iterator[bytes]:
    """So many inputs, the same for the same seed: the seeds as they are, then what becomes of them."""
    chance = random.Random(f"{target.name} {seed}")
    seeds = list(target.seeds())
    for number in range(count):
        if number < len(seeds):
            yield seeds[number]
        elif not seeds or chance.random() < 0.1:
            yield chance.randbytes(chance.randrange(min(target.longest, 200)))
        else:
            yield mutated(chance.choice(seeds), seeds, target.words, chance)[: target.longest]


def mutated(data: bytes, seeds: Sequence[bytes], words: Sequence[bytes], chance: random.Random) -> bytes:
    """``data`` with one to eight changes."""
    for _ in range(1 + int(chance.expovariate(0.6)) % 8):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + int(chance.expovariate(0.1)))
        match chance.randrange(9):
            case 0:
                data = data[:at] + bytes((chance.randrange(256),)) + data[at + 1 :]
            case 1:
                data = data[:at] + chance.randbytes(1 + chance.randrange(4)) + data[at:]
            case 2:
                data = data[:at] + data[end:]
            case 3:
                data = data[:at] + data[at:end] * 2 + data[end:]
            case 4 | 5 if words:
                data = data[:at] + chance.choice(words) + data[chance.choice((at, end)) :]
            case 6:
                other = chance.choice(seeds)
                data = data[:at] + other[chance.randrange(len(other) + 1) :]
            case 7:
                other = chance.randrange(len(data) + 1)
                data = data[:at] + data[other : other + end - at] + data[at:]
            case _:
                data = data[:at] + chance.choice(_ODD) + data[at:]
    return data
