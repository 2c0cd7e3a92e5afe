"""Setting up a node that follows the registry's publication instead of asking its database."""

from collections.abc import Sequence
from pathlib import Path
from ssl import SSLContext, SSLError, create_default_context

from esb.certs.dsse import open_sealed, read_public
from esb.kernel.clock import Clock
from esb.kernel.faults import EsbError
from esb.registry.replica import Replica
from esb.registry.replica_source import Door, FirstOf, Folder, Source
from esb.registry.snapshot import Index, Known

_SECONDS = 10.0  # that a step of an exchange with the publisher may take


class CannotFollow(EsbError):
    """The node cannot follow a publication as it is set up; the text says what to mend."""


def follow(
    urls: Sequence[str],
    folder: Path | None,
    *,
    trusted: Path,
    copy: Path,
    grace: float,
    tls: SSLContext | None,
    known: Known,
    index: Index,
    clock: Clock,
    keeps: bool,
) -> Replica:
    """What keeps a directory in step with a publication.

    Args:
        urls, folder: where the publication is; the folder is asked first.
        trusted: file of the public key that is trusted at the beginning, PEM.
        copy: folder of what this node believes.
        grace: seconds past a timestamp's end for which it is still believed.
        tls: for https.
        keeps: whether this process writes ``copy``.

    Raises:
        CannotFollow: the trusted key cannot be read.
        KeyUnfit, Invalid: it is no key, or a URL is not one.
    """
    try:
        pem = trusted.read_text(encoding="ascii")
    except (OSError, ValueError):
        raise CannotFollow(
            f"snapshot.trusted: {trusted} cannot be read. Get the public key that signs the registry from its operator "
            "(keys/registry.pub of the home there), by a way that you trust."
        ) from None
    read_public(pem)
    sources: list[Source] = [] if folder is None else [Folder(folder)]
    sources += [Door(url, tls, _SECONDS) for url in urls]
    return Replica(FirstOf(sources), Folder(copy), open_sealed, (pem,), known, index, clock, grace=grace, keeps=keeps)


def towards_publisher(
    anchors: bytes | None, certificate: Path | None, key: Path | None, passphrase: bytes
) -> SSLContext:
    """TLS towards whoever publishes the registry.

    Args:
        anchors: authorities in PEM; None takes the machine's.
        certificate, key: this node's own, shown where it is asked for.

    Raises:
        CannotFollow: a file cannot be used.
    """
    try:
        context = create_default_context(cadata=None if anchors is None else anchors.decode("ascii", "replace"))
        if certificate is not None and key is not None:
            context.load_cert_chain(certificate, key, lambda: passphrase)
    except (OSError, SSLError) as error:
        raise CannotFollow(
            "provider.anchors or provider.client_certificate cannot be used towards the registry's publication "
            f"({type(error).__name__}): check both files."
        ) from None
    return context
