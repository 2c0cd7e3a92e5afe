"""A package proves what happened; and whoever alters any part of it, even with the bus's own key, is found out by the
step that is about that part."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.packages import WITNESS, Packages

from esb.admin.evidence.container import read_container, write_container
from esb.admin.evidence.layout import read_facts, write_facts
from esb.admin.evidence.words import STEPS
from esb.audit.notes import NoteKey

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


def test_a_change_of_the_registry_is_proven(packages: Packages) -> None:
    own = read_container(packages.answered).files
    name = next(each for each in own if each.startswith("registry/") and b'"grant"' in own[each])
    change = name.removeprefix("registry/").removesuffix(".json")
    proven = packages.verify(packages.export(change + "-c").octets)
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
            assert broken == "sent-signature" or (not broken and len(packages.verify(octets).not_shown) > shown), name


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
        facts = read_facts(files["facts.json"])
        files["facts.json"] = write_facts(replace(facts, records=("request",)))
        for name in [name for name in files if "answer" in name or name.startswith("certificates/p")]:
            del files[name]

    proven = packages.verify(packages.forged(packages.answered, alter))
    taken = {step.name for step in proven.steps}
    assert "request-signature" in taken
    assert not taken & {"sent-signature", "receipt", "bus-owner", "provider-message"}


def test_messages_that_are_not_kept_any_more_are_not_shown_and_the_rest_holds(packages: Packages) -> None:
    def alter(files: dict[str, bytes]) -> None:
        facts = read_facts(files["facts.json"])
        gone = [name for name in files if name.startswith("messages/")]
        files["facts.json"] = write_facts(replace(facts, missing=dict.fromkeys(gone, "kept until 2026-12-31")))
        for name in gone:
            del files[name]

    proven = packages.verify(packages.forged(packages.answered, alter))
    assert {step.name for step in proven.not_shown} == {
        "request-message",
        "request-signature",
        "sent-signature",
        "provider-message",
    }
    assert {step.found for step in proven.not_shown} >= {"kept until 2026-12-31"}
