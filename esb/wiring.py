"""The composition root: settings become objects, each given what it needs and nothing else."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from esb.adapters.soap import SoapAdapter
from esb.admin.believing import believe
from esb.admin.certificate_ends import own_warning
from esb.admin.following import follow, towards_publisher
from esb.admin.hosted_keys import HostedKeys
from esb.admin.keyring import Keyring
from esb.admin.log_key import log_origin, open_log_signer
from esb.admin.passphrase import read_passphrase
from esb.admin.recording import Paced, Recorder
from esb.admin.snapshot import FileSealer
from esb.admin.subject_keys import SubjectKeys
from esb.admin.trust import Trust
from esb.attesting import Attesting, quorum_of
from esb.audit.indexer import Indexer
from esb.audit.log import EvidenceReader
from esb.audit.sequencer import Sequencer
from esb.audit.sparing import SparingWriter
from esb.audit.store import open_tree
from esb.audit.tree_reader import TreeReader
from esb.audit.vault import Vault
from esb.audit.writer import EvidenceWriter
from esb.bus import Bus
from esb.certs.index import CertificateLoader, CertificateUnreadable
from esb.certs.verify import Verifier
from esb.conf.settings import Settings
from esb.doors import contract_door, reading_doors
from esb.endpoints.door import FrontDoor
from esb.endpoints.exchange import ExchangeDoor
from esb.endpoints.revocation import Lists
from esb.fittings import Fittings
from esb.keeping import expiry, keeping, open_log
from esb.kernel.clock import Clock
from esb.kernel.contract import Contract
from esb.kernel.directory import CertificateUse, Directory, KnownCertificate
from esb.kernel.ids import Ids
from esb.kernel.xml import XmlLimits
from esb.limits import client_limits, server_limits, signature_limits
from esb.logs import logger
from esb.own import (
    CannotStart,
    door_tls,
    own_certificate,
    own_certificates,
    pem_of,
    provider_tls,
    second_signer,
    signs_aside,
)
from esb.postal import Errands, errands
from esb.registry.contracts import get_contract
from esb.registry.database import open_database, reading
from esb.registry.migrations import current, head
from esb.registry.publisher import Publisher
from esb.registry.replica import Replica
from esb.registry.snapshot import Index
from esb.registry.watch import Watcher
from esb.routing.breaker import Breaker
from esb.routing.limits import Counts, Load, Quotas
from esb.schemas.store import JudgeStore
from esb.stages.way import Adapter, Way
from esb.transport.client import ClientPool
from esb.transport.server import DoorFactory
from esb.vaults import vault_at
from esb.waiting import EvidenceGate, JudgeGate, Threads
from esb.wsdl.pack import unpack

_DAY = 86_400
_SIGNING = 8  # signatures that a device is asked for at the same time


@dataclass(slots=True)
class Node:
    """A wired bus: what ``esb/server.py`` starts, refreshes and stops.

    Attributes:
        tls: the door's TLS context, None for plain HTTP.
        watcher: gives the directory: from the database, or from what the registry publishes of itself.
        publisher: publishes the registry; None where that is not wanted.
        contract: reads a stored contract by its digest (blocking).
        threads: for what the way of messages waits for; ``clerks`` for contracts, which anybody may ask for;
            ``signing`` for signatures where a key lies in a slow device.
        ring: the bus's own keys; ``hosted`` those that it keeps for members; ``subjects`` those of pseudonyms.
        fittings: the authority's door, and what is followed beside registry and trust.
        trust: anchors and lists in force; the watcher's certificates were made ready with it.
        lists: how long the revocation lists still hold.
        attesting: has checkpoints time-stamped and cosigned.
        vault: opens what finds records that have left the log.
        recorder, errands: put changes on record; deliver notices and announce what is due, None where not wanted.
        undocumented: changes whose record the log does not take though it takes others.
    """

    settings: Settings
    reactor: Any
    clock: Clock
    bus: Bus
    way: Way
    front: FrontDoor
    factory: DoorFactory
    pool: ClientPool
    threads: Threads
    clerks: Threads
    signing: Threads
    ring: Keyring
    hosted: HostedKeys
    subjects: SubjectKeys
    fittings: Fittings
    writer: EvidenceWriter
    reader: EvidenceReader
    sequencer: Sequencer
    indexer: Indexer
    attesting: Attesting
    tree: TreeReader
    watcher: Watcher | Replica
    publisher: Publisher | None
    engine: Engine
    trust: "TrustInForce"
    lists: Lists
    tls: Any
    contract: Callable[[str], Contract]
    vault: Callable[[], Vault]
    recorder: Recorder
    errands: Errands | None
    registry_problem: str = ""
    changes_problem: str = ""
    undocumented: int = 0

    def install(self, directory: Directory) -> None:
        """Put a new directory in force, between two turns of the reactor."""
        self.way.believed_until = getattr(self.watcher, "believed_until", None)
        self.way.hosted = self.hosted.signers
        self.way.pseudonyms = self.subjects.pseudonyms
        self.way.aside = self.signing.run if signs_aside(self.settings, self.ring) else None
        self.way.directory = directory

    def registry_standing(self) -> str:
        """What keeps this node from deciding; "" when nothing does.

        A database that cannot be asked does, at once: nobody knows what was revoked meanwhile.  A node that follows a
        publication goes on for as long as the last one may be believed.
        """
        until = self.way.believed_until
        if until is None:
            return self.registry_problem
        return "what is known of the registry is too old to decide by" if self.clock.now() > until else ""


class TrustInForce:
    """The trust that certificates are made ready with; replaced whole when its files change."""

    def __init__(self, trust: Trust, loader: CertificateLoader, clock: Clock) -> None:
        self._loader = loader
        self._clock = clock
        self.replace(trust)

    def replace(self, trust: Trust) -> None:
        """Judge by this one from now on."""
        self.trust = trust
        self.known = trust.known(self._loader, self._clock.now)

    def __call__(self, der: bytes, owner: str, use: CertificateUse, revoked: str | None) -> KnownCertificate | None:
        """Make a registered certificate ready; None, and a line in the log, for one that cannot be read."""
        try:
            return self.known(der, owner, use, revoked)
        except CertificateUnreadable as error:
            digest = hashlib.sha256(der).hexdigest()
            logger("bus").error("certificate left out", owner=owner, sha256=digest, problem=str(error))
            return None


def wire(
    settings: Settings,
    reactor: Any,
    clock: Clock,
    hosted: Callable[["Node"], Adapter],
    counts: Counts | None = None,
    *,
    keeps: bool = True,
) -> Node:
    """Build a bus that is ready to be started.  Blocking: opens keys, databases and folders.

    Args:
        settings: of one of several processes its share (``esb/conf/share.py``).
        hosted: makes the adapter for typed services that the bus hosts itself.
        counts: where quotas are counted; None for this process alone.
        keeps: whether this process is the one of several that keeps a node's own copy of the registry.

    Raises:
        EsbError: something of the home is missing or broken; the text says what to mend.
    """
    log = logger("bus")
    passphrase = read_passphrase(settings.keys.passphrase, settings.keys.passphrase_file)
    ring = Keyring(passphrase, clock.monotonic, log.warning)
    signer = ring.signer(settings.keys.signing_key, lambda: own_certificate(settings.keys.certificate, clock))
    second = second_signer(settings, ring, clock)
    engine = open_database(settings.registry.url)
    follows = settings.registry.source == "snapshot"
    if not follows and current(engine) != head():
        raise CannotStart(
            "The registry's database is not of this version. "
            "Any acting command brings it up to date, such as: esb member list"
        )
    loader = CertificateLoader()
    trust = TrustInForce(believe(settings.certs, None if follows else engine, clock.now()), loader, clock)
    watcher: Watcher | Replica = Watcher(engine, trust, loader.index, clock)
    if follows:
        watcher = _follow(settings, passphrase, trust, loader.index, clock, keeps)
    directory = watcher.poll()
    if directory is None:
        raise CannotStart("The registry could not be read.")
    hosted_keys = HostedKeys(ring, settings.keys.hosted, log.error)
    if not follows:
        hosted_keys.refresh(engine)
    subjects = SubjectKeys(settings.keys.subjects, passphrase)
    subjects.ready(directory)
    threads, clerks, signing = Threads(reactor), Threads(reactor, 2), Threads(reactor, _SIGNING)
    load = Load(settings.load.max_in_flight, settings.load.per_service_in_flight)
    writer, reader, in_the_clear = open_log(settings, passphrase, reactor.callFromThread, lambda: load.in_flight)

    def contract(digest: str) -> Contract:
        if isinstance(watcher, Replica):
            return unpack(watcher.contract(digest))
        with reading(engine) as session:
            return unpack(get_contract(session, digest).packed)

    pool = ClientPool(reactor, clock, provider_tls(settings, passphrase), client_limits(settings))
    quotas = Quotas(counts)
    way = Way(
        clock=clock,
        directory=directory,
        verifier=Verifier(signature_limits(settings)),
        signer=signer,
        second_signer=second,
        pseudonyms=subjects.pseudonyms,
        judges=JudgeGate(JudgeStore(), contract, threads),
        evidence=EvidenceGate(
            SparingWriter(writer, settings.evidence.keep_strangers_per_second, clock.monotonic), reader, threads
        ),
        adapters={"soap": SoapAdapter(pool, settings.provider.max_answer_bytes)},
        quotas=quotas,
        load=load,
        breaker=Breaker(settings.breaker.failures, settings.breaker.pause_seconds),
        log=log.info,
        trace=log.debug if settings.log.level == "debug" else None,
        xml=XmlLimits(
            max_bytes=settings.door.inflated_bytes,
            max_elements=settings.xml.elements,
            max_attributes=settings.xml.attributes,
            max_namespaces=settings.xml.namespaces,
            max_depth=settings.xml.depth,
        ),
        window=settings.time.window_seconds,
        skew=settings.time.skew_seconds,
        addresses=frozenset(url.rstrip("/") for url in (settings.bus.address, *settings.bus.also_known_as)),
        keep_refused=settings.evidence.keep_refused_bytes,
        keeping=keeping(settings),
        aside=signing.run if signs_aside(settings, ring) else None,
    )
    bus = Bus(way, lambda exchange, error: log.error("the bus failed", exchange=exchange, exc_info=error))
    exchange = ExchangeDoor(bus, clock, Ids().new)
    log_signer = open_log_signer(
        settings.keys.log_key, passphrase, log_origin(settings.evidence.origin, settings.bus.address)
    )
    sequencer = Sequencer(
        open_tree(settings.evidence.url), log_signer.checkpoint, clock, settings.evidence.checkpoint_seconds
    )
    indexer = Indexer(settings.evidence.url, lambda: sequencer.elected)
    tree = TreeReader(settings.evidence.url)
    publisher = None
    if settings.snapshot.publish != "nobody":
        sealer = FileSealer(settings.snapshot.key, lambda: passphrase)
        sealer()  # a bus that shall publish and cannot does not start
        publisher = Publisher(engine, sealer, clock, settings.snapshot.expires_seconds, secrets.token_bytes)
    fittings = Fittings(settings, engine, clock, reactor)
    contracts = contract_door(settings, way.service_at, contract, clerks)
    attesting = Attesting(settings, lambda: sequencer.elected, clock, passphrase)
    doors = reading_doors(
        settings, engine, tree, log_signer.key.text, lambda: way.directory, clerks, quorum_of(settings), clock.now
    )
    front = FrontDoor(exchange, contracts, {}, {**doors, **fittings.gets}, fittings.posts)
    fittings.follow(way, front, reader, trust, signature_limits(settings))
    ending = expiry(settings, engine, clock, lambda: sequencer.elected)
    if not follows:  # it is an act, and recorded in the registry
        fittings.followers.append(ending.look)
        front.warnings["expiry"] = ending.problem
    factory = DoorFactory(front.handle, exchange.refuse, server_limits(settings), reactor, clock)
    lists = Lists(lambda: trust.trust.crls.ends, settings.certs.crl_grace_hours * 3600, clock.now)
    node = Node(
        settings=settings,
        reactor=reactor,
        clock=clock,
        bus=bus,
        way=way,
        front=front,
        factory=factory,
        pool=pool,
        threads=threads,
        clerks=clerks,
        signing=signing,
        ring=ring,
        hosted=hosted_keys,
        subjects=subjects,
        fittings=fittings,
        writer=writer,
        reader=reader,
        sequencer=sequencer,
        indexer=indexer,
        attesting=attesting,
        tree=tree,
        watcher=watcher,
        publisher=publisher,
        engine=engine,
        trust=trust,
        lists=lists,
        tls=door_tls(settings, passphrase),
        contract=contract,
        vault=lambda: vault_at(settings, lambda: log_signer.key),
        recorder=Recorder(engine, settings.evidence.url, Paced(log.info, clock.monotonic)),
        errands=errands(settings, engine, clock, log.info) if settings.notices.deliver and not follows else None,
    )
    way.adapters = {**way.adapters, "hosted": hosted(node)}
    front.checks.update(
        {
            "evidence": lambda: writer.problem or "",
            "registry": node.registry_standing,
            "changes": lambda: node.changes_problem,
            "keys": ring.problem,
            "stopping": lambda: "shutting down" if factory.draining else "",
        }
    )
    front.checks["revocation"] = lists.problem
    if follows:
        front.warnings["registry"] = lambda: node.registry_problem
    front.warnings["revocation"] = lists.warning
    front.warnings["messages"] = lambda: in_the_clear
    front.warnings["certificates"] = lambda: own_warning(own_certificates(settings), clock.now())
    front.warnings["tree"] = sequencer.problem
    front.warnings["search"] = indexer.problem
    attesting.tell(way, front)
    front.warnings["changes"] = lambda: f"{node.undocumented} without a record" if node.undocumented else ""
    node.install(directory)
    return node


def _follow(
    settings: Settings, passphrase: bytes, trust: TrustInForce, index: Index, clock: Clock, keeps: bool
) -> Replica:
    snapshot, provider = settings.snapshot, settings.provider
    anchors = None if provider.anchors is None else pem_of(provider.anchors)
    tls = None
    if any(url.startswith("https:") for url in snapshot.urls):
        tls = towards_publisher(anchors, provider.client_certificate, provider.client_key, passphrase)
    return follow(
        snapshot.urls,
        snapshot.folder,
        trusted=snapshot.trusted,
        copy=snapshot.copy,
        grace=snapshot.grace_seconds,
        tls=tls,
        known=trust,
        index=index,
        clock=clock,
        keeps=keeps,
    )


def restore_quotas(node: Node) -> None:
    """Take up today's counts from the evidence log (blocking)."""
    now = node.clock.now()
    midnight = int(now) // _DAY * _DAY
    node.way.quotas.restore(lambda: node.reader.counts_by_grant(midnight * 1_000_000), now)
