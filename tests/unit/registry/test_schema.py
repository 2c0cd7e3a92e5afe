"""All tables hang on one Base."""

from pathlib import Path

from esb.registry.schema import Base


def test_every_module_of_models_is_in() -> None:
    """A table whose module nobody imports would be left out of what migrations are compared with."""
    wanted = {
        line.split('"')[1]
        for path in Path(__file__).parents[3].glob("registry/*.py")
        for line in path.read_text().splitlines()
        if line.strip().startswith("__tablename__ = ")
    }
    assert wanted == set(Base.metadata.tables)
