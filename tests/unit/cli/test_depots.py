"""Where a command finds an archive."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from esb.admin.archiving import PlaceUnknown
from esb.audit.depot import Folder
from esb.audit.depot_s3 import S3Depot
from esb.cli.depots import depot_of, depots_of
from esb.conf.load import load


def test_what_was_said_comes_before_the_settings(office: Result, tmp_path: Path) -> None:
    home = tmp_path / "shluz-home"
    settings = load(home, {}).settings.archive
    with pytest.raises(PlaceUnknown, match=r"archive\.place"):
        depot_of(settings, None, home)
    settings = replace(settings, place="archive")
    assert depot_of(settings, None, home) == Folder(home / "archive")
    assert depot_of(settings, "/media", home) == Folder(Path("/media"))
    assert depots_of(settings, (), home) == [Folder(home / "archive")]
    assert depots_of(settings, ("/a", "/b"), home) == [Folder(Path("/a")), Folder(Path("/b"))]
    assert depots_of(replace(settings, place=""), (), home) == []
    with pytest.raises(PlaceUnknown, match="access_key"):
        depot_of(settings, "s3://evidence", home)
    settings = replace(settings, access_key="bus")
    with pytest.raises(PlaceUnknown, match="SHLUZ_ARCHIVE_SECRET"):
        depot_of(settings, "s3://evidence", home)
    settings.secret_file.write_text("from the file\n")
    depot = depot_of(settings, "s3://evidence", home)
    assert isinstance(depot, S3Depot)
    assert (depot.access.secret, "from the file" in repr(depot)) == ("from the file", False)
    assert load(home, {"SHLUZ_ARCHIVE_SECRET": "other"}).settings.archive.secret == "other"
