"""What the providers' process writes down at its end: how often each service was asked, and by which exchanges."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from esb.bench.month.tally import Count, as_json, from_json
from esb.kernel.faults import EsbError


class JournalUnreadable(EsbError):
    """The providers left no journal that can be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Journal:
    """What providers saw.

    Attributes:
        served: by service, the exchanges that were answered.
        strange: requests that were not understood, and so not answered with 200.
    """

    served: Mapping[str, Count]
    strange: int


def write_journal(path: Path, journal: Journal) -> None:
    """Write a journal whole, or not at all."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"served": as_json(journal.served), "strange": journal.strange}), encoding="utf-8")
    os.replace(draft, path)


def read_journal(path: Path) -> Journal:
    """Read a journal back.

    Raises:
        JournalUnreadable: there is none, or it is something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Journal(from_json(data["served"]), int(data["strange"]))
    except OSError as error:
        raise JournalUnreadable(f"the providers left no journal at {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise JournalUnreadable(f"the providers' journal at {path} cannot be read: {error}") from None
