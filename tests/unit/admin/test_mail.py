"""Handing e-mail over to a real mail server."""

import email
import socket
import threading
from dataclasses import replace
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from support.mailroom import mail_server, make_pair, trust

from esb.admin.mail import MailServer, Undelivered


def server(port: int, **more: Any) -> MailServer:
    facts = {"security": "none", "user": "", "password": "", "sender": "notices@bus.example", "name": "bus.example"}
    return MailServer(**{"host": "127.0.0.1", "port": port, **facts, **more})


def letter() -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = "Salam"
    message["From"], message["To"] = "notices@bus.example", "duty@din.example"
    message.set_content("Şəhər")
    return message


def test_it_arrives() -> None:
    with mail_server() as inbox:
        server(inbox.port).send(letter(), "duty@din.example")
    [got] = inbox.letters
    assert (got.mail_from, got.rcpt_tos) == ("notices@bus.example", ["duty@din.example"])
    assert email.message_from_bytes(got.content, policy=default).get_content().strip() == "Şəhər"


def test_starttls_and_a_password(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    with mail_server(pair, password="s3cret") as inbox:
        ours = server(inbox.port, security="starttls", user="shluz", password="s3cret", trust=lambda: trust(pair[0]))
        ours.send(letter(), "duty@din.example")
        with pytest.raises(Undelivered, match="does not accept the user and password") as refused:
            replace(ours, password="wr0ng").send(letter(), "duty@din.example")
        assert "wr0ng" not in str(refused.value) + repr(ours)
        assert "s3cret" not in repr(ours)
        with pytest.raises(Undelivered, match="TLS with the mail server failed"):
            replace(ours, trust=lambda: trust(make_pair(tmp_path, "other.example")[0])).send(letter(), "a@b.example")
    assert len(inbox.letters) == 1


def test_tls_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8314, section 3: not a word before the handshake, and nothing for a server that cannot prove its name."""
    pair = make_pair(tmp_path)
    with mail_server(pair, password="s3cret", implicit=True) as inbox:
        ours = server(inbox.port, security="tls", user="shluz", password="s3cret", trust=lambda: trust(pair[0]))
        ours.send(letter(), "duty@din.example")
        with pytest.raises(Undelivered, match="does not accept the user and password") as refused:
            replace(ours, password="wr0ng").send(letter(), "duty@din.example")
        assert "wr0ng" not in str(refused.value)
        with pytest.raises(Undelivered, match="TLS with the mail server failed"):
            replace(ours, trust=lambda: trust(make_pair(tmp_path, "other.example")[0])).send(letter(), "a@b.example")
        monkeypatch.setattr("esb.admin.mail._ANSWERS_IN", 0.5)
        with pytest.raises(Undelivered):
            replace(ours, security="none").send(letter(), "a@b.example")
    assert [one.rcpt_tos for one in inbox.letters] == [["duty@din.example"]]
    with mail_server() as plain, pytest.raises(Undelivered, match="TLS with the mail server failed"):
        replace(ours, port=plain.port).send(letter(), "a@b.example")
    assert plain.letters == []


def test_a_server_without_starttls_gets_nothing_where_it_is_demanded() -> None:
    with mail_server() as inbox, pytest.raises(Undelivered):
        server(inbox.port, security="starttls").send(letter(), "duty@din.example")
    assert inbox.letters == []


@pytest.mark.parametrize(("answer", "final"), [("550 no such mailbox", True), ("450 greylisted", False)])
def test_a_refused_recipient(answer: str, final: bool) -> None:
    with mail_server() as inbox:
        inbox.refuses["duty@din.example"] = answer
        with pytest.raises(Undelivered, match=answer) as refused:
            server(inbox.port).send(letter(), "duty@din.example")
    assert refused.value.final is final


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Undelivered, match="cannot be reached") as refused:
        server(port).send(letter(), "duty@din.example")
    assert not refused.value.final


def test_a_server_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("esb.admin.mail._ANSWERS_IN", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(Undelivered, match="went away"):
            server(silent.getsockname()[1]).send(letter(), "duty@din.example")


def test_a_server_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("esb.admin.mail._WHOLE", 0.5)
    stop = threading.Event()

    def drip(listening: socket.socket) -> None:
        line, _ = listening.accept()
        with line:
            line.sendall(b"220 hello\r\n")
            while not stop.wait(0.1):
                try:
                    line.sendall(b"250-more\r\n")
                except OSError:
                    return

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=drip, args=(listening,), daemon=True)
        thread.start()
        try:
            with pytest.raises(Undelivered):
                server(listening.getsockname()[1]).send(letter(), "duty@din.example")
        finally:
            stop.set()
            thread.join(5)
