"""``facts.json`` has one form, and every file a place and a kind."""

import json
from dataclasses import replace

import pytest

from esb.admin.evidence.layout import FactsMalformed, PackageFacts, RevocationFile, media_of, read_facts, write_facts

FACTS = PackageFacts(
    "0197",
    ("request", "answer"),
    {"at": 1, "grant": {"number": 7}},
    (RevocationFile("revocation/1.crl", "ab", "kept"),),
    {"messages/request.xml": "it is not kept any more"},
    1_790_000_000_000_000,
)


def test_it_is_read_back() -> None:
    assert read_facts(write_facts(FACTS)) == FACTS


def test_another_form_is_refused() -> None:
    found = json.loads(write_facts(FACTS))
    wrong = [
        {**found, "form": "shluz-evidence-package/2"},
        {**found, "more": 1},
        {**found, "records": ["request", "other"]},
        {**found, "records": []},
        {**found, "records": "request"},
        {**found, "missing": {"x": 1}},
        {**found, "registry": []},
        {**found, "revocation": [{"file": "x"}]},
        {**found, "madeAt": "now"},
        {name: value for name, value in found.items() if name != "exchange"},
        [],
    ]
    octets = [json.dumps(each, sort_keys=True, separators=(",", ":")).encode() for each in wrong]
    for each in (*octets, write_facts(FACTS) + b"\n", b"", b"\xff", b"[" * 100_000, b'{"form":1}'):
        with pytest.raises(FactsMalformed):
            read_facts(each)
    assert read_facts(write_facts(replace(FACTS, missing={}))).missing == {}


def test_every_file_has_a_media_type() -> None:
    assert media_of("messages/request.xml") == "application/xml"
    assert media_of("log/checkpoint") == media_of("README.txt") == "text/plain"
    assert media_of("records/request.tlog-proof") == "text/plain"
    assert media_of("revocation/1.ocsp") == "application/ocsp-response"
    assert media_of("what") == "application/octet-stream"
