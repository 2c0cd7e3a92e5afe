"""Which cases a run measures: the quick one, every dimension by itself, or whatever product of dimensions is named."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

from esb.bench.case import DATABASES, Case, Keys, Setting
from esb.bench.signing import Style

SIZES = ((1_500, 3_000), (1_500, 100_000), (100_000, 3_000), (1_500, 1_000_000))
"""Bytes of request and answer."""
CONNECTIONS = (1, 16, 64, 256)


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What a product of cases is made of; every field holds one value or more."""

    sizes: Sequence[tuple[int, int]] = ((1_500, 3_000),)
    connections: Sequence[int] = (16,)
    keys: Sequence[Keys] = (Keys.P256,)
    styles: Sequence[Style] = (Style.CANONICAL,)
    databases: Sequence[str] = ("sqlite",)
    tls: Sequence[bool] = (False,)
    workers: Sequence[int] = (1,)
    provider_signed: Sequence[bool] = (True,)

    def cases(self) -> list[Case]:
        """Every combination; those of one setting stand together."""
        return [
            Case(Setting(keys, database, tls, workers), request, answer, connections, style, signed)
            for keys, database, tls, workers in product(self.keys, self.databases, self.tls, self.workers)
            for (request, answer), connections, style, signed in product(
                self.sizes, self.connections, self.styles, self.provider_signed
            )
        ]


def full() -> list[Case]:
    """The whole matrix as a person wants to read it: sizes by keys, connections by databases, and each other dimension
    by itself.  (The product of all would be hundreds of cases that say nothing more.)"""
    return once(
        [
            *Dimensions(sizes=SIZES, keys=tuple(Keys)).cases(),
            *Dimensions(connections=CONNECTIONS, databases=DATABASES).cases(),
            *Dimensions(styles=tuple(Style), keys=(Keys.P256, Keys.MIXED)).cases(),
            *Dimensions(provider_signed=(True, False)).cases(),
            *Dimensions(tls=(False, True), keys=(Keys.P256, Keys.MIXED)).cases(),
            *Dimensions(workers=(1, 2), connections=(64,)).cases(),
        ]
    )


def once(cases: Iterable[Case]) -> list[Case]:
    """Each case once, in the order of its first mention."""
    return list(dict.fromkeys(cases))


def by_setting(cases: Iterable[Case]) -> dict[Setting, list[Case]]:
    """Cases that one running bus can answer, together."""
    grouped: dict[Setting, list[Case]] = {}
    for case in cases:
        grouped.setdefault(case.setting, []).append(case)
    return grouped


def is_standard(case: Case) -> bool:
    """Whether it is the standard exchange of its keys and database: what the naive peer is set against."""
    return case == replace(Case(), setting=Setting(case.setting.keys, case.setting.database))
