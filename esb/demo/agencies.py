"""The real agencies: the providers of the national portal's services in February 2015, from the portal's bulletin."""

import csv
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency: its code, and its name in Azerbaijani and in English."""

    code: str
    name_az: str
    name_en: str


def read_agencies() -> tuple[Agency, ...]:
    """All 43 of them, the most used first."""
    table = files("esb.sample").joinpath("data/usage-2015-02-by-provider.csv").read_text(encoding="utf-8")
    return tuple(Agency(row["code"], row["name_az"], row["name_en"]) for row in csv.DictReader(table.splitlines()))
