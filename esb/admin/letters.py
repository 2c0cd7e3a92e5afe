"""A delivery as it is written for each channel: an e-mail for people, a JSON document for programs.

Both carry an id that stays the same at each attempt, so that whoever gets the same twice, because an attempt's end was
not seen, can tell.
"""

import json
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from esb.admin.notice_texts import LANGUAGES, Text, code_text, notice_text
from esb.registry.outbox import Parcel


def mail_of(parcel: Parcel, sender: str, domain: str) -> EmailMessage:
    """Write the e-mail of a delivery (RFC 5322): both languages in one message, plain text in UTF-8.

    Args:
        sender: address in ``From``.
        domain: the bus's host name, for ``Message-ID``.

    The library refuses line breaks in headers; addresses were checked when the channel was made.
    """
    texts = _texts(parcel)
    message = EmailMessage(policy=SMTP.clone(max_line_length=78))
    message["From"] = Address("Şlüz", addr_spec=sender)
    message["To"] = Address(addr_spec=parcel.address)
    message["Subject"] = " / ".join(text.subject for text in texts)
    message["Date"] = format_datetime(datetime.fromtimestamp(parcel.at, UTC))
    message["Message-ID"] = f"<{delivery_id(parcel)}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence notice is wanted
    message["X-Shluz-Notice"] = str(parcel.notice)
    message.set_content("\n-- \n\n".join(text.body for text in texts), cte="base64")
    return message


def document_of(parcel: Parcel) -> bytes:
    """Write the JSON document of a delivery: what a webhook gets."""
    az, en = _texts(parcel)
    document: dict[str, object] = {
        "id": delivery_id(parcel),
        "recipient": parcel.recipient,
        "subject": {"az": az.subject, "en": en.subject},
        "text": {"az": az.body, "en": en.body},
    }
    if parcel.topic is None:
        document |= {"type": "verification", "channel": parcel.channel, "code": parcel.code}
    else:
        document |= {
            "type": "notice",
            "notice": parcel.notice,
            "topic": parcel.topic.value,
            "about": parcel.about,
            "at": datetime.fromtimestamp(parcel.at, UTC).isoformat(),
            "facts": parcel.facts,
        }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def delivery_id(parcel: Parcel) -> str:
    """The delivery's name, the same at each attempt, and another in a registry that was put back."""
    return f"notice-{parcel.notice}.delivery-{parcel.id}.{round(parcel.made_at * 1_000_000)}"


def _texts(parcel: Parcel) -> tuple[Text, Text]:
    az, en = (
        code_text(parcel.code or "", parcel.channel, parcel.recipient, language)
        if parcel.topic is None
        else notice_text(parcel.topic, parcel.about, parcel.facts, language)
        for language in LANGUAGES
    )
    return az, en
