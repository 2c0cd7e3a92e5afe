"""The settings of mail and notices as objects: who delivers, and what is announced when it is due."""

import hashlib
import os
import secrets
import ssl
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Engine

from esb.admin.certificate_ends import announce_certificate_endings
from esb.admin.deadlines import remind
from esb.admin.endings import announce_endings
from esb.admin.errands import Errands, Round
from esb.admin.mail import MailServer
from esb.admin.passphrase import read_passphrase
from esb.admin.postman import Postman
from esb.admin.webhook import Hooks, HookSigner, Resolve, resolve
from esb.certs.keys import load_key
from esb.conf.settings import Settings
from esb.kernel.clock import Clock
from esb.kernel.faults import EsbError
from esb.limits import procedure_limits
from esb.own import own_certificates
from esb.registry.channels import lawful_mail
from esb.registry.documents import expire
from esb.registry.sunsets import announce_sunsets

__all__ = ["RETENTION", "Errands", "MailUnusable", "errands", "holder", "mail_server", "postman", "rounds"]

RETENTION = "retention of documents"
"""The round that announces nothing, and takes out what was kept long enough."""

AUTHOR = "bus"
"""Who announces what is due."""


class MailUnusable(EsbError):
    """The mail settings do not go together; the text says what to mend."""


def postman(settings: Settings, engine: Engine, clock: Clock, resolver: Resolve = resolve) -> Postman:
    """Make who delivers notices, as the settings say.

    Raises:
        MailUnusable: of the mail settings something is missing or cannot be read.
    """
    trust = partial(_trust, settings.provider.anchors)
    domain = urlsplit(settings.bus.address).hostname or settings.bus.node
    return Postman(
        engine=engine,
        holder=holder(settings),
        mail=mail_server(settings, domain) if settings.mail.host else None,
        hooks=Hooks(lru_cache(1)(partial(_signer, settings)), settings.notices.webhook_networks, trust, resolver),
        domain=domain,
        give_up_days=settings.notices.give_up_days,
        clock=clock,
        random=secrets.SystemRandom().random,
    )


def errands(settings: Settings, engine: Engine, clock: Clock, log: Callable[..., None]) -> Errands:
    """Make what one worker of all does besides serving.

    Raises:
        MailUnusable: see :func:`postman`.
    """
    deliverer = postman(settings, engine, clock)
    return Errands(engine, deliverer, rounds(settings, engine), clock, settings.notices.due_minutes * 60, log)


def rounds(settings: Settings, engine: Engine) -> dict[str, Round]:
    """What is announced or done when it is due, by its name."""
    files = {**own_certificates(settings), "anchor": settings.certs.anchors}
    limits = procedure_limits(settings)
    return {
        "ends of certificates": lambda now: announce_certificate_endings(engine, files, AUTHOR, now),
        "ends of grants and agreements": lambda now: announce_endings(engine, AUTHOR, now),
        "ends of contract versions": lambda now: announce_sunsets(engine, AUTHOR, now),
        "time limits of the procedure": lambda now: remind(engine, AUTHOR, now, limits),
        RETENTION: lambda now: len(expire(engine, AUTHOR, now)),
    }


def holder(settings: Settings) -> str:
    """A name for this process, that no other has had."""
    return f"{settings.bus.node}:{os.getpid()}:{secrets.token_hex(4)}"


def mail_server(settings: Settings, name: str) -> MailServer:
    """The mail server of the settings.

    Raises:
        MailUnusable: there is no sender, or no password for the user.
    """
    mail = settings.mail
    try:
        sender = lawful_mail(mail.sender)
    except EsbError as error:
        raise MailUnusable(f"mail.sender: {error}") from None
    password = mail.password or ""
    if mail.user and not password:
        if mail.password_file is None:
            raise MailUnusable("mail.user is set and there is no password: give mail.password_file")
        try:
            password = mail.password_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            raise MailUnusable(f"mail.password_file: {mail.password_file} cannot be read") from None
    return MailServer(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        user=mail.user,
        password=password,
        sender=sender,
        name=name,
        trust=partial(_trust, mail.anchors),
    )


def _signer(settings: Settings) -> HookSigner:
    keys = settings.keys
    certificate = x509.load_pem_x509_certificates(keys.certificate.read_bytes())[0]
    key = load_key(keys.signing_key, read_passphrase(keys.passphrase, keys.passphrase_file))
    return HookSigner(key, hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest())


def _trust(anchors: Path | None) -> ssl.SSLContext:
    """A context that believes in these authorities, or in those of the machine."""
    if anchors is None:
        return ssl.create_default_context()
    files = [anchors] if not anchors.is_dir() else sorted(path for path in anchors.iterdir() if path.is_file())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for path in files:
        context.load_verify_locations(path)
    return context
