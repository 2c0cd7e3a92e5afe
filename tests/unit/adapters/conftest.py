"""What adapters are given: an outgoing request to a resource."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from esb.kernel.directory import AnswerSignature, Judgement, Operation, Service, ServiceStatus, SignatureMode
from esb.kernel.message import Outgoing
from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion

OPERATION = Operation("Ask", "{urn:x}Ask", "{urn:x}AskResponse", "urn:x/Ask")
SERVICE = Service(
    id=ServiceId.parse("DIN/IAMAS/Sample/v1"),
    status=ServiceStatus.ACTIVE,
    endpoint="http://provider.example/x",
    provider_version=SoapVersion.V11,
    adapter="soap",
    signature=SignatureMode.NONE,
    answer_signature=AnswerSignature.IGNORED,
    judge_request=Judgement.ENFORCE,
    judge_answer=Judgement.ENFORCE,
    timeout=5.0,
    contract="00",
    operations={OPERATION.input: OPERATION},
)


@pytest.fixture(scope="session")
def outgoing() -> Callable[..., Outgoing]:
    """Make an outgoing request; ``service`` and ``operation`` change facts of theirs."""

    def make(
        envelope: bytes = b"<envelope/>",
        version: SoapVersion = SoapVersion.V11,
        operation: dict[str, Any] | None = None,
        **service: Any,
    ) -> Outgoing:
        return Outgoing(
            exchange="x-1",
            consumer="EESMN",
            client="EESMN/HR",
            service=replace(SERVICE, **service),
            operation=replace(OPERATION, **(operation or {})),
            version=version,
            envelope=envelope,
        )

    return make
