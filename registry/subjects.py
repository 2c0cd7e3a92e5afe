"""Where in a service's messages persons stand.  Paths come here resolved, and are kept as texts."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from esb.kernel.names import ServiceId
from esb.kernel.subjects import MOST_PATHS, SubjectPath, SubjectPaths, path_in_full
from esb.registry.acts import Act
from esb.registry.contracts import list_operations
from esb.registry.errors import Invalid, NotFound
from esb.registry.services import get_service
from esb.registry.subject_models import Direction, SubjectPathRow

NOWHERE = SubjectPaths()


def set_subject_paths(act: Act, service: ServiceId, operation: str, paths: SubjectPaths) -> bool:
    """Say where an operation's messages name persons; what was said before is replaced, by nothing too.

    Returns whether that is a change.

    Raises:
        NotFound: the service, or the operation in its contract.
        Invalid: too many paths.
    """
    row = get_service(act.session, service)
    if operation not in {each.name for each in list_operations(act.session, row.contract)}:
        raise NotFound(f"{service} has no operation {operation[:80]!r}; see esb service show {service}")
    if max(len(paths.request), len(paths.answer)) > MOST_PATHS:
        raise Invalid(f"an operation's message can have {MOST_PATHS} paths to persons at the most")
    before = get_subject_paths(act.session, service).get(operation, NOWHERE)
    if before == paths:
        return False
    act.session.execute(
        delete(SubjectPathRow).where(SubjectPathRow.service_id == row.id, SubjectPathRow.operation == operation)
    )
    for direction, those in ((Direction.REQUEST, paths.request), (Direction.ANSWER, paths.answer)):
        act.session.add_all(
            SubjectPathRow(
                service_id=row.id, operation=operation, direction=direction, position=position, path=path.text
            )
            for position, path in enumerate(those)
        )
    changed = {
        name: [_texts(was), _texts(becomes)]
        for name, was, becomes in (
            ("request", before.request, paths.request),
            ("answer", before.answer, paths.answer),
        )
        if was != becomes
    }
    act.record("update", "service", service.text, {"subject": {"operation": operation, **changed}})
    return True


def copy_subject_paths(act: Act, service: ServiceId, after: ServiceId) -> None:
    """Let a service that takes another's place, on the same contract, name persons where that one does."""
    for operation, paths in get_subject_paths(act.session, service).items():
        set_subject_paths(act, after, operation, paths)


def get_subject_paths(session: Session, service: ServiceId) -> dict[str, SubjectPaths]:
    """Return where a service's messages name persons, by operation; operations that name none are left out.

    Raises :class:`~esb.registry.errors.NotFound` for an unknown service.
    """
    number = get_service(session, service).id
    rows = select(SubjectPathRow.service_id, *SUBJECT_COLUMNS).where(SubjectPathRow.service_id == number)
    return dict(gathered(session.execute(rows.order_by(*SUBJECT_COLUMNS)).all()).get(number, {}))


SUBJECT_COLUMNS = (
    SubjectPathRow.operation,
    SubjectPathRow.direction,
    SubjectPathRow.position,
    SubjectPathRow.path,
)
"""What :func:`gathered` takes, after the service's number."""


def gathered(rows: Iterable[Any]) -> Mapping[int, Mapping[str, SubjectPaths]]:
    """Paths by the service's number and the operation's name.

    Args:
        rows: the service's number, operation, direction, position and path of each, in the order of positions.
    """
    found: dict[int, dict[str, dict[Direction, list[SubjectPath]]]] = {}
    for number, operation, direction, _, text in rows:
        of_operation = found.setdefault(number, {}).setdefault(operation, {})
        of_operation.setdefault(direction, []).append(path_in_full(text))
    return {
        number: {
            operation: SubjectPaths(tuple(those.get(Direction.REQUEST, ())), tuple(those.get(Direction.ANSWER, ())))
            for operation, those in operations.items()
        }
        for number, operations in found.items()
    }


def _texts(paths: tuple[SubjectPath, ...]) -> list[str]:
    return [path.text for path in paths]
