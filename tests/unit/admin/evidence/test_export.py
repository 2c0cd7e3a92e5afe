"""An export is an act with a reason, on record before the file is handed out."""

import hashlib

import pytest
from support.packages import Packages

from esb.admin.evidence.export import export_evidence
from esb.registry.acts import find_changes
from esb.registry.database import reading
from esb.registry.errors import Invalid


def test_the_act_says_who_what_and_why(packages: Packages) -> None:
    exchange = packages.exchanges["refused"].reply.exchange
    made = packages.export(exchange)
    with reading(packages.place.engine) as session:
        (row,) = find_changes(session, kind="evidence", key=exchange, limit=1)
    assert (row.act, row.author, row.detail["reason"]) == ("export", "operator", "a test")
    assert row.detail["sha256"] == made.sha256 == hashlib.sha256(made.octets).hexdigest()
    assert row.detail["records"] == ["refusal"]
    with reading(packages.place.engine) as session:
        (read,) = find_changes(session, kind="messages", key=exchange, limit=1)
    assert (read.act, read.author, read.detail["reason"]) == ("read", "operator", "a test")
    assert read.number < row.number


def test_without_a_reason_nothing_is_exported(packages: Packages) -> None:
    with pytest.raises(Invalid):
        export_evidence(
            packages.sources, "x", packages.signer, reason=" ", author="a", now=lambda: 1.0, wait=lambda _: None
        )
