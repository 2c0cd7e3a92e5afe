"""The log's archive in an object store that is not ours (s3rver, on Node).

It checks who asks, not the signature's value: that is held against the published example in
tests/unit/audit/test_depot_s3.py.
"""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from support.archives import SIGNER, a_log, archived, dropped, exchange_at, moment

from esb.audit.depot import DepotUnavailable
from esb.audit.depot_s3 import S3Access, S3Depot
from esb.audit.past import Past
from esb.audit.search_index import index_reading
from esb.audit.store import locate
from esb.audit.vault import ArchivedAway, Vault
from esb.audit.walk import walk

STORE = Path(__file__).parent / "s3"

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def access(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Access]:
    """A store with the bucket ``evidence``, and who may ask there."""
    node = shutil.which("node")
    program = STORE / "node_modules" / "s3rver" / "bin" / "s3rver.js"
    if node is None or not program.exists():
        pytest.skip("the object store is not installed: run `npm ci` in tests/interop/s3")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("store")
    words = [node, program, "-d", folder, "-p", str(port), "--configure-bucket", "evidence", "--no-vhost-buckets"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as store:
        assert store.stdout is not None
        for line in store.stdout:
            if "listening" in line:
                break
        try:
            yield S3Access(f"http://127.0.0.1:{port}", "us-east-1", "S3RVER", "S3RVER")
        finally:
            store.kill()


def test_a_log_is_archived_there_leaves_and_is_verified_out_of_it(access: S3Access, tmp_path: Path) -> None:
    url, depot = a_log(tmp_path), S3Depot(access, "evidence", "bus one/log")
    assert (depot.packages(), depot.members("none")) == ([], {})
    made = archived(url, depot)
    assert depot.packages() == [one.name for one in made]
    assert depot.members(made[0].name)["tree.db"] > 0
    dropped(url, depot)
    name = exchange_at(moment("2026-10") + 3, "2026-10 3")
    vault = Vault(url, lambda: SIGNER.key, lambda: [depot])
    (found,) = vault.find(name)
    assert (found.record, found.message) == (f"{name}-q", b"<m>2026-10 3</m>")
    with closing(index_reading(locate(url))) as index, closing(Past(url, vault, index)) as past:
        assert (past.away, [each[0] for each in past.leaves_of([300, 3])]) == ((), [3, 300])
    vault.close()
    away = Vault(url, lambda: SIGNER.key, lambda: [replace(depot, access=replace(access, access_key="nobody"))])
    with pytest.raises(ArchivedAway, match=r"does not let us.*--archive 's3://evidence/bus one/log'"):
        away.find(name)
    with closing(index_reading(locate(url))) as index, closing(Past(url, away, index)) as past:
        assert ["does not let us" in each.why for each in past.away] == [True, True]
    away.close()
    report = walk(url, SIGNER.key, depots=[depot])
    assert (report.findings, report.elsewhere, report.records) == ([], 0, report.size)
    broken = tmp_path / "broken"
    broken.write_bytes(b"altered")
    depot.put(made[1].name, "tree.db", broken)
    found = walk(url, SIGNER.key, depots=[depot]).findings
    assert [(one.what, one.where) for one in found] == [
        ("a member of a package was altered", f"{made[1].name}/tree.db")
    ]


def test_a_stranger_and_a_missing_bucket_are_told(access: S3Access) -> None:
    with pytest.raises(DepotUnavailable, match="does not let us"):
        S3Depot(replace(access, access_key="nobody"), "evidence", "").packages()
    with pytest.raises(DepotUnavailable, match="no such bucket"):
        S3Depot(access, "nothing", "").packages()
