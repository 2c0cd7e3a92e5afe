"""docs/clients.md shows what the tests run: every line of a recipe stands in the file that it is said to be from."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
RECIPES = re.findall(r"^From \[[^]]+\]\(([^)]+)\):\n```\w+\n(.*?)```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def test_every_block_says_where_it_is_from() -> None:
    assert len(RECIPES) == len(re.findall(r"^```\w+$", PAGE.read_text(), re.MULTILINE)) > 5


@pytest.mark.parametrize(("source", "recipe"), RECIPES, ids=[Path(source).name for source, _ in RECIPES])
def test_a_recipe_is_what_runs(source: str, recipe: str) -> None:
    lines = {line.strip() for line in (PAGE.parent / source).read_text().splitlines()}
    assert [line for line in recipe.splitlines() if line.strip() not in lines] == []
