"""Verifying an evidence package offline: numbered steps in plain words, the first that does not hold ends it.

Nothing is asked but the package and what the verifier believes: no database, no settings, no network.  Each step reads
only what an earlier one has shown to be what was signed or recorded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from esb.admin.evidence import log_steps, registry_steps, signer_steps, time_steps
from esb.admin.evidence.case import Believed, Case, Found
from esb.admin.evidence.words import STEPS, Language
from esb.kernel.faults import EsbError

_TAKEN: Final[Mapping[str, Callable[[Case], Found | None]]] = MappingProxyType(
    {
        "container": log_steps.container,
        "seal": log_steps.seal,
        "contents": log_steps.contents,
        "checkpoint": log_steps.checkpoint,
        "witnesses": log_steps.witnesses,
        "records": log_steps.records,
        "inclusion": log_steps.inclusion,
        "timestamp": time_steps.timestamp,
        "change": log_steps.change,
        "request-message": signer_steps.request_message,
        "request-signature": signer_steps.request_signature,
        "consumer-owner": signer_steps.consumer_owner,
        "consumer-path": signer_steps.consumer_path,
        "consumer-revocation": signer_steps.consumer_revocation,
        "sent-signature": signer_steps.sent_signature,
        "receipt": signer_steps.receipt,
        "bus-owner": signer_steps.bus_owner,
        "bus-path": signer_steps.bus_path,
        "bus-revocation": signer_steps.bus_revocation,
        "hosted-signature": signer_steps.hosted_signature,
        "hosted-owner": signer_steps.hosted_owner,
        "hosted-path": signer_steps.hosted_path,
        "hosted-revocation": signer_steps.hosted_revocation,
        "provider-message": signer_steps.provider_message,
        "provider-signature": signer_steps.provider_signature,
        "provider-owner": signer_steps.provider_owner,
        "provider-path": signer_steps.provider_path,
        "provider-revocation": signer_steps.provider_revocation,
        "grant": registry_steps.grant,
        "registry": registry_steps.registry,
        "seal-signer": signer_steps.seal_signer,
        "held": signer_steps.held,
    }
)


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was taken.

    Attributes:
        number: from 1.
        name: as in :data:`~esb.admin.evidence.words.STEPS`.
        found: what was found, for people.
        result: ``ok``, ``not shown`` where there was nothing to show it with, or ``broken``.
    """

    number: int
    name: str
    found: str
    result: str

    def text(self, language: Language) -> str:
        """What the step shows."""
        return STEPS[self.name].text(language)

    def meaning(self, language: Language) -> str:
        """What it means when it is broken."""
        return STEPS[self.name].meaning(language)


class PackageBroken(EsbError):
    """A package does not prove what it says: ``step`` is the first that does not hold."""

    def __init__(self, step: Step) -> None:
        super().__init__(f"step {step.number} ({step.name}) does not hold: {step.found}")
        self.step = step


@dataclass(frozen=True, slots=True)
class Proven:
    """What a package proves.

    Attributes:
        case: with everything that was taken from it.
        steps: all of them hold, or are not shown.
    """

    case: Case
    steps: tuple[Step, ...]

    @property
    def not_shown(self) -> tuple[Step, ...]:
        """Steps that there was nothing to show with."""
        return tuple(step for step in self.steps if step.result != "ok")


def verify_package(octets: bytes, believed: Believed, told: Callable[[Step], None] = lambda _: None) -> Proven:
    """Verify a package.

    Args:
        octets: the file, of which no more than :data:`~esb.admin.evidence.container.LARGEST` and one need be read.
        told: is told each step as it is taken, the broken one too.

    Raises:
        PackageBroken: at the first step that does not hold.
    """
    case = Case(octets, believed)
    steps: list[Step] = []
    for name, take in _TAKEN.items():
        try:
            found = take(case)
        except EsbError as error:
            broken = Step(len(steps) + 1, name, getattr(error, "reason", "") or str(error), "broken")
            told(broken)
            raise PackageBroken(broken) from None
        if found is not None:
            steps.append(Step(len(steps) + 1, name, found.text, "ok" if found.proven else "not shown"))
            told(steps[-1])
    return Proven(case, tuple(steps))
