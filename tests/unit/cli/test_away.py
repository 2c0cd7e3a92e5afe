"""A person whose months are not at hand is told so by the command, and reads them once it knows where they are."""

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result
from support.archives import archived, dropped, exchange_at, fill, moment
from support.records import a_record

from esb.admin.passphrase import read_passphrase
from esb.admin.subject_keys import open_every_key
from esb.audit.depot import Folder
from esb.audit.store import open_store
from esb.cli.log_tree import signer_of
from esb.conf.load import load

FIN = "5ABC123"


def test_a_history_says_of_which_time_it_does_not_tell(office: Callable[..., Result], tmp_path: Path) -> None:
    home = tmp_path / "shluz-home"
    settings = load(home, {}).settings
    url, signer, depot = settings.evidence.url, signer_of(settings), Folder(tmp_path / "it is here")
    name = open_every_key(home / "keys" / "subjects", read_passphrase(None, home / "keys" / "passphrase")).of(FIN)
    store = open_store(url, None, lambda: moment("2026-10") / 1_000_000)
    at = moment("2026-10") - 5_000_000
    store.write([a_record(exchange_at(at, "x"), at=at, subject=name, consumer="EESMN")])
    store.close()
    fill(url, signer=signer)
    command = ("subject", "history", FIN, "--reason", "Letter 17")
    assert office(*command).exit_code == 0
    archived(url, depot, signer=signer)
    assert dropped(url, depot, signer=signer) > 500
    found = office(*command)
    assert (found.exit_code, "Nothing is on record" in found.stdout) == (3, True)
    for words in ("NOT COMPLETE from 2026-10-0", "in package 2026-10-", "nobody has said where", "--archive"):
        assert words in found.stderr
    assert f"--archive '{depot.path}'" in found.stderr
    told = office(*command, "--json")
    facts = json.loads(told.stdout)
    assert (told.exit_code, facts["complete"], facts["completeFrom"][:8]) == (3, False, "2026-11-")
    assert [each["putTo"] for each in facts["notComplete"]] == [str(depot.path)] * 2
    assert office(*command, "--since", facts["completeFrom"]).exit_code == 0
    where = ("--archive", str(depot.path))
    whole = office(*command, *where)
    assert (whole.exit_code, "Ministry of Labour" in whole.stdout) == (0, True)
    # A file of proofs says it as well.
    key = signer.key.text
    for file, more in (("part.zip", ()), ("whole.zip", where)):
        office(*command, "--proofs", str(tmp_path / file), *more)
    part = office("subject", "check", str(tmp_path / "part.zip"), "--key", key)
    assert (part.exit_code, part.stdout) == (0, "0 records are in the log, as they stand here.\n")
    assert part.stderr.count("NOT COMPLETE") == 2
    checked = office("subject", "check", str(tmp_path / "whole.zip"), "--key", key)
    assert ("1 records are in the log" in checked.stdout, checked.stderr) == (True, "")
    # A search says so too, and an export's act.
    searched = office("log", "search", "--subject", name)
    assert "No record fits" in searched.stdout
    assert "Not looked into: 512 records of 2026-10-0" in searched.stderr
    assert f"the same with --archive '{depot.path}'" in searched.stderr
    assert json.loads(office("log", "search", "--subject", name, "--json").stdout)["complete"] is False
    assert "Not looked" not in office("log", "search", "--limit", "3").stderr  # there are newer ones
    found = office("log", "search", "--subject", name, *where, "--json")
    (record,) = json.loads(found.stdout)["records"]
    assert (record["exchange"], json.loads(found.stdout)["complete"]) == (exchange_at(at, "x"), True)
    export = ("log", "export", "--format", "jsonl", "--reason", "x", "--subject", name, "--json", "--out")
    counts = [json.loads(office(*export, str(tmp_path / out), *more).stdout) for out, more in (("a", ()), ("b", where))]
    assert [(each["records"], each["complete"]) for each in counts] == [(0, False), (1, True)]
    acts = json.loads(office("act", "list", "--about", "evidence", "--json").stdout)
    exports = [each["detail"].get("not_in_it") for each in acts if each["act"] == "export"]
    assert sorted(map(str, exports)) == sorted([str([each["package"] for each in facts["notComplete"]]), "None"])
