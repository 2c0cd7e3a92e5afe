"""Paths to persons as the registry keeps them; what both databases do is in tests/contract/test_subjects.py."""

import pytest

from esb.kernel.names import ServiceId
from esb.kernel.subjects import MOST_PATHS, SubjectPath, SubjectPaths
from esb.registry.acts import Act
from esb.registry.errors import Invalid, NotFound
from esb.registry.subjects import get_subject_paths, set_subject_paths

PATH = SubjectPath(("{urn:x}Find", "fin"), "{urn:y}code")


def test_the_same_again_is_no_change(act: Act, service: ServiceId) -> None:
    paths = SubjectPaths((PATH,), (PATH, SubjectPath(("a",))))
    assert set_subject_paths(act, service, "FindPerson", paths)
    assert not set_subject_paths(act, service, "FindPerson", paths)
    assert get_subject_paths(act.session, service) == {"FindPerson": paths}


def test_an_operation_that_is_not_there(act: Act, service: ServiceId) -> None:
    with pytest.raises(NotFound, match="no operation"):
        set_subject_paths(act, service, "Nothing", SubjectPaths((PATH,)))


def test_too_many_paths(act: Act, service: ServiceId) -> None:
    many = tuple(SubjectPath((f"a{number}",)) for number in range(MOST_PATHS + 1))
    with pytest.raises(Invalid, match="at the most"):
        set_subject_paths(act, service, "FindPerson", SubjectPaths((), many))
