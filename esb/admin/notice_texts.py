"""What notices say, in Azerbaijani and in English: plain format strings, and nothing that a fact could break out of.

A text has a sentence for its topic and a line for each fact.  Every fact goes through :func:`esb.logs.safe`: whoever
chose it cannot add lines, headers or terminal escapes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Literal

from esb.logs import safe
from esb.registry.notices import Topic

Language = Literal["az", "en"]
LANGUAGES: Final[tuple[Language, Language]] = ("az", "en")

_LONGEST: Final = 500
_NAME: Final = 160

SUBJECTS: Final[Mapping[Topic, tuple[str, str]]] = MappingProxyType(
    {
        Topic.MAINTENANCE: ("Texniki işlər: {thing}", "Maintenance: {thing}"),
        Topic.OUTAGE: ("Xidmət əlçatan deyil: {thing}", "Outage: {thing}"),
        Topic.OUTAGE_OVER: ("Xidmət bərpa olunub: {thing}", "Outage over: {thing}"),
        Topic.SERVICE_CHANGED: ("Xidmət dəyişib: {thing}", "Service changed: {thing}"),
        Topic.SERVICE_SUNSET: ("Xidmətin versiyası dayandırılacaq: {thing}", "Service version will end: {thing}"),
        Topic.GRANT_ENDING: ("İcazənin müddəti bitir: {thing}", "Grant is ending: {thing}"),
        Topic.GRANT_CHANGED: ("İcazə dəyişib: {thing}", "Grant changed: {thing}"),
        Topic.CERTIFICATE_ENDING: ("Sertifikatın müddəti bitir: {thing}", "Certificate is ending: {thing}"),
        Topic.AGREEMENT_ENDING: ("Müqavilənin müddəti bitir: {thing}", "Agreement is ending: {thing}"),
        Topic.APPLICATION_MOVED: ("Müraciət üzrə yenilik: {thing}", "Application moved on: {thing}"),
        Topic.APPLICATION_REFUSED: ("Müraciət rədd edilib: {thing}", "Application refused: {thing}"),
        Topic.DEADLINE_NEAR: ("Müddət yaxınlaşır: {thing}", "Deadline is near: {thing}"),
        Topic.DEADLINE_MISSED: ("Müddət ötürülüb: {thing}", "Deadline missed: {thing}"),
        Topic.INSPECTION: ("Monitorinq: {thing}", "Inspection: {thing}"),
        Topic.DUPLICATE_FOUND: ("Oxşar resurs aşkar edilib: {thing}", "Likely duplicate found: {thing}"),
        Topic.MEMBER_STATUS: ("İştirakçının statusu dəyişib: {thing}", "Member's status changed: {thing}"),
        Topic.DELIVERY_FAILED: ("Bildiriş çatdırılmayıb: {thing}", "Notice was not delivered: {thing}"),
        Topic.OPERATOR_MESSAGE: ("Operatorun məlumatı: {thing}", "Message from the operator: {thing}"),
    }
)
"""The subject of each topic, in both languages."""

SENTENCES: Final[Mapping[Topic, tuple[str, str]]] = MappingProxyType(
    {
        Topic.MAINTENANCE: (
            "Göstərilən müddətdə xidmətlər cavab verməyəcək.",
            "The services will not answer during the time given.",
        ),
        Topic.OUTAGE: ("Hazırda bu resursa müraciət etmək mümkün deyil.", "It cannot be reached at present."),
        Topic.OUTAGE_OVER: ("Resurs yenidən işləyir.", "It can be reached again."),
        Topic.SERVICE_CHANGED: (
            "İstifadə etdiyiniz xidmətin vəziyyəti dəyişib.",
            "A service that you may use was changed.",
        ),
        Topic.SERVICE_SUNSET: (
            "Bu versiya göstərilən tarixdən sonra işləməyəcək; yeni versiyaya keçin.",
            "This version will not be served after the date given; move to its successor before.",
        ),
        Topic.GRANT_ENDING: (
            "İcazənin müddəti bitdikdən sonra sorğular rədd ediləcək.",
            "Requests under this grant are refused once it has ended; apply for a new one in time.",
        ),
        Topic.GRANT_CHANGED: ("Xidmətdən istifadə icazəsi dəyişib.", "A grant to use a service was changed."),
        Topic.CERTIFICATE_ENDING: (
            "Sertifikatı vaxtında yeniləyin: müddəti bitmiş sertifikatla imzalanmış mesajlar qəbul edilmir.",
            "Renew the certificate in time: what is signed with an expired one is refused.",
        ),
        Topic.AGREEMENT_ENDING: (
            "Operatorla müqavilənin müddəti bitir; onu vaxtında uzadın.",
            "The agreement with the operator is ending; renew it in time.",
        ),
        Topic.APPLICATION_MOVED: ("Müraciətin vəziyyəti dəyişib.", "The application has a new state."),
        Topic.APPLICATION_REFUSED: (
            "Qoşulma haqqında müraciət əsaslandırılmış rəylə rədd edilib.",
            "The application for connection was refused, with the reasons given.",
        ),
        Topic.DEADLINE_NEAR: ("Tapşırığın müddəti yaxınlaşır.", "Something is due soon."),
        Topic.DEADLINE_MISSED: ("Tapşırığın müddəti ötüb.", "Something is overdue."),
        Topic.INSPECTION: ("Monitorinq üzrə məlumat.", "News of an inspection."),
        Topic.DUPLICATE_FOUND: (
            "Eyni məlumatı saxlayan oxşar resurs ola bilər; yoxlayın.",
            "There may be another resource that holds the same data; look into it.",
        ),
        Topic.MEMBER_STATUS: ("İştirakçının statusu dəyişib.", "A member's status was changed."),
        Topic.DELIVERY_FAILED: (
            "Bildirişi bu kanalla çatdırmaq mümkün olmadı; o, iştirakçının poçt qutusundadır.",
            "A notice could not be delivered over this channel and is not tried again; it lies in the mailbox.",
        ),
        Topic.OPERATOR_MESSAGE: ("Operator bildirir:", "The operator tells you:"),
    }
)
"""What each topic means for who reads it, in both languages."""

LABELS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "act": ("əməliyyat", "act"),
        "agreement": ("müqavilə", "agreement"),
        "application": ("müraciət", "application"),
        "attempts": ("cəhdlər", "attempts"),
        "before": ("əvvəl", "before"),
        "began_at": ("başlayıb", "began"),
        "cancelled": ("ləğv edilib", "taken back"),
        "cause": ("səbəb", "cause"),
        "certificate": ("sertifikat", "certificate"),
        "change": ("dəyişiklik", "change"),
        "channel": ("kanal", "channel"),
        "consumer": ("istifadəçi", "consumer"),
        "days": ("qalan günlər", "days left"),
        "deadline": ("müddət", "deadline"),
        "due_at": ("müddət", "due"),
        "ended_at": ("bitib", "ended"),
        "ends_at": ("bitir", "ends"),
        "finding": ("nöqsan", "finding"),
        "grant": ("icazə", "grant"),
        "kind": ("növ", "kind"),
        "late": ("iki gündən az qalmış elan edilib", "announced less than two days ahead"),
        "member": ("iştirakçı", "member"),
        "outage": ("fasilə №", "outage no."),
        "problem": ("problem", "problem"),
        "purpose": ("məqsəd", "purpose"),
        "reason": ("əsas", "reason"),
        "recipient": ("alan", "recipient"),
        "replaces": ("əvəz edir", "replaces"),
        "resource": ("resurs", "resource"),
        "score": ("oxşarlıq", "score"),
        "service": ("xidmət", "service"),
        "services": ("xidmətlər", "services"),
        "starts_at": ("başlayır", "begins"),
        "state": ("vəziyyət", "state"),
        "status": ("status", "status"),
        "successor": ("yeni versiya", "successor"),
        "sunset_at": ("son tarix", "last day"),
        "text": ("mətn", "text"),
    }
)
"""How facts are called, in both languages; others keep the name that they have."""

_KINDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "agreement": ("müqavilə", "agreement"),
        "application": ("müraciət", "application"),
        "certificate": ("sertifikat", "certificate"),
        "channel": ("kanal", "channel"),
        "grant": ("icazə", "grant"),
        "inspection": ("monitorinq", "inspection"),
        "maintenance": ("texniki işlər", "maintenance"),
        "member": ("iştirakçı", "member"),
        "message": ("məlumat", "message"),
        "notice": ("bildiriş", "notice"),
        "resource": ("resurs", "resource"),
        "service": ("xidmət", "service"),
    }
)
_YES: Final = (("xeyr", "no"), ("bəli", "yes"))
_ALL: Final = ("hamısı", "all")


@dataclass(frozen=True, slots=True)
class Text:
    """A notice in one language: a subject of one line, and a body of several."""

    subject: str
    body: str


def notice_text(topic: Topic, about: str, facts: Mapping[str, object], language: Language) -> Text:
    """Write a notice for people.

    Args:
        about: ``kind:key``.
        facts: as :func:`esb.registry.notices.tell` was given them; a name in ``…_at`` is a time in Unix seconds.
    """
    tongue = LANGUAGES.index(language)
    kind, _, key = about.partition(":")
    named = _KINDS.get(kind)
    thing = safe(f"{named[tongue] if named else kind} {key}", _NAME)
    lines = [SENTENCES[topic][tongue], ""]
    lines += [
        f"{_label(name, tongue)}: {_value(name, value, tongue)}" for name, value in facts.items() if _tells(name, value)
    ]
    return Text(SUBJECTS[topic][tongue].format(thing=thing), "\n".join(lines).rstrip() + "\n")


def code_text(code: str, channel: int, recipient: str, language: Language) -> Text:
    """Write the message that proves a channel."""
    if language == "az":
        subject = "Şlüz: bildiriş kanalının təsdiqi"
        body = (
            f"Bu ünvan {safe(recipient)} iştirakçısının bildirişləri üçün göstərilib.\n"
            f"Təsdiq kodunu operatora bildirin: {code}\n(esb notice verify {channel} {code})\n"
            "Bu sizə aid deyilsə, mesajı nəzərə almayın: kodsuz heç nə göndərilməyəcək.\n"
        )
    else:
        subject = "Şlüz: confirm this channel for notices"
        body = (
            f"This address was given for notices to {safe(recipient)}.\n"
            f"Give the operator this code: {code}\n(esb notice verify {channel} {code})\n"
            "If this does not concern you, do nothing: without the code nothing more is sent here.\n"
        )
    return Text(subject, body)


def _tells(name: str, value: object) -> bool:
    return (value not in (None, "", [], {}) and not (name == "late" and value is False)) or name == "services"


def _label(name: str, tongue: int) -> str:
    known = LABELS.get(name)
    return known[tongue] if known else safe(name.replace("_", " "), 60)


def _value(name: str, value: object, tongue: int) -> str:
    if isinstance(value, bool):
        return _YES[value][tongue]
    if value is None:
        return _ALL[tongue]
    if name.endswith("_at") and isinstance(value, int | float) and 0 <= value < 253_402_300_800:
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, str):
        return safe(value, _LONGEST)
    if isinstance(value, Mapping):
        return safe("; ".join(f"{key}: {each}" for key, each in value.items()), _LONGEST)
    if isinstance(value, Sequence):
        return safe(", ".join(map(str, value)), _LONGEST)
    return safe(str(value), _LONGEST)
