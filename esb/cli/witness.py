"""`esb witness`: a member or the reserve centre watches that a bus's log is only added to, and signs it."""

import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esb.cli.show import block, confirm, json_option, paint, say, say_json, table, yes_option

if TYPE_CHECKING:
    from ssl import SSLContext

    from esb.audit.witness import Seen

_FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ANCHORS = click.option(
    "--anchors", type=_FILE, help="Authorities of https logs, PEM.  [default: those of this machine]"
)


@click.group()
def witness() -> None:
    """A witness: cosigns the checkpoints of a bus's evidence log.  It finds the log cut back or forked.

    Run it where whoever keeps the bus cannot reach: its folder is no home of a bus.
    """


@witness.command()
@_FOLDER
@click.argument("name")
def key(folder: Path, name: str) -> None:
    """Make a witness's folder with a new key.

    NAME is the witness's, unique in the world: a host's name and a path.  The line that is printed goes to whoever
    keeps the bus (evidence.witnesses), and to whoever verifies its log.

    \b
    Example:
      esb witness key /srv/witness reserve.gov.example/w1
    """
    from esb.admin.witness_home import make_witness

    made = make_witness(folder, name)
    click.echo(made.text)
    say(f"Made the witness {name} in {folder}. Next: esb witness add {folder} LOG-KEY URL")


@witness.command()
@_FOLDER
@click.argument("log_key")
@click.argument("url")
def add(folder: Path, log_key: str, url: str) -> None:
    """Witness a log from now on.

    LOG_KEY is what `esb log key` prints at the bus, brought here by a way that can be trusted; URL is where the bus
    publishes its log.

    \b
    Example:
      esb witness add /srv/witness "$(cat bus-log.key)" https://bus.gov.example/log
    """
    from esb.admin.witness_home import WitnessHome
    from esb.audit.notes import NoteKey

    log = NoteKey.parse(log_key)
    WitnessHome(folder).add(log, url)
    say(f"{log.name} is witnessed from now on. Next: esb witness run {folder}")


@witness.command(name="list")
@_FOLDER
@json_option
def list_(folder: Path, as_json: bool) -> None:
    """List the logs that are witnessed, and what was cosigned last.

    \b
    Example:
      esb witness list /srv/witness
    """
    from esb.admin.witness_home import WitnessHome

    found = WitnessHome(folder).logs()
    if as_json:
        say_json(
            [
                {
                    "log": seen.log.name,
                    "key": seen.log.text,
                    "url": seen.url,
                    "size": seen.head.size,
                    "cosigned": seen.at or None,
                    "problem": _problem(seen),
                    "proof": seen.proof or None,
                }
                for seen in found
            ]
        )
        return
    rows = [(seen.log.name, seen.head.size, _time(seen.at), seen.url, _problem(seen) or "-") for seen in found]
    headers = ("LOG", "RECORDS", "COSIGNED (UTC)", "URL", "PROBLEM")
    say(table(headers, rows) if rows else "No log is witnessed: see esb witness add --help.")
    for seen in found:
        if seen.proof:
            say(f"{paint('PROOF', 'red')}  {seen.log.name}: {seen.proof}")


@witness.command()
@_FOLDER
@click.argument("name")
@yes_option
def remove(folder: Path, name: str, yes: bool) -> None:
    """Witness a log no more, and forget what was cosigned of it.

    After this the same log may be added anew, and then any history of it would be cosigned: do it only where it is
    known why, such as a log that was given up and begun again.

    \b
    Example:
      esb witness remove /srv/witness bus.gov.example/log
    """
    from esb.admin.witness_home import WitnessHome

    confirm(f"Forget the log {name}, and that its history was ever cosigned here?", yes)
    seen = WitnessHome(folder).remove(name)
    say(f"{name} is witnessed no more. The last that was cosigned of it, for your files:")
    click.echo(seen.note.decode() or "nothing", nl=False)


@witness.command()
@_FOLDER
@_ANCHORS
@json_option
def look(folder: Path, anchors: Path | None, as_json: bool) -> None:
    """Look once at every log, for a timer; not while `esb witness run` does it by itself.

    Exit code 1 means that a log was cut back, has two histories, or could not be looked at.

    \b
    Example:
      esb witness look /srv/witness
    """
    from esb.admin.witness_home import WitnessHome
    from esb.admin.witness_watch import LookFailed
    from esb.kernel.clock import SystemClock
    from esb.logs import configure
    from esb.witnessing import Witnessing

    configure("auto", "warning")
    home = WitnessHome(folder)
    # A timer is no reason to take one old answer for a log that was cut back: the next run decides.
    witnessing = Witnessing(home, SystemClock(), every=0, patience=60, tls=_tls(anchors))
    told: list[tuple[str, str, bool]] = []
    for seen in home.logs():
        try:
            words = f"two histories: {seen.proof}" if seen.forked else witnessing.look(seen).words
        except LookFailed as error:
            words = str(error)
            told.append((seen.log.name, words, False))
            continue
        now = home.recall(seen.log.name)
        told.append((seen.log.name, words, now is not None and not now.proof and not now.behind))
    home.unlock()
    if as_json:
        say_json([{"log": name, "words": words, "well": well} for name, words, well in told])
    else:
        for name, words, well in told:
            say(f"{paint('well ', 'green') if well else paint('WRONG', 'red')}  {name}: {words}")
    if not all(well for _, _, well in told):
        click.get_current_context().exit(1)


@witness.command()
@_FOLDER
@click.option("--listen", default="127.0.0.1:7380", show_default=True, metavar="HOST:PORT", help="Where logs ask.")
@click.option(
    "--every",
    type=click.FloatRange(1, 86_400),
    default=60.0,
    show_default=True,
    help="Seconds between two looks at what each log publishes.",
)
@click.option(
    "--patience",
    type=click.FloatRange(0, 86_400),
    default=60.0,
    show_default=True,
    help="Seconds for which a log may show less than was cosigned before it counts as cut back.",
)
@click.option("--tls-certificate", type=_FILE, help="The door's certificate, PEM.")
@click.option("--tls-key", type=_FILE, help="The key of that certificate, PEM, plain.")
@_ANCHORS
def run(
    folder: Path,
    listen: str,
    every: float,
    patience: float,
    tls_certificate: Path | None,
    tls_key: Path | None,
    anchors: Path | None,
) -> None:
    """Run the witness: cosign what logs submit, and look at what they publish.

    A log that was cut back or has two histories is refused from then on, told at once in this program's log, and shown
    by two checkpoints in the folder's proofs.  /logs answers 503 while one is.

    \b
    Example:
      esb witness run /srv/witness --listen 0.0.0.0:7380 --tls-certificate w.pem --tls-key w.key
    """
    from esb.admin.witness_home import WitnessHome
    from esb.kernel.clock import SystemClock
    from esb.logs import configure
    from esb.server import prepare_reactor, reactor
    from esb.transport.tls import server_options
    from esb.witnessing import Witnessing

    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise click.UsageError("--listen is HOST:PORT, such as 127.0.0.1:7380.")
    if (tls_certificate is None) != (tls_key is None):
        raise click.UsageError("--tls-certificate and --tls-key go together.")
    tls: Any = None
    if tls_certificate is not None and tls_key is not None:
        tls = server_options(tls_certificate.read_bytes(), tls_key.read_bytes(), None, False)
    configure("auto", "info")
    witnessing = Witnessing(WitnessHome(folder), SystemClock(), every, patience, _tls(anchors))
    prepare_reactor()

    def end(*_: object) -> None:
        reactor.callFromThread(lambda: witnessing.stop().addBoth(lambda _: reactor.stop()))

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    witnessing.listen(reactor, host.strip("[]"), int(port), tls)
    say(block([("witness", witnessing.witness.key.text), ("listens at", listen), ("folder", folder)]))
    reactor.run(installSignalHandlers=False)


def _tls(anchors: Path | None) -> "SSLContext | None":
    if anchors is None:
        return None
    from ssl import create_default_context

    return create_default_context(cafile=str(anchors))


def _problem(seen: "Seen") -> str:
    if seen.forked:
        return "two histories"
    if seen.proof:
        return "cut back"
    return f"shows less than was cosigned, for {time.time() - seen.behind:.0f} s" if seen.behind else ""


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}" if at else "-"
