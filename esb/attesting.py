"""What is done with the log's checkpoints beside the messages: they are time-stamped, and witnesses cosign them."""

import secrets
import ssl
from collections.abc import Callable
from functools import partial

from esb.admin.cosigning import Cosigning
from esb.admin.following import towards_publisher
from esb.admin.stamp_sources import OtherStamps, OwnStamps, StampSource, read_anchors
from esb.admin.stamper import Stamper
from esb.admin.witness_client import WitnessClient
from esb.audit.notes import NoteKey
from esb.audit.store import open_tree
from esb.audit.tree_reader import TreeReader
from esb.conf.settings import Settings
from esb.endpoints.door import FrontDoor
from esb.endpoints.log import Quorum
from esb.kernel.clock import Clock
from esb.kernel.rounds import Rounds
from esb.logs import logger
from esb.own import pem_of
from esb.stages.way import Way

_EVERY = 1.0  # seconds between two looks at what is due
_OTHERS_EVERY = 60.0  # seconds between two time-stamps of another's authority, where nothing else is set


class Attesting:
    """The threads that do it; none where nothing is to be done.

    Args:
        elected: whether this process sequences, and so does this too.
        passphrase: of the home's keys.
    """

    def __init__(self, settings: Settings, elected: Callable[[], bool], clock: Clock, passphrase: bytes) -> None:
        evidence = settings.evidence
        self._limit = evidence.timestamp_limit_seconds
        self._stamper: Stamper | None = None
        self._threads: dict[str, Rounds] = {}
        if evidence.timestamp != "none":
            store, reader = open_tree(evidence.url), TreeReader(evidence.url)
            source = _source(settings, reader, clock, passphrase)
            own = evidence.timestamp == "own"
            every = evidence.timestamp_seconds or (0.0 if own else _OTHERS_EVERY)
            self._stamper = Stamper(store, reader, source, every, elected, clock.now, clock.monotonic)
            self._add("timestamps", self._stamper)
        if evidence.witnesses:
            cosigning = Cosigning(
                open_tree(evidence.url),
                TreeReader(evidence.url),
                [
                    WitnessClient(NoteKey.parse(each.key), each.url, _tls(settings, each.url))
                    for each in evidence.witnesses
                ],
                quorum_of(settings).count,
                evidence.witness_seconds,
                elected,
                evidence.witness_alarm_minutes * 60,
                clock.now,
                clock.monotonic,
                logger("evidence"),
            )
            self._add("witnesses", cosigning)

    def _add(self, name: str, work: Stamper | Cosigning) -> None:
        self._threads[name] = Rounds(name, work.round, _EVERY, partial(_told, name), work.close)

    def tell(self, way: Way, front: FrontDoor) -> None:
        """Have readiness tell what is wrong, and the way refuse what would wait too long for a time-stamp."""
        for name, rounds in self._threads.items():
            front.warnings[name] = rounds.problem
        if self._stamper is not None:
            front.warnings["timestamps"] = self._stamps_wanting
        if self._limit and self._stamper is not None:
            way.undated = partial(self._stamper.waits_over, self._limit)
            front.checks["timestamps"] = self._standing

    def start(self) -> None:
        """Begin."""
        for rounds in self._threads.values():
            rounds.start()

    def stop(self, timeout: float) -> bool:
        """End; False where ``timeout`` seconds each were not enough."""
        return all([rounds.stop(timeout) for rounds in self._threads.values()])

    def _stamps_wanting(self) -> str:
        problem = self._threads["timestamps"].problem()
        age = "" if self._stamper is None else self._stamper.age()
        return f"{problem}; {age}" if problem and age else problem

    def _standing(self) -> str:
        waits = self._stamper is not None and self._stamper.waits_over(self._limit)
        return f"no time-stamp for over {self._limit:g} s" if waits else ""


def _told(name: str, problem: str, fault: Exception | None) -> None:
    if problem:
        logger("evidence").error(name, problem=problem, exc_info=fault)
    else:
        logger("evidence").info(f"{name}: well again")


def quorum_of(settings: Settings) -> Quorum:
    """The witnesses' names, and how many of them count as enough."""
    names = frozenset(NoteKey.parse(each.key).name for each in settings.evidence.witnesses)
    return Quorum(names, settings.evidence.quorum or len(names) // 2 + 1)


def _source(settings: Settings, reader: TreeReader, clock: Clock, passphrase: bytes) -> StampSource:
    evidence, ca = settings.evidence, settings.ca
    if evidence.timestamp != "own":
        anchors = evidence.timestamp_anchors
        places = () if anchors is None else (anchors,)
        tls = _tls(settings, evidence.timestamp)
        return OtherStamps(evidence.timestamp, partial(read_anchors, places), tls, secrets.token_bytes)

    def last() -> float:
        stamps = reader.stamps(reader.stamped())
        return stamps[-1].at / 1_000_000 if stamps else 0.0

    return OwnStamps(
        settings.certs.anchors / "shluz-ca.pem",
        ca.tsa_key,
        ca.tsa_certificate,
        lambda: passphrase,
        ca.tsa_policy,
        ca.tsa_accuracy_ms,
        clock.now,
        last,
        secrets.token_bytes,
    )


def _tls(settings: Settings, url: str) -> ssl.SSLContext | None:
    """As towards providers: by provider.anchors where those are set, else by the machine's authorities."""
    anchors = settings.provider.anchors
    if anchors is None or not url.startswith("https:"):
        return None
    return towards_publisher(pem_of(anchors), None, None, b"")
