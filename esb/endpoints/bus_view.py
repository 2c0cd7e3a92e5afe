"""What the bus shows of itself to the services that it hosts."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from esb.admin.subject_history import Histories
from esb.kernel.contract import Contract
from esb.kernel.directory import Directory


@dataclass(frozen=True, slots=True)
class BusView:
    """What the bus shows of itself to the services that it hosts.

    Attributes:
        directory: the directory in force now.
        now: Unix seconds.
        contract: reads a stored contract by its digest (blocking).
        address: the bus's public base URL, without trailing slash.
        engine: the registry's database; None on a node that has none.
        histories: reads who asked about a person; None where there is no registry to record that in.
    """

    directory: Callable[[], Directory]
    now: Callable[[], float]
    contract: Callable[[str], Contract]
    address: str
    engine: Engine | None = None
    histories: Histories | None = None
