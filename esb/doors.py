"""The doors for whoever may read: contracts, schemas, the log, extracts, the publication of the registry."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Engine

from esb.audit.tree_reader import TreeReader
from esb.conf.settings import Settings
from esb.endpoints.contract import ContractDoor
from esb.endpoints.extracts import ROOT as EXTRACTS
from esb.endpoints.extracts import ExtractDoor
from esb.endpoints.log import ROOT as LOG
from esb.endpoints.log import LogDoor, Quorum
from esb.endpoints.registry import ROOT as REGISTRY
from esb.endpoints.registry import RegistryDoor
from esb.endpoints.schemas import SCHEMAS, library
from esb.kernel.contract import Contract
from esb.kernel.directory import Directory, Service
from esb.kernel.http import HttpHandler
from esb.registry.database import reading
from esb.registry.documents import get_document
from esb.registry.extracts import get_extract
from esb.registry.publisher import published
from esb.waiting import Threads

_Found = TypeVar("_Found")

_CONTRACTS = 256  # unpacked contracts kept for the contract door


def contract_door(
    settings: Settings, find: Callable[[str], Service | None], contract: Callable[[str], Contract], clerks: Threads
) -> ContractDoor:
    """Who answers a GET below /services/.

    Args:
        find: a registered service by URL path.
        contract: reads a contract by its digest (blocking).
        clerks: threads that nothing else waits for.
    """
    return ContractDoor(find, lru_cache(_CONTRACTS)(contract), clerks.run, settings.bus.address.rstrip("/"))


def reading_doors(
    settings: Settings,
    engine: Engine,
    tree: TreeReader,
    log_key: str,
    directory: Callable[[], Directory],
    clerks: Threads,
    quorum: Quorum,
    now: Callable[[], float],
) -> dict[str, HttpHandler]:
    """Who answers a GET elsewhere, by the path that it answers below.

    Args:
        log_key: by which checkpoints of the log are verified, as the log publishes it.
        directory: the one in force: who may read the registry's publication.
        clerks: as of :func:`contract_door`.
        quorum: of the log's witnesses.
        now: Unix seconds.
    """
    doors: dict[str, HttpHandler] = {
        LOG: LogDoor(tree, clerks.run, log_key, quorum, now).get,
        EXTRACTS: ExtractDoor(_read_by(engine, get_extract), _read_by(engine, get_document), clerks.run).get,
        SCHEMAS: library,
    }
    if settings.snapshot.publish != "nobody":
        anybody = settings.snapshot.publish == "anybody"
        doors[REGISTRY] = RegistryDoor(_read_by(engine, published), clerks.run, directory, anybody).get
    return doors


def _read_by(engine: Engine, read: Callable[[Any, str], _Found]) -> Callable[[str], _Found]:
    """What reads one thing of the registry by its name (blocking)."""

    def found(name: str) -> _Found:
        with reading(engine) as session:
            return read(session, name)

    return found
