"""The settings of mail and notices as objects."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from support.homes import fresh_home

from esb.conf.load import load
from esb.conf.settings import Settings
from esb.kernel.clock import SystemClock
from esb.postal import MailUnusable, errands, holder, postman, rounds
from esb.registry.database import open_database


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return fresh_home(tmp_path / "home").path


def settings(home: Path, **environ: str) -> Settings:
    return load(home, {f"SHLUZ_{name.upper()}": value for name, value in environ.items()}).settings


@pytest.fixture
def engine(sqlite_database: str) -> Engine:
    return open_database(sqlite_database)


def test_without_a_mail_server_there_is_none(home: Path, engine: Engine) -> None:
    assert postman(settings(home), engine, SystemClock()).mail is None


def test_a_mail_server_with_a_password_from_a_file_or_the_environment(home: Path, engine: Engine) -> None:
    (home / "mail-password").write_text("from the file\n")
    given = {"mail_host": "mail.example", "mail_sender": "notices@bus.example", "mail_user": "shluz"}
    mail = postman(settings(home, **given, mail_password_file="mail-password"), engine, SystemClock()).mail
    assert mail is not None
    assert (mail.host, mail.port, mail.security, mail.password) == ("mail.example", 587, "starttls", "from the file")
    mail = postman(settings(home, **given, mail_password="from the environment"), engine, SystemClock()).mail
    assert mail is not None
    assert mail.password == "from the environment"
    with pytest.raises(MailUnusable, match=r"mail\.password_file"):
        postman(settings(home, **given), engine, SystemClock())
    with pytest.raises(MailUnusable, match="cannot be read"):
        postman(settings(home, **given, mail_password_file="none"), engine, SystemClock())
    with pytest.raises(MailUnusable, match=r"mail\.sender"):
        postman(settings(home, mail_host="mail.example"), engine, SystemClock())


def test_webhooks_go_where_the_settings_say(home: Path, engine: Engine) -> None:
    made = postman(settings(home, notices_webhook_networks="10.20.0.0/16, fd00::/8"), engine, SystemClock())
    assert [str(network) for network in made.hooks.networks] == ["10.20.0.0/16", "fd00::/8"]
    signer = made.hooks.signer()
    assert len(signer.certificate) == 64
    assert made.hooks.signer() is signer, "the key is opened once"


def test_each_process_has_a_name_of_its_own(home: Path) -> None:
    assert holder(settings(home)) != holder(settings(home))


def test_every_round_runs_on_an_empty_registry(home: Path, engine: Engine) -> None:
    made = rounds(settings(home), engine)
    assert len(made) == 5
    assert {name: announce(1_764_000_000.0) for name, announce in made.items()} == dict.fromkeys(made, 0)


def test_errands_are_made_of_them(home: Path, engine: Engine) -> None:
    made = errands(settings(home), engine, SystemClock(), lambda text, **facts: None)
    made.turn()
    assert made.leads
