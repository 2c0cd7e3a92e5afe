"""A bus and a command find the archive that the settings name, from the home on."""

from contextlib import closing
from pathlib import Path

from support.archives import SIGNER, archived, dropped, exchange_at, fill, moment

from esb.audit.depot import Folder
from esb.conf.load import load
from esb.vaults import vault_at


def test_the_settings_say_where_the_archive_is(tmp_path: Path) -> None:
    loaded = load(tmp_path, {"SHLUZ_ARCHIVE_PLACE": "packages"})
    depot = Folder(tmp_path / "packages")
    fill(loaded.settings.evidence.url)
    archived(loaded.settings.evidence.url, depot)
    dropped(loaded.settings.evidence.url, depot)
    with closing(vault_at(loaded.settings, lambda: SIGNER.key)) as vault:
        assert len(vault.find(exchange_at(moment("2026-10") + 3, "2026-10 3"))) == 1
