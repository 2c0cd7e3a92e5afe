"""The tables follow the kernel's types, and rows give names as the kernel writes them."""

from esb.kernel.names import ServiceId
from esb.kernel.soap import SoapVersion
from esb.registry.models import Base, GrantRow, ServiceRow


def test_every_constraint_has_a_name_that_a_migration_can_use() -> None:
    for table in Base.metadata.tables.values():
        assert all(one.name for one in table.constraints), table.name
        assert all(one.name for one in table.indexes), table.name
        # PostgreSQL cuts longer names off, and two could become one.
        assert all(len(str(one.name)) <= 63 for one in (*table.constraints, *table.indexes)), table.name


def test_soap_versions_stand_as_people_write_them() -> None:
    column = ServiceRow.__table__.c.provider_version.type
    assert column.enums == ["1.1", "1.2"]
    assert column.python_type is SoapVersion


def test_rows_give_names_as_the_kernel_writes_them() -> None:
    assert ServiceRow(member="A", system="B", code="C", version="v1").name == ServiceId("A", "B", "C", "v1")
    assert GrantRow(consumer_member="A", consumer_system=None).consumer == "A"
    assert GrantRow(consumer_member="A", consumer_system="B").consumer == "A/B"
