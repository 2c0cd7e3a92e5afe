"""A small directory: one resource of DIN's, asked by members and their systems."""

from types import MappingProxyType

import pytest

from esb.kernel.directory import (
    AnswerSignature,
    CertificateIndex,
    Directory,
    Grant,
    Judgement,
    Member,
    MemberStatus,
    Operation,
    Service,
    ServiceStatus,
    SignatureMode,
)
from esb.kernel.names import ServiceId


@pytest.fixture
def operation():
    return Operation(
        "Ask", "{urn:x}Ask", "{urn:x}AskResponse", "urn:x/Ask", frozenset({"urn:x/Ask", "urn:x:PortType:AskRequest"})
    )


@pytest.fixture
def make_service(operation):
    def make(status=ServiceStatus.ACTIVE, name="DIN/IAMAS/PersonQuery/v1"):
        return Service(
            id=ServiceId.parse(name),
            status=status,
            endpoint="https://provider.example/person",
            provider_version=None,
            adapter="soap",
            signature=SignatureMode.BUS,
            answer_signature=AnswerSignature.IGNORED,
            judge_request=Judgement.ENFORCE,
            judge_answer=Judgement.ENFORCE,
            timeout=30.0,
            contract="00" * 32,
            operations=MappingProxyType({operation.input: operation, "": Operation("Ping", "", None, "")}),
        )

    return make


@pytest.fixture
def service(make_service):
    return make_service()


@pytest.fixture
def make_grant(service):
    def make(number=1, consumer="MAS", **changes):
        facts = {
            "operations": None,
            "purpose": "pension",
            "legal_basis": "Law 1",
            "valid_from": 1000.0,
            "valid_until": 2000.0,
            "per_second": None,
            "per_day": None,
            "required_fields": frozenset(),
        }
        return Grant(id=number, consumer=consumer, service=service.id.text, **{**facts, **changes})

    return make


@pytest.fixture
def make_directory(service):
    def make(*grants, services=(service,), **statuses):
        found = {"DIN": MemberStatus.ACTIVE, "MAS": MemberStatus.ACTIVE, **statuses}
        table = {}
        for grant in grants:
            table.setdefault((grant.consumer, grant.service), []).append(grant)
        return Directory(
            version=1,
            built_at=0.0,
            members={code: Member(code, code, code, status) for code, status in found.items()},
            services={each.id.path: each for each in services},
            grants={key: tuple(value) for key, value in table.items()},
            certificates=CertificateIndex(),
        )

    return make
