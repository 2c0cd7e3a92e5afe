"""A package proves what happened; and whoever alters any part of it, even with the bus's own key, is found out by the
step that is about that part."""

import time
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.packages import WITNESS, Packages, lend

from esb.admin.evidence.container import read_container, write_container
from esb.admin.evidence.layout import read_facts, write_facts
from esb.admin.evidence.words import STEPS
from esb.audit.notes import NoteKey
from esb.certs.asic import facts_of, sign_files
from esb.certs.keys import FileKey

# Which step is about which file: an octet of it is altered, and the package is sealed anew with the bus's own key.
FOUND_BY = {
    "facts.json": {"contents", "registry"},
    "log/checkpoint": {"checkpoint"},
    "messages/answer.xml": {"sent-signature"},
    "messages/provider-answer.xml": {"provider-message"},
    "messages/request.xml": {"request-message"},
    "records/answer.json": {"records"},
    "records/answer.tlog-proof": {"records", "inclusion"},
    "records/request.json": {"records"},
    "records/request.tlog-proof": {"records", "inclusion"},
    "certificates/bus.cer": {"contents", "sent-signature"},
    "certificates/consumer.cer": {"contents", "request-signature"},
    "certificates/provider.cer": {"contents", "provider-signature"},
    "revocation/1.crl": {"consumer-revocation"},
    "time/1.tst": {"timestamp"},
}


def facts_with(files: dict[str, bytes], **other: Any) -> None:
    """What a forger would have facts.json say."""
    files["facts.json"] = write_facts(replace(read_facts(files["facts.json"]), **other))


def without(files: dict[str, bytes], *parts: str) -> None:
    """Take signers out, as a package of a bus that had not signed, or whose messages are gone, has none."""
    gone = {sha256(files.pop(f"certificates/{part}.cer")).hexdigest() for part in parts}
    revocation = read_facts(files["facts.json"]).revocation
    facts_with(files, revocation=tuple(each for each in revocation if each.certificate not in gone))


def test_an_answered_exchange_is_proven(packages: Packages) -> None:
    proven = packages.verify(packages.answered)
    taken = [step.name for step in proven.steps]
    assert taken == [name for name in STEPS if name in taken]
    assert proven.not_shown == ()
    hosted = {"hosted-signature", "hosted-owner", "hosted-path", "hosted-revocation"}
    assert set(STEPS) - set(taken) == {"witnesses", "change", "held", *hosted}
    found = {step.name: step.found for step in proven.steps}
    assert "Body, Timestamp, Exchange" in found["request-signature"]
    assert "“Assessment of a benefit” on the ground of “Law on benefits, article 9”" in found["grant"]
    assert "DIN Nazirliyi / Ministry DIN" in found["registry"]
    assert [step.number for step in proven.steps] == list(range(1, len(taken) + 1))


@pytest.mark.parametrize(
    ("name", "not_shown"),
    [
        ("unsigned", {"provider-message"}),
        ("hosted", {"provider-message"}),
        ("late", set()),
        ("one-way", {"provider-message"}),
        ("refused", set()),
        ("stranger", set()),
    ],
)
def test_whatever_came_of_a_request_is_proven(packages: Packages, name: str, not_shown: set[str]) -> None:
    proven = packages.verify(packages.export(packages.exchanges[name].records[0].entry.record).octets)
    assert {step.name for step in proven.not_shown} == not_shown


def change_of_a_grant(packages: Packages) -> bytes:
    own = read_container(packages.answered).files
    name = next(each for each in own if each.startswith("registry/") and b'"grant"' in own[each])
    return packages.export(name.removeprefix("registry/").removesuffix(".json") + "-c").octets


def test_a_change_of_the_registry_is_proven(packages: Packages) -> None:
    proven = packages.verify(change_of_a_grant(packages))
    assert "operator: add grant:" in next(step.found for step in proven.steps if step.name == "change")


def test_no_octet_of_the_file_can_be_another(packages: Packages) -> None:
    octets = packages.answered
    for at in range(0, len(octets), 101):
        altered = octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]
        assert packages.broken_at(altered) in {"container", "seal"}
    assert packages.broken_at(octets[:-1]) == "container"
    assert packages.broken_at(b"") == "container"


def test_every_file_is_under_the_seal(packages: Packages) -> None:
    found = read_container(packages.answered)
    for name, content in found.files.items():
        altered = {**found.files, name: content + b" "}
        assert packages.broken_at(write_container(altered, found.media, found.signatures)) == "seal"
        less = {each: octets for each, octets in found.files.items() if each != name}
        media = {each: kind for each, kind in found.media.items() if each != name}
        assert packages.broken_at(write_container(less, media, found.signatures)) == "container"


def test_each_part_has_a_step_that_finds_it_altered(packages: Packages) -> None:
    files = read_container(packages.answered).files
    for name in files:
        wanted = FOUND_BY.get(name, {"inclusion"} if name.startswith("registry/") else {"", "contents"})
        for at in {0, len(files[name]) // 3, len(files[name]) - 2}:

            def alter(altered: dict[str, bytes], name: str = name, at: int = at) -> None:
                content = altered[name]
                altered[name] = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

            assert packages.broken_at(packages.forged(packages.answered, alter)) in wanted, (name, at)


def test_each_part_has_a_step_that_misses_it(packages: Packages) -> None:
    files, shown = read_container(packages.answered).files, len(packages.verify(packages.answered).not_shown)
    for name in files:

        def alter(altered: dict[str, bytes], name: str = name) -> None:
            del altered[name]

        octets = packages.forged(packages.answered, alter)
        if name.startswith(("records/", "registry/", "log/", "facts")):
            assert packages.broken_at(octets) == "contents", name
        elif name not in ("README.txt", "certificates/authority-1.cer"):
            broken = packages.broken_at(octets)
            told = broken in ("contents", "sent-signature", "provider-signature")
            assert told or (not broken and len(packages.verify(octets).not_shown) > shown), name


def test_a_file_that_has_no_place_is_told(packages: Packages) -> None:
    octets = packages.forged(packages.answered, lambda files: files.update({"messages/more.xml": b"<a/>"}))
    assert packages.broken_at(octets) == "contents"


def test_another_exchanges_parts_do_not_fit(packages: Packages) -> None:
    other = read_container(packages.export(packages.exchanges["unsigned"].reply.exchange).octets).files
    for names, step in (
        (("messages/request.xml",), "request-message"),
        (("messages/answer.xml",), "sent-signature"),
        (("records/request.json",), "records"),
        (("records/request.json", "records/request.tlog-proof"), "records"),
        (("records/answer.json",), "records"),
    ):
        parts = {name: other[name] for name in names}
        octets = packages.forged(packages.answered, lambda files, parts=parts: files.update(parts))  # type: ignore[misc]
        assert packages.broken_at(octets) == step, names


def test_a_tree_that_was_made_up_is_none_even_with_the_logs_own_key(packages: Packages) -> None:
    made_up = packages.log_signer.checkpoint(1_000, bytes(32))
    old = read_container(packages.answered).files["log/checkpoint"]

    def alter(files: dict[str, bytes], everywhere: bool = False) -> None:
        files["log/checkpoint"] = made_up
        if everywhere:
            files.update({name: content.replace(old, made_up) for name, content in files.items() if "proof" in name})

    assert packages.broken_at(packages.forged(packages.answered, alter)) == "inclusion"
    assert packages.broken_at(packages.forged(packages.answered, lambda files: alter(files, True))) == "inclusion"


def test_whom_the_verifier_does_not_believe_proves_nothing(packages: Packages) -> None:
    from support.rig import party

    stranger = party("STRANGER").certificate
    believed = packages.believed
    assert packages.broken_at(packages.answered, replace(believed, anchors=(stranger,))) == "consumer-path"
    another = NoteKey(believed.log.name, believed.log.kind, bytes(31) + b"\1")
    assert packages.broken_at(packages.answered, replace(believed, log=another)) == "checkpoint"
    for witness in (
        NoteKey(WITNESS.name, WITNESS.kind, believed.log.key),
        NoteKey("w.example", WITNESS.kind, WITNESS.key),
    ):
        assert packages.broken_at(packages.answered, replace(believed, witnesses=(WITNESS, witness))) == "witnesses"


def test_the_witnesses_that_are_named_have_cosigned(packages: Packages) -> None:
    proven = packages.verify(packages.answered, replace(packages.believed, witnesses=(WITNESS,)))
    assert next(step.found for step in proven.steps if step.name == "witnesses").startswith("witness.example at ")


def test_the_receipt_that_the_consumer_kept_is_of_these_records(packages: Packages) -> None:
    kept = packages.exchanges["answered"].reply.body
    proven = packages.verify(packages.answered, replace(packages.believed, receipt=kept))
    assert proven.steps[-1].name == "held"
    another = packages.exchanges["unsigned"].reply.body
    assert packages.broken_at(packages.answered, replace(packages.believed, receipt=another)) == "held"
    assert packages.broken_at(packages.answered, replace(packages.believed, receipt=b"<x/>")) == "held"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_a_forger_writes_is_a_step_that_breaks_and_never_a_fault(
    packages: Packages, data: st.DataObject
) -> None:
    files = read_container(packages.answered).files
    name = data.draw(st.sampled_from(sorted(files)))
    content = files[name]
    at = data.draw(st.integers(0, len(content)))
    cut = data.draw(st.integers(0, 40))
    altered = content[:at] + data.draw(st.binary(max_size=40)) + content[at + cut :]
    octets = packages.forged(packages.answered, lambda found: found.update({name: altered}))
    broken = packages.broken_at(octets)
    if broken:
        assert STEPS[broken].meaning("az")
    else:
        assert altered == content or name in ("README.txt", "certificates/authority-1.cer")


def test_a_request_without_an_answer_is_proven_too(packages: Packages) -> None:
    """The bus was killed in between: what it had recorded is all that there is."""

    def alter(files: dict[str, bytes]) -> None:
        facts_with(files, records=("request",))
        for name in [name for name in files if "answer" in name]:
            del files[name]
        without(files, "bus", "provider")

    proven = packages.verify(packages.forged(packages.answered, alter))
    taken = {step.name for step in proven.steps}
    assert "request-signature" in taken
    assert not taken & {"sent-signature", "receipt", "bus-owner", "provider-message"}


def test_messages_that_are_not_kept_any_more_are_not_shown_and_the_rest_holds(packages: Packages) -> None:
    def alter(files: dict[str, bytes]) -> None:
        gone = [name for name in files if name.startswith("messages/")]
        facts_with(files, missing=dict.fromkeys(gone, "kept until 2026-12-31"))
        for name in gone:
            del files[name]
        without(files, "bus", "provider")

    proven = packages.verify(packages.forged(packages.answered, alter))
    assert {step.name for step in proven.not_shown} == {
        "request-message",
        "request-signature",
        "sent-signature",
        "provider-message",
    }
    assert {step.found for step in proven.not_shown} >= {"kept until 2026-12-31"}


def of(packages: Packages, name: str) -> bytes:
    return packages.export(packages.exchanges[name].records[0].entry.exchange).octets


@pytest.mark.parametrize(
    ("package", "name", "step"),
    [
        ("late", "messages/refused-request.xml", "contents"),
        ("answered", "revocation/evil.txt", "contents"),
        ("answered", "revocation/9.crl", "contents"),
        ("answered", "time/evil.exe", "contents"),
        ("answered", "time/2.tst", "timestamp"),
        ("answered", "certificates/authority-9.cer", "contents"),
        ("answered", "certificates/authority-evil.cer", "contents"),
    ],
)
def test_nothing_can_be_put_in_that_no_step_is_about(packages: Packages, package: str, name: str, step: str) -> None:
    octets = packages.forged(of(packages, package), lambda files: files.update({name: b"<lie/>"}))
    assert packages.broken_at(octets) == step


@pytest.mark.parametrize(
    ("package", "part", "step"),
    [
        ("answered", "hosted", "hosted-signature"),
        ("stranger", "consumer", "request-signature"),
        ("unsigned", "provider", "provider-signature"),
        ("one-way", "bus", "sent-signature"),
        ("change", "bus", "sent-signature"),
    ],
)
def test_nobody_is_shown_as_a_signer_who_signed_nothing_here(
    packages: Packages, package: str, part: str, step: str
) -> None:
    lent = read_container(packages.hosted).files["certificates/" + ("hosted" if part == "provider" else part) + ".cer"]
    octets = change_of_a_grant(packages) if package == "change" else of(packages, package)
    forged = packages.forged(octets, lambda files: files.update({f"certificates/{part}.cer": lent}))
    assert packages.broken_at(forged) == step


def test_another_certificate_than_the_recorded_one_is_told_without_the_message(packages: Packages) -> None:
    def alter(files: dict[str, bytes]) -> None:
        del files["messages/request.xml"]
        facts_with(files, missing={"messages/request.xml": "kept until 2026-12-31"})
        lend(files, "consumer", files["certificates/provider.cer"])

    assert packages.broken_at(packages.forged(packages.answered, alter)) == "request-signature"


@pytest.mark.parametrize(
    ("other", "step"),
    [
        ({"records": ("request", "request", "answer")}, "contents"),
        ({"records": ("answer", "request")}, "contents"),
        ({"revocation": ()}, "contents"),
        ({"missing": {"messages/answer.xml": "lost"}}, "contents"),
        ({"registry": {}}, "registry"),
        ({"made_at": 0}, "contents"),
        ({"made_at": 2**53 - 1}, "contents"),
    ],
)
def test_facts_that_contradict_the_rest_are_told(packages: Packages, other: dict[str, Any], step: str) -> None:
    assert packages.broken_at(packages.forged(packages.answered, lambda files: facts_with(files, **other))) == step


def test_what_is_said_of_revocation_is_of_those_who_signed(packages: Packages) -> None:
    (first, *others) = read_facts(read_container(packages.answered).files["facts.json"]).revocation
    for wrong in (
        replace(first, file="revocation/9.crl"),
        replace(first, certificate="0" * 64),
        replace(first, source="believed"),
    ):
        told = (wrong, *others)
        forged = packages.forged(packages.answered, lambda files, told=told: facts_with(files, revocation=told))  # type: ignore[misc]
        assert packages.broken_at(forged) == "contents"


def test_a_package_about_a_change_says_nothing_else_of_the_registry(packages: Packages) -> None:
    lie = {"grant": {"purpose": "another"}}
    octets = packages.forged(change_of_a_grant(packages), lambda files: facts_with(files, registry=lie))
    assert packages.broken_at(octets) == "registry"


def test_what_the_consumer_was_given_is_not_shown_without_the_answer(packages: Packages) -> None:
    def alter(files: dict[str, bytes]) -> None:
        del files["messages/answer.xml"]
        facts_with(files, missing={"messages/answer.xml": "lost"})
        without(files, "bus")

    proven = packages.verify(packages.forged(packages.answered, alter))
    assert {step.name for step in proven.not_shown} == {"sent-signature", "provider-signature"}


def test_a_members_key_seals_no_package(packages: Packages) -> None:
    """Even one whose certificate is by the same authority, in its time, and good for signing."""
    member = packages.place.consumers["EESMN"]
    found = read_container(packages.answered)
    facts = {name: facts_of(content, found.media[name]) for name, content in found.files.items()}
    signed = sign_files(facts, FileKey(member.key), [member.certificate, *packages.sources.anchors], time.time())
    assert packages.broken_at(write_container(found.files, found.media, signed)) == "seal-signer"


def test_the_earliest_stamp_counts_and_each_is_of_this_checkpoint(packages: Packages) -> None:
    other = read_container(packages.hosted).files["time/1.tst"]
    own = read_container(packages.answered).files["time/1.tst"]
    assert own == other  # of one checkpoint
    assert packages.broken_at(packages.forged(packages.answered, lambda files: files.update({"time/2.tst": own}))) == ""
    cut = packages.forged(packages.answered, lambda files: files.update({"time/2.tst": own[:-1]}))
    assert packages.broken_at(cut) == "timestamp"
