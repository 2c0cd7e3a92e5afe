"""Steps of a proof about the registry: the grant that let the request through, and what else stood there."""

from typing import Any, Final

from esb.admin.evidence.case import Broken, Case, Found
from esb.admin.evidence.facts import POLLED, registry_facts, state_of
from esb.admin.evidence.paths import moment
from esb.kernel.canonical import canonical_json

_MICRO: Final = 1_000_000


def grant(case: Case) -> Found | None:
    """The grant of the record is on record, was in force, and gives what the record states."""
    asked = case.asked
    if asked is None or asked[1].grant is None:
        return None
    entry, number = asked[1], str(asked[1].grant)
    state = state_of(case.changes, ("grant", number), entry.at)
    if state is None:
        return Found(case.why_missing(f"grant:{number}"), proven=False)
    for name, stated in (("purpose", entry.purpose), ("legal_basis", entry.legal_basis)):
        if state.get(name) != stated:
            raise Broken(f"grant {number} gives another {name} than the record states")
    if state.get("service") != entry.service or state.get("consumer") not in (entry.consumer, entry.client):
        raise Broken(f"grant {number} is of {state.get('consumer')} to {state.get('service')}")
    operations = state.get("operations")
    if isinstance(operations, list) and entry.operation not in operations:
        raise Broken(f"grant {number} is not for the operation {entry.operation}")
    _check_time(state, entry.at, number)
    if state.get("approved_by") is None:
        raise Broken(f"grant {number} was requested by {state.get('requested_by')}, and nobody had approved it by then")
    return Found(
        f"grant {number}: {state['consumer']} may ask {state['service']} for “{entry.purpose}” on the ground of "
        f"“{entry.legal_basis}”; requested by {state['requested_by']}, approved by {state['approved_by']}"
    )


def _check_time(state: dict[str, Any], at: int, number: str) -> None:
    begin, end, revoked = (state.get(name) for name in ("valid_from", "valid_until", "revoked_at"))
    if isinstance(begin, int | float) and begin > at / _MICRO:
        raise Broken(f"grant {number} was in force only from {moment(begin)}")
    if isinstance(end, int | float) and end <= at / _MICRO:
        raise Broken(f"grant {number} had ended at {moment(end)}")
    if isinstance(revoked, int) and revoked + POLLED < at:
        raise Broken(f"grant {number} had been revoked at {moment(revoked / _MICRO)}")


def registry(case: Case) -> Found | None:
    """What the package says of the registry is what its changes come to."""
    asked = case.asked
    facts = {} if asked is None else registry_facts(asked[1], case.changes)
    # As it is written: in Python True is 1.
    if case.facts is None or canonical_json(facts) != canonical_json(case.facts.registry):
        raise Broken("facts.json says something else than the enclosed changes")
    told = [_told(name, facts[name]) for name in ("service", "owner", "consumer") if name in facts]
    unknown = [name for name, value in facts.items() if isinstance(value, dict) and value.get("unknown")]
    if not told:
        return None
    return Found("; ".join(told), proven=not unknown)


def _told(name: str, state: dict[str, Any]) -> str:
    if state.get("unknown"):
        return f"{name}: no change on record says what it was"
    if name == "service":
        return f"{state.get('name')} with contract {state.get('contract')}, {state.get('status')}"
    return f"{state.get('code')}: {state.get('name_az')} / {state.get('name_en')}, {state.get('status')}"
