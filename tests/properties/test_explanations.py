"""An explanation and the wire never differ: the same directory, the same call, the same rule."""

import html
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.client import GET_PERSON
from support.rig import NOW, PERSONS, Rig, party

from esb.admin.explain import explain, header_of
from esb.certs.index import build_index
from esb.kernel import namespaces as ns
from esb.kernel import rules
from esb.kernel.directory import CertificateUse, Directory, Grant, Member, MemberStatus, ServiceStatus
from esb.kernel.faults import Refusal

NAMES = ("EESMN", "EESMN/HR", "EESMN/LABOUR")
FIELDS = ("purpose", "legalBasis", "caseNumber", "officer", "onBehalfOf")
# Most of what stands before the grants is good, so that the examples come as far as grants and quotas.
mostly_active = st.sampled_from([MemberStatus.ACTIVE] * 40 + list(MemberStatus))

GRANTS = st.lists(
    st.builds(
        Grant,
        id=st.integers(1, 4),
        consumer=st.sampled_from(NAMES),
        service=st.just(PERSONS.text),
        operations=st.sampled_from([None, None, frozenset({"GetPerson"}), frozenset({"CountPersons"})]),
        purpose=st.sampled_from(["test", "tax"]),
        legal_basis=st.just("Law 1"),
        valid_from=st.sampled_from([NOW - 60, NOW - 60, NOW, NOW + 60]),
        valid_until=st.sampled_from([None, None, NOW - 1, NOW, NOW + 60]),
        per_second=st.sampled_from([None, 5]),
        per_day=st.sampled_from([None, 1, 3]),
        required_fields=st.just(frozenset()) | st.frozensets(st.sampled_from(("client", *FIELDS)), max_size=2),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda grant: grant.id,
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "client": st.sampled_from(["EESMN", "EESMN/HR", "EESMN/LABOUR", "DIN/IAMAS", "EESMN/a b", "EESMNX/HR"]),
        "purpose": st.sampled_from(["test", "tax", "school"]),
        "legalBasis": st.just("Law 1"),
        "caseNumber": st.just("17"),
        "officer": st.just("12"),
        "onBehalfOf": st.just("7"),
    },
)
CERTIFICATE = st.fixed_dictionaries(
    {},
    optional={
        "revoked": st.sampled_from([None] * 12 + ["keyCompromise"]),
        "problem": st.sampled_from([None] * 12 + [rules.CRT_PATH, rules.CRT_USAGE]),
        "not_before": st.sampled_from([NOW - 500] * 12 + [NOW + 60]),
        "not_after": st.sampled_from([NOW + 500] * 12 + [NOW - 1]),
    },
)


@settings(max_examples=250, deadline=None)
@given(
    grants=GRANTS,
    fields=HEADERS,
    consumer=mostly_active,
    owner=mostly_active,
    service=st.sampled_from([ServiceStatus.ACTIVE] * 40 + list(ServiceStatus) + [None]),
    sunset=st.sampled_from([None] * 20 + [NOW - 60, NOW, NOW + 60]),
    certificate=CERTIFICATE,
    revocation_known=st.sampled_from([None] * 20 + [NOW + 60, NOW, NOW - 60]),
    used=st.fixed_dictionaries({number: st.integers(0, 3) for number in range(1, 5)}),
)
def test_what_is_explained_is_what_happens(
    grants: list[Grant],
    fields: dict[str, str],
    consumer: MemberStatus,
    owner: MemberStatus,
    service: ServiceStatus | None,
    sunset: float | None,
    certificate: dict[str, Any],
    revocation_known: float | None,
    used: dict[int, int],
) -> None:
    rig = Rig()
    by_key: dict[tuple[str, str], tuple[Grant, ...]] = {}
    for grant in grants:
        key = grant.consumer, grant.service
        by_key[key] = (*by_key.get(key, ()), grant)
    statuses = {"DIN": owner, "EESMN": consumer}
    services = {} if service is None else {PERSONS.path: replace(rig.service, status=service, sunset=sunset)}
    own = replace(party("EESMN").known, known_until=revocation_known, **certificate)
    directory = Directory(
        version=1,
        built_at=NOW,
        members=MappingProxyType({code: Member(code, code, code, status) for code, status in statuses.items()}),
        services=MappingProxyType(services),
        grants=MappingProxyType(by_key),
        certificates=build_index([own, party("EESMN", CertificateUse.TLS).known, party("DIN").known]),
    )
    rig.way.directory = directory
    rig.way.quotas.restore(lambda: used, NOW)
    happened = _on_the_wire(rig, fields)
    # The signer is the member, whatever client it names.
    calls = explain(directory, "EESMN", PERSONS, header_of("EESMN", fields), NOW, operation="GetPerson", used=used)
    (call,) = calls
    assert call.rule == happened, call.steps
    assert all(step.text for step in call.steps)


def _on_the_wire(rig: Rig, fields: dict[str, str]) -> str:
    inner = "".join(
        f"<e:{name}>{html.escape(fields[name])}</e:{name}>"
        for name in ("client", "id", "purpose", "legalBasis", "caseNumber", "officer", "onBehalfOf")
        if name in fields
    )
    header = f'<e:Exchange xmlns:e="{ns.EXCHANGE}">{inner}</e:Exchange>'.encode()
    try:
        rig.authorized(rig.signed(GET_PERSON, (header,) if fields else ()))
    except Refusal as refusal:
        return refusal.rule.id
    return ""
