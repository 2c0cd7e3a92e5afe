"""`esb log expire`, `esb log key-make`, `esb log key-rotate`."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from support.records import a_record

from esb.admin.body_key import open_masters
from esb.audit.log import EvidenceReader
from esb.audit.store import open_data_keys, open_store
from esb.conf.load import load
from esb.keeping import bodies_opener, key_places

Run = Callable[..., Result]


def test_keys_are_made_used_replaced_and_destroyed(office: Run, tmp_path: Path) -> None:
    home = tmp_path / "shluz-home"
    before = load(home, {}).settings
    again = office("log", "key-make", "keys/bodies.key")
    assert (again.exit_code, "is not overwritten" in again.stderr) == (1, True)
    found = bodies_opener(before)
    assert found is not None
    store = open_store(before.evidence.url, found())
    kept, ended = a_record(message=b"<a/>"), a_record(message=b"<b/>", kept="full 2026-01-01")
    store.write([kept, ended])
    store.close()

    made = office("log", "key-make", "keys/new.key")
    assert "Next: set keys.body_key" in made.stdout
    with (home / "esb.toml").open("a") as file:
        file.write('\n[keys]\nbody_key = "keys/new.key"\nbody_key_before = "keys/bodies.key"\n')
    told = json.loads(office("log", "key-rotate", "--json").stdout)
    settings = load(home, {}).settings
    masters = open_masters(key_places(settings), (home / "keys" / "passphrase").read_bytes().strip())
    assert told == {"master": masters.name, "rewrapped": 2, "under_others": []}
    assert "Nothing is under" in office("log", "key-rotate").stdout
    assert {key.master for key in open_data_keys(settings.evidence.url).all()} == {masters.name}

    assert json.loads(office("log", "expire", "--dry-run", "--json").stdout) == [{"until": "2026-01-01", "keys": 1}]
    assert "2026-01-01" in office("log", "expire", "--dry-run").stdout
    done = office("log", "expire", "--yes")
    assert (done.exit_code, "Destroyed 1 keys of messages kept until 2026-01-01" in done.stdout) == (0, True)
    assert "Freed 1 rows" in done.stdout
    assert json.loads(office("log", "expire", "--json").stdout) == {"shredded": {}, "freed": 0}
    assert office("log", "expire", "--dry-run").stdout == "No day is past.\n"
    reader = EvidenceReader(settings.evidence.url, lambda: masters)
    assert reader.bodies(kept.entry.record) == (b"<a/>", b"")
    assert reader.bodies(ended.entry.record) is None
    acts = [(each.entry.operation, each.entry.service) for each in reader.recent(20)]
    assert ("shred", "messages:2026-01-01") in acts
    assert ("rotate", f"master-key:{masters.name}") in acts
    reader.close()
