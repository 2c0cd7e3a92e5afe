"""README.txt of an evidence package: what it is about and how it is verified, in Azerbaijani and in English.

It says nothing of a person: who was asked about, and which officer asked, stand in the messages and records alone.
"""

from collections.abc import Mapping
from typing import Any, Final

from esb.admin.evidence.gather import Gathered
from esb.admin.evidence.paths import moment
from esb.audit.entry import Entry
from esb.logs import safe

_KINDS: Final = {
    "request": ("Sorğu", "Request"),
    "answer": ("Cavab", "Answer"),
    "refusal": ("İmtina", "Refusal"),
    "change": ("Reyestrdə dəyişiklik", "Change of the registry"),
}
_LINES: Final[Mapping[str, tuple[str, str]]] = {
    "exchange": ("Mübadilə", "Exchange"),
    "consumer": ("Sorğu verən", "Asked by"),
    "service": ("Xidmət", "Service"),
    "operation": ("Əməliyyat", "Operation"),
    "purpose": ("Məqsəd", "Purpose"),
    "basis": ("Hüquqi əsas", "Legal basis"),
    "outcome": ("Nəticə", "Outcome"),
    "checkpoint": ("Jurnalın yoxlama nöqtəsi", "Checkpoint of the log"),
    "missing": ("Paketdə yoxdur", "Not in the package"),
}
_ABOUT: Final = (
    (
        "SÜBUT PAKETİ\n\nBu fayl ASiC-E konteyneridir (ETSI EN 319 162-1). İçindəki hər fayl şinin imzası altındadır "
        "(META-INF/signatures0.xml).\nMesajlar şəxsi məlumat ola bilər: onları yalnız səlahiyyətli şəxslərə göstərin."
    ),
    (
        "EVIDENCE PACKAGE\n\nThis file is an ASiC-E container (ETSI EN 319 162-1). Every file in it is under the bus's "
        "signature\n(META-INF/signatures0.xml). The messages may hold personal data: show them to nobody who may not "
        "see them."
    ),
)
_FILES: Final = (
    (
        "  messages/      mesajlar: alındığı və göndərildiyi kimi\n"
        "  records/       qeydlər və onların jurnalda olmasının sübutu (C2SP tlog-proof)\n"
        "  registry/      icazənin, xidmətin, üzvlərin və sertifikatların reyestrdəki dəyişiklikləri, sübutları ilə\n"
        "  certificates/  imzalayanların sertifikatları və onların üstündəki qurumlar\n"
        "  revocation/    o vaxtkı ləğv məlumatı (OCSP cavabları və siyahılar)\n"
        "  log/           jurnalın imzalanmış yoxlama nöqtəsi;  time/  onun vaxt möhürləri (RFC 3161)\n"
        "  facts.json     paketin nə haqqında olduğu, o vaxt reyestrdə nə olduğu və nəyin əldə edilə bilmədiyi"
    ),
    (
        "  messages/      the messages as they were received and sent\n"
        "  records/       the records, and proofs that they are in the log (C2SP tlog-proof)\n"
        "  registry/      the registry's changes about the grant, service, members and certificates, with proofs\n"
        "  certificates/  certificates of who signed, and the authorities above them\n"
        "  revocation/    what was said of revocation then (OCSP answers and lists)\n"
        "  log/           the log's signed checkpoint;  time/  its time-stamps (RFC 3161)\n"
        "  facts.json     what the package is about, what stood in the registry, and what could not be had"
    ),
)
_CHECK: Final = (
    (
        "YOXLAMA\n\nTam yoxlama (verilənlər bazası və şəbəkə lazım deyil; qurumun sertifikatını və jurnalın açarını "
        "başqa yolla alın):\n"
    ),
    (
        "VERIFYING\n\nThe whole of it (no database and no network; have the authority's certificate and the log's key "
        "by another way):\n"
    ),
)
_COMMANDS: Final = (
    "  esb evidence verify FILE --anchor CA.pem --log-key \"$(cat bus-log.key)\"\n\n"
    "  unzip FILE -d x && cd x\n"
    "  xmlsec1 --verify --enabled-reference-uris same-doc,remote --id-attr:Id SignedProperties "
    "--trusted-pem CA.pem META-INF/signatures0.xml"
)  # fmt: skip


def write_readme(gathered: Gathered) -> bytes:
    """The README of a package, UTF-8."""
    return "\n".join([_part(gathered, 0), "\n" + "-" * 72 + "\n", _part(gathered, 1), ""]).encode()


def _part(gathered: Gathered, language: int) -> str:
    facts = "\n".join(
        f"  {_LINES[name][language]}: {safe(value, 300)}" for name, value in _told(gathered, language) if value
    )
    return f"{_ABOUT[language]}\n\n{facts}\n\n{_FILES[language]}\n\n{_CHECK[language]}\n{_COMMANDS}"


def _told(gathered: Gathered, language: int) -> list[tuple[str, str]]:
    entry = next(iter(gathered.entries.values()))
    registry = gathered.facts.registry
    times = [f"{_KINDS[name][language]} {moment(each.at / 1_000_000)}" for name, each in gathered.entries.items()]
    outcome = list(gathered.entries.values())[-1]
    rule = f" ({outcome.rule})" if outcome.rule else ""
    return [
        ("exchange", f"{entry.exchange} ({', '.join(times)})"),
        ("consumer", _body(registry.get("consumer"), entry.client or entry.consumer, language)),
        ("service", _body(registry.get("owner"), _service(entry, registry), language)),
        ("operation", entry.operation),
        ("purpose", entry.purpose),
        ("basis", entry.legal_basis),
        ("outcome", outcome.outcome + rule),
        ("checkpoint", f"{gathered.size}"),
        ("missing", "; ".join(gathered.facts.missing)),
    ]


def _service(entry: Entry, registry: Mapping[str, Any]) -> str:
    contract = (registry.get("service") or {}).get("contract")
    return f"{entry.service} [{contract}]" if contract else entry.service


def _body(state: Mapping[str, Any] | None, code: str, language: int) -> str:
    name = (state or {}).get(("name_az", "name_en")[language])
    return f"{code} ({name})" if name else code
