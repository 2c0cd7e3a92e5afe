"""The child: what goes down the pipe, and what it says before it is done."""

import json
import subprocess
import sys

from esb.schemas.child import MOST_PROBLEMS, ChildLimits, decode, encode, encode_limits, trial


def test_documents_survive_the_pipe(contract):
    given = contract({"a.xsd": bytes(range(256)), "şəkil.xsd": b""})
    again = decode(encode(given))
    assert (again.documents, again.schemas, again.main) == (given.documents, given.schemas, given.main)


def test_stages_come_before_what_they_find(contract, schema):
    said = list(trial(contract({"a.xsd": schema('<xs:element name="q" type="a:Gone"/>')}), ChildLimits()))
    kinds = [kind for kind, _ in said]
    assert kinds[0] == "stage"
    assert ("stage", "asking xmlschema") in said
    assert any("found by libxml2" in text for _, text in said)
    assert any("found by xmlschema" in text for _, text in said)


def test_a_missing_document_ends_the_trial_early(contract, schema):
    said = list(trial(contract({"a.xsd": schema('<xs:include schemaLocation="gone.xsd"/>')}), ChildLimits()))
    assert [kind for kind, _ in said] == ["stage", "problem"]


def test_output_is_bounded_and_printable(contract, schema):
    many = "".join(f'<xs:element name="q{n}" type="a:Gone\u202e{n}"/>' for n in range(200))
    finished = subprocess.run(
        [sys.executable, "-m", "esb.schemas.child", encode_limits(ChildLimits())],
        input=encode(contract({"a.xsd": schema(many)})),
        capture_output=True,
        check=True,
    )
    lines = [json.loads(line) for line in finished.stdout.splitlines()]
    assert lines[-1] == ["done", ""]
    assert sum(kind == "problem" for kind, _ in lines) == MOST_PROBLEMS
    assert all(text.isprintable() for _, text in lines)
