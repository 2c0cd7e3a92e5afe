"""The settings of the bus as plain frozen values: one section for each department that is given them.

There are no defaults here: they stand in ``default.toml``, each with its meaning.  ``esb/conf/load.py`` reads them;
``esb/wiring.py`` hands each department its own.  Sizes are bytes, times seconds unless the name says otherwise, paths
absolute.
"""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, get_args

from esb.conf.evidence_kinds import StampSource, WitnessAt, Witnesses
from esb.conf.keep_kinds import Keep
from esb.conf.kinds import Choice, Flag, LogName, Oid, Real, Secret, Size, Whole, Word
from esb.conf.notice_kinds import Line, Networks
from esb.conf.place_kinds import ArchiveAt, BaseUrl, DatabaseUrl, FilePath, Host, KeyAt, Urls
from esb.kernel.token_uri import KeyPlace

SignInThreads = Literal["auto", "always", "never"]
LogFormat = Literal["json", "human", "auto"]
RegistrySource = Literal["database", "snapshot"]
Publish = Literal["nobody", "members", "anybody"]
LogLevel = Literal["debug", "info", "warning", "error"]

_Seconds = Annotated[float, Real(above=0)]
_Some = Annotated[int, Whole(1)]
_OptionalPath = Annotated[Path | None, FilePath(optional=True)]
_Path = Annotated[Path, FilePath()]


@dataclass(frozen=True, slots=True)
class Bus:
    """Who this bus is to the world."""

    address: Annotated[str, BaseUrl()]
    also_known_as: Annotated[tuple[str, ...], Urls()]
    node: Annotated[str, Word()]


@dataclass(frozen=True, slots=True)
class Door:
    """The listener and its limits."""

    host: Annotated[str, Host()]
    port: Annotated[int, Whole(0, 65535)]
    tls: Annotated[bool, Flag()]
    tls_certificate: _OptionalPath
    tls_key: _OptionalPath
    client_anchors: _OptionalPath
    require_client_certificate: Annotated[bool, Flag()]
    header_bytes: Annotated[int, Size(1024)]
    body_bytes: Annotated[int, Size(1024)]
    inflated_bytes: Annotated[int, Size(1024)]
    header_seconds: _Seconds
    body_seconds: _Seconds
    idle_seconds: _Seconds
    slowest_rate: Annotated[int, Size()]
    write_seconds: _Seconds
    held_bytes: Annotated[int, Size(1024)]
    connections: _Some
    drain_seconds: Annotated[float, Real()]


@dataclass(frozen=True, slots=True)
class Workers:
    """How many processes share the work."""

    # Beyond this many the processes of one machine only stand in each other's way.
    count: Annotated[int, Whole(0, 256)]


@dataclass(frozen=True, slots=True)
class Xml:
    """What a message may hold."""

    elements: _Some
    attributes: _Some
    namespaces: Annotated[int, Whole(8)]
    # libxml2 itself stops at 256.
    depth: Annotated[int, Whole(8, 256)]


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature may hold."""

    # Body and Timestamp are always signed.
    references: Annotated[int, Whole(2)]
    tokens: _Some
    prefixes: _Some
    headers: _Some
    token_characters: Annotated[int, Whole(1024)]
    # A signature by RSA 4096 takes 684.
    value_characters: Annotated[int, Whole(684)]


@dataclass(frozen=True, slots=True)
class Time:
    """How old or early a message may be."""

    # A message id is remembered for two days.
    window_seconds: Annotated[float, Real(above=0, most=86_400)]
    skew_seconds: Annotated[float, Real(most=3_600)]


@dataclass(frozen=True, slots=True)
class Registry:
    """Where the registry is.  The URL may hold a password, so it is left out of the repr."""

    url: Annotated[str, DatabaseUrl("postgresql+psycopg")] = field(repr=False)
    source: Annotated[RegistrySource, Choice(get_args(RegistrySource))]
    poll_seconds: Annotated[float, Real(above=0, most=60)]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the registry publishes itself, and how a node without its database follows what is published."""

    publish: Annotated[Publish, Choice(get_args(Publish))]
    key: _Path
    stamp_seconds: _Seconds
    expires_seconds: _Seconds
    urls: Annotated[tuple[str, ...], Urls()]
    folder: _OptionalPath
    trusted: _Path
    copy: _Path
    grace_seconds: Annotated[float, Real()]


@dataclass(frozen=True, slots=True)
class Members:
    """What a member needs to take part."""

    agreement_required: Annotated[bool, Flag()]


@dataclass(frozen=True, slots=True)
class Grants:
    """How grants are given."""

    two_officers: Annotated[bool, Flag()]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where evidence is kept and how it is gathered.  The URL may hold a password, so it is left out of the repr."""

    url: Annotated[str, DatabaseUrl("postgresql")] = field(repr=False)
    max_batch: _Some
    max_wait_ms: Annotated[float, Real(most=1000)]
    max_queue: _Some
    keep_refused_bytes: Annotated[int, Size(0)]
    keep_strangers_per_second: Annotated[int, Whole()]
    retention: Annotated[str, Keep()]
    retention_refusals: Annotated[str, Keep()]
    retention_strangers: Annotated[str, Keep()]
    expire_minutes: Annotated[float, Real(above=0, most=1440)]
    origin: Annotated[str, LogName()]
    checkpoint_seconds: _Seconds
    timestamp: Annotated[str, StampSource()]
    timestamp_anchors: _OptionalPath
    timestamp_seconds: Annotated[float, Real(most=86_400)]
    timestamp_limit_seconds: Annotated[float, Real()]
    witnesses: Annotated[tuple[WitnessAt, ...], Witnesses()]
    quorum: Annotated[int, Whole()]
    witness_seconds: _Seconds
    witness_alarm_minutes: Annotated[float, Real(above=0)]
    capacity: Annotated[int, Size(0)]
    full_warning_days: Annotated[float, Real()]


@dataclass(frozen=True, slots=True)
class Archive:
    """Where packages of the evidence log go.  ``secret`` comes from the environment alone, and wins over the file."""

    place: Annotated[str, ArchiveAt()]
    endpoint: Annotated[str, BaseUrl()]
    region: Annotated[str, Word()]
    access_key: Annotated[str, Line()]
    secret_file: _Path
    anchors: _OptionalPath
    secret: Annotated[str | None, Secret()] = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """The bus's own keys.  ``passphrase`` comes from the environment alone, and wins over the file."""

    signing_key: Annotated[KeyPlace, KeyAt()]
    certificate: _Path
    second_signing_key: Annotated[KeyPlace | None, KeyAt(optional=True)]
    second_certificate: _OptionalPath
    log_key: _Path
    body_key: Annotated[KeyPlace | None, KeyAt(optional=True)]
    body_key_before: Annotated[KeyPlace | None, KeyAt(optional=True)]
    hosted: _Path
    subjects: _Path
    sign_in_threads: Annotated[SignInThreads, Choice(get_args(SignInThreads))]
    passphrase_file: _Path
    passphrase: Annotated[str | None, Secret()] = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Certs:
    """Whose certificates are believed."""

    anchors: _Path
    crl: _Path
    crl_grace_hours: Annotated[float, Real()]
    crl_urls: Annotated[tuple[str, ...], Urls()]
    crl_minutes: Annotated[float, Real(above=0, most=10_080)]
    ocsp: Annotated[str, Choice(("off", "prefer", "require"))]
    ocsp_urls: Annotated[tuple[str, ...], Urls()]
    ocsp_minutes: Annotated[float, Real(above=0, most=10_080)]
    ocsp_grace_hours: Annotated[float, Real()]


@dataclass(frozen=True, slots=True)
class Ca:
    """What the built-in authority publishes and answers."""

    serve: Annotated[bool, Flag()]
    address: Annotated[str, BaseUrl(optional=True)]
    policy: Annotated[str, Oid(optional=True)]
    crl_days: Annotated[float, Real(least=1, most=365)]
    delta_hours: Annotated[float, Real(above=0, most=720)]
    overlap_days: Annotated[int, Whole(1, 365)]
    ocsp: Annotated[bool, Flag()]
    ocsp_key: _Path
    ocsp_certificate: _Path
    ocsp_minutes: Annotated[float, Real(least=1, most=10080)]
    ocsp_per_second: _Some
    tsa: Annotated[bool, Flag()]
    tsa_key: _Path
    tsa_certificate: _Path
    tsa_policy: Annotated[str, Oid()]
    tsa_accuracy_ms: Annotated[int, Whole(1, 60_000)]
    tsa_per_second: _Some


@dataclass(frozen=True, slots=True)
class Extracts:
    """What signs extracts from the registers, where that is not the bus's own key."""

    signing_key: Annotated[KeyPlace | None, KeyAt(optional=True)]
    certificate: _OptionalPath


@dataclass(frozen=True, slots=True)
class Provider:
    """How providers are spoken to."""

    timeout_seconds: _Seconds
    connections_per_host: _Some
    waiting_per_host: Annotated[int, Whole()]
    connect_seconds: _Seconds
    idle_seconds: _Seconds
    max_answer_bytes: Annotated[int, Size(1024)]
    anchors: _OptionalPath
    client_certificate: _OptionalPath
    client_key: _OptionalPath


@dataclass(frozen=True, slots=True)
class Procedure:
    """How many working days each state of an application, and a member's answer to an inspection, may take."""

    completeness_days: _Some
    mending_days: _Some
    checks_days: _Some
    opinion_days: _Some
    decision_days: _Some
    moving_days: _Some
    agreement_days: _Some
    remind_days: Annotated[int, Whole()]


@dataclass(frozen=True, slots=True)
class Checks:
    """What the checks of an applying service may do, and what a provider must keep to."""

    allow_private: Annotated[bool, Flag()]
    require_tls: Annotated[bool, Flag()]
    call_seconds: _Seconds
    answer_bytes: Annotated[int, Size(1024)]
    total_seconds: _Seconds
    certificate_days: Annotated[int, Whole()]
    calls: Annotated[int, Whole(1, 1000)]
    median_seconds: _Seconds
    p95_seconds: _Seconds


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail server that notices are handed to.  ``password`` comes from the environment alone."""

    host: Annotated[str, Host(optional=True)]
    port: Annotated[int, Whole(1, 65535)]
    security: Annotated[Literal["starttls", "tls", "none"], Choice(("starttls", "tls", "none"))]
    user: Annotated[str, Line()]
    password_file: _OptionalPath
    sender: Annotated[str, Line()]
    anchors: _OptionalPath
    password: Annotated[str | None, Secret()] = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Notices:
    """How members are told what happens."""

    deliver: Annotated[bool, Flag()]
    give_up_days: Annotated[float, Real(above=0, most=60)]
    webhook_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], Networks()]
    due_minutes: Annotated[float, Real(above=0, most=1440)]
    outages: Annotated[bool, Flag()]


@dataclass(frozen=True, slots=True)
class Load:
    """How much work is taken at once."""

    max_in_flight: _Some
    per_service_in_flight: _Some


@dataclass(frozen=True, slots=True)
class Breaker:
    """When a failing provider is given a pause."""

    failures: _Some
    pause_seconds: _Seconds


@dataclass(frozen=True, slots=True)
class Log:
    """How the process tells what it does."""

    format: Annotated[LogFormat, Choice(get_args(LogFormat))]
    level: Annotated[LogLevel, Choice(get_args(LogLevel))]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set."""

    bus: Bus
    door: Door
    workers: Workers
    xml: Xml
    signature: Signature
    time: Time
    registry: Registry
    snapshot: Snapshot
    members: Members
    grants: Grants
    evidence: Evidence
    archive: Archive
    keys: Keys
    certs: Certs
    ca: Ca
    extracts: Extracts
    provider: Provider
    procedure: Procedure
    checks: Checks
    mail: Mail
    notices: Notices
    load: Load
    breaker: Breaker
    log: Log
