"""What the log writes down of its packages."""

from pathlib import Path

from support.archives import NOW, a_log, archived

from esb.audit.depot import Folder
from esb.audit.shelf import Shelf
from esb.audit.tree_reader import TreeReader


def test_a_package_is_known_with_its_place_and_when_it_left(tmp_path: Path) -> None:
    url, depot = a_log(tmp_path), Folder(tmp_path / "archive")
    reader = TreeReader(url)
    assert reader.packages() == []
    made = archived(url, depot)
    assert [(one.manifest, one.place, one.archived, one.dropped) for one in reader.packages()] == [
        (manifest, str(depot.path), int(NOW), None) for manifest in made
    ]
    Shelf(url).dropping(0, 17)
    Shelf(url).dropping(0, 18)  # the first moment counts
    assert [one.dropped for one in reader.packages()] == [17, None]
    reader.close()
