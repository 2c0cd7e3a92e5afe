"""What wiring fits a bus with beside the way of messages: the authority's door, and what follows the bus's own keys."""

from collections.abc import Callable
from functools import partial
from secrets import token_bytes
from typing import Any

from sqlalchemy import Engine

from esb.admin.growth_watch import GrowthWatch
from esb.admin.outages import Outages
from esb.admin.passphrase import read_passphrase
from esb.admin.publication import Places, Publication
from esb.admin.rehearsal import Known, OwnKey, Rehearsals
from esb.admin.renewal import OwnPair, beside
from esb.audit.log import EvidenceReader
from esb.certs.verify import SignatureLimits, Verifier
from esb.conf.settings import Settings
from esb.endpoints.authority import ROOT, AuthorityDoor
from esb.endpoints.door import FrontDoor
from esb.kernel.clock import Clock
from esb.kernel.http import HttpHandler
from esb.logs import logger
from esb.registry.renewals import Subject
from esb.stages.way import Way
from esb.waiting import Threads

Follower = Callable[[], Callable[[], None] | None]
"""Called in a thread about every polling time; what it gives back is then called on the reactor."""


def authority_publication(settings: Settings, engine: Engine, clock: Clock) -> Publication:
    """What is published for the home's authority; empty until it was refreshed for the first time."""
    ca, keys, certs = settings.ca, settings.keys, settings.certs
    own = {"bus": keys.certificate, "bus?next": beside(keys.certificate, "next")}
    if keys.second_certificate is not None:
        own |= {"bus-second": keys.second_certificate}
    places = Places(
        authority=certs.anchors / "shluz-ca.pem",
        crl=certs.crl / "shluz-ca.crl",
        delta=certs.crl / "shluz-ca-delta.crl",
        ocsp=(ca.ocsp_key, ca.ocsp_certificate) if ca.ocsp else None,
        tsa=(ca.tsa_key, ca.tsa_certificate) if ca.tsa else None,
        own=own,
    )
    return Publication(
        places,
        engine,
        clock,
        lambda: read_passphrase(keys.passphrase, keys.passphrase_file),
        ocsp_seconds=ca.ocsp_minutes * 60,
        policy=ca.tsa_policy,
        accuracy_ms=ca.tsa_accuracy_ms,
    )


def authority_doors(
    settings: Settings, publication: Publication, clock: Clock, aides: Threads
) -> tuple[dict[str, HttpHandler], dict[str, HttpHandler]]:
    """Who answers a GET below /ca/, and who is posted to there; nobody where the settings say so."""
    ca = settings.ca
    if not ca.serve or not _has_registry(settings):
        return {}, {}
    door = AuthorityDoor(
        publication,
        clock,
        aides.run,
        token_bytes,
        ca.ocsp_per_second if ca.ocsp else None,
        ca.tsa_per_second if ca.tsa else None,
    )
    return {ROOT: door.get}, {f"{ROOT}ocsp": door.ask_status, f"{ROOT}tsa": door.ask_stamp}


def own_pairs(settings: Settings) -> list[OwnPair]:
    """The keys of the bus that lie in files, with their certificates; one in a device is not swapped by files."""
    keys = settings.keys
    pairs: list[tuple[Subject, Any, Any]] = [
        (Subject("bus"), keys.signing_key, keys.certificate),
        (Subject("bus-second"), keys.second_signing_key, keys.second_certificate),
    ]
    return [
        OwnPair(subject, key, certificate)
        for subject, key, certificate in pairs
        if hasattr(key, "stem") and certificate is not None
    ]


class Fittings:
    """The authority's door and what follows files, register and log while the bus serves.

    Attributes:
        aides: threads for what the door signs and for ``followers``, which no exchange waits for.
        gets, posts: doors, as the front door takes them.
        followers: empty until :meth:`follow`.
    """

    def __init__(self, settings: Settings, engine: Engine, clock: Clock, reactor: Any) -> None:
        self._settings = settings
        self._engine = engine
        self._clock = clock
        self.aides = Threads(reactor, 2)
        self._publication = authority_publication(settings, engine, clock)
        self.gets, self.posts = authority_doors(settings, self._publication, clock, self.aides)
        self.followers: list[Follower] = []

    def follow(self, way: Way, front: FrontDoor, reader: EvidenceReader, known: Known, limits: SignatureLimits) -> None:
        """Have followers for this bus; their warnings are put before ``front``."""
        settings = self._settings
        if settings.ca.serve and _has_registry(settings):
            self.followers.append(self._publication.refresh)
            front.warnings["authority"] = self._publication.warning

        def passphrase() -> bytes:
            return read_passphrase(settings.keys.passphrase, settings.keys.passphrase_file)

        for pair in own_pairs(settings):
            own = OwnKey(pair, passphrase, logger("bus").info)
            name = "key" if pair.subject.kind == "bus" else "second_key"
            self.followers.append(_taker(own, way, pair))
            if not _has_registry(settings):  # rehearsals are entered there
                front.warnings[name] = partial(getattr, own, "problem")
                continue
            trial = Rehearsals(
                pair,
                passphrase,
                self._engine,
                reader,
                known,
                Verifier(limits),
                self._clock,
                settings.bus.node,
                lambda: front.worker or 0,
            )
            self.followers.append(trial.look)
            front.warnings[name] = _either(own, trial)
        if settings.notices.outages and _has_registry(settings):
            outages = Outages(self._engine, way.breaker, lambda: way.directory, self._clock)
            self.followers.append(outages.look)
        evidence = settings.evidence
        room = GrowthWatch(evidence.url, evidence.capacity, evidence.full_warning_days, self._clock)
        self.followers.append(room.look)
        front.warnings["room"] = room.warning


def _has_registry(settings: Settings) -> bool:
    """Whether there is a database: a node that follows a publication has none, and must not make one."""
    return settings.registry.source == "database"


def _taker(own: OwnKey, way: Way, pair: OwnPair) -> Follower:
    def look() -> Callable[[], None] | None:
        signer = own.changed()
        if signer is None:
            return None
        attribute = "signer" if pair.subject.kind == "bus" else "second_signer"
        return lambda: setattr(way, attribute, signer)

    return look


def _either(own: OwnKey, trial: Rehearsals) -> Callable[[], str]:
    return lambda: own.problem or trial.warning()
