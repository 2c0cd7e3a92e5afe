"""What goes over each channel."""

import email
import json
from dataclasses import replace
from email.policy import default

import pytest

from esb.admin.letters import delivery_id, document_of, mail_of
from esb.registry.notice_models import ChannelKind
from esb.registry.notices import Topic
from esb.registry.outbox import Parcel

PARCEL = Parcel(
    id=7,
    attempts=0,
    made_at=1_764_000_000.25,
    channel=3,
    kind=ChannelKind.MAIL,
    address="duty@din.example",
    recipient="DIN",
    code=None,
    notice=17,
    at=1_764_000_000.25,
    topic=Topic.OUTAGE,
    about="service:DIN/IAMAS/PersonQuery/v1",
    facts={"cause": "İşıq sönüb"},
)


def test_an_email_in_both_languages() -> None:
    octets = mail_of(PARCEL, "notices@bus.example", "bus.example").as_bytes()
    read = email.message_from_bytes(octets, policy=default)
    assert read["From"] == "Şlüz <notices@bus.example>"
    assert read["To"] == "duty@din.example"
    assert read["Subject"] == (
        "Xidmət əlçatan deyil: xidmət DIN/IAMAS/PersonQuery/v1 / Outage: service DIN/IAMAS/PersonQuery/v1"
    )
    assert read["Message-ID"] == "<notice-17.delivery-7.1764000000250000@bus.example>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["Date"] == "Mon, 24 Nov 2025 16:00:00 +0000"
    content = read.get_content()
    assert "səbəb: İşıq sönüb" in content
    assert "cause: İşıq sönüb" in content
    assert max(map(len, octets.splitlines())) <= 998


def test_another_attempt_is_the_same_message() -> None:
    again = replace(PARCEL, attempts=4)
    assert (
        mail_of(again, "n@bus.example", "bus.example").as_bytes()
        == mail_of(PARCEL, "n@bus.example", "bus.example").as_bytes()
    )
    assert document_of(again) == document_of(PARCEL)
    assert delivery_id(replace(PARCEL, made_at=1.0)) != delivery_id(PARCEL)


@pytest.mark.parametrize("hostile", ["a\r\nBcc: x@y.example", "a\nb", "\x00"])
def test_no_fact_makes_a_header(hostile: str) -> None:
    octets = mail_of(replace(PARCEL, about=f"service:{hostile}"), "n@bus.example", "bus.example").as_bytes()
    assert email.message_from_bytes(octets, policy=default)["Bcc"] is None
    with pytest.raises(ValueError):  # its words are the library's
        mail_of(replace(PARCEL, address=f"x@y.example{hostile}"), "n@bus.example", "bus.example")


def test_a_document_for_programs() -> None:
    document = json.loads(document_of(PARCEL))
    assert document["type"] == "notice"
    assert (document["notice"], document["topic"], document["facts"]) == (17, "outage", {"cause": "İşıq sönüb"})
    assert document["at"] == "2025-11-24T16:00:00.250000+00:00"
    assert document["id"] == "notice-17.delivery-7.1764000000250000"


def test_the_code_goes_out_alone() -> None:
    parcel = replace(PARCEL, notice=0, topic=None, about="", facts={}, code="0f8e2b6c")
    document = json.loads(document_of(parcel))
    assert (document["type"], document["code"], document["channel"]) == ("verification", "0f8e2b6c", 3)
    assert "0f8e2b6c" in mail_of(parcel, "n@bus.example", "bus.example").get_content()
