"""Handing e-mail to the agency's mail server (SMTP, RFC 5321), with TLS and with a name and password where it asks."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from threading import Timer
from typing import Final, Literal

from esb.kernel.faults import EsbError
from esb.logs import safe

Security = Literal["starttls", "tls", "none"]

_ANSWERS_IN: Final = 10.0  # seconds for each answer of the server
_WHOLE: Final = 60.0  # seconds for a whole message, after which the connection is cut


class Undelivered(EsbError):
    """An attempt failed; the text says why, without secrets.  ``final``: another attempt would fail alike."""

    def __init__(self, problem: str, *, final: bool = False) -> None:
        super().__init__(problem)
        self.final = final


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed over.

    Attributes:
        security: TLS from the start (``tls``, RFC 8314), by STARTTLS (RFC 3207, then demanded), or none.
        user, password: for AUTH; "" for a server that asks for none.
        sender: the address that answers and complaints go to.
        name: our host name, as HELO says it.
        trust: makes the TLS context by which the server is judged.
    """

    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)
    sender: str
    name: str
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context

    def send(self, message: EmailMessage, to: str) -> None:
        """Hand one message over; returns when the server has taken charge of it.  Blocking.

        Raises:
            Undelivered: it has not, as far as we know.
        """
        try:
            with self._connect() as server:
                cut = Timer(_WHOLE, _cut, (server,))
                cut.daemon = True
                cut.start()
                try:
                    self._hand_over(server, message, to)
                finally:
                    cut.cancel()
        except smtplib.SMTPAuthenticationError as error:
            # What a server says here may repeat what it was given.
            raise Undelivered(f"the mail server does not accept the user and password ({error.smtp_code})") from error
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise Undelivered(_said("the mail server refuses the recipient", code, text), final=code >= 500) from error
        except smtplib.SMTPResponseException as error:
            raise Undelivered(_said("the mail server refuses", error.smtp_code, error.smtp_error)) from error
        except ssl.SSLError as error:
            raise Undelivered(f"TLS with the mail server failed ({error.reason or type(error).__name__})") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Undelivered(f"the mail server cannot be reached or went away ({_name(error)})") from error

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, self.name, timeout=_ANSWERS_IN, context=self.trust())
        return smtplib.SMTP(self.host, self.port, self.name, timeout=_ANSWERS_IN)

    def _hand_over(self, server: smtplib.SMTP, message: EmailMessage, to: str) -> None:
        if self.security == "starttls":
            server.starttls(context=self.trust())
        if self.user:
            server.login(self.user, self.password)
        server.send_message(message, self.sender, [to])


def _cut(server: smtplib.SMTP) -> None:
    if server.sock is not None:
        with suppress(OSError):
            server.sock.shutdown(socket.SHUT_RDWR)


def _said(what: str, code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{what}: {code} {safe(words, 120)}"


def _name(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else type(error).__name__
