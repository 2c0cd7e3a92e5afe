"""A package is at hand when all of it lies there; how its rows are found and verified is in test_vault.py."""

from contextlib import closing
from pathlib import Path

from support.archives import SIGNER, a_log, archived, dropped

from esb.audit.depot import DepotUnavailable, Folder
from esb.audit.package_files import PackageFiles
from esb.audit.vault import Vault


class Away(Folder):
    """A depot that cannot be reached."""

    def members(self, package: str) -> dict[str, int]:
        raise DepotUnavailable("the network is down")


def test_what_is_missing_is_said_before_anything_is_read(tmp_path: Path) -> None:
    url, depot = a_log(tmp_path), Folder(tmp_path / "archive")
    archived(url, depot)
    dropped(url, depot)
    with closing(Vault(url, lambda: SIGNER.key, tuple)) as vault:
        kept, _ = vault.let_go()
    name = kept.manifest.name
    with closing(PackageFiles(kept, [Folder(tmp_path / "nowhere"), depot])) as files:
        assert (files.missing(), files.count, files.range_of(0), files.holding(255)) == ("", 1, (0, 256), 0)
        assert [each[0] for each in files.stretch(0, 3, 5)] == [each[0] for each in files.leaves(0, [3, 4])] == [3, 4]
        (path,) = (depot.path / name).glob("rows-*.db")
        path.write_bytes(path.read_bytes()[:-1])
        assert files.missing().endswith(f"has no {path.name} of it, or not all of it")
    with closing(PackageFiles(kept, [Away(depot.path)])) as files:
        assert files.missing() == "the network is down"
