"""What the stages are given."""

from support.rig import PERSONS, Rig

from esb.kernel.directory import ServiceStatus


def test_a_service_is_found_by_its_path_whatever_its_status(rig: Rig) -> None:
    assert rig.way.service_at(PERSONS.path) is rig.service
    rig.serve(status=ServiceStatus.RETIRED)
    assert rig.way.service_at(PERSONS.path) is rig.service
    assert rig.way.service_at(PERSONS.path + "/") is None


def test_a_new_directory_counts_at_once(rig: Rig) -> None:
    before = rig.way.service_at(PERSONS.path)
    rig.serve(timeout=1.0)
    assert rig.way.service_at(PERSONS.path) is not before
