"""The command `esb`: global options, the list of subjects, and how an error is told.

Exit codes: 0 done; 1 refused, with the reason; 2 the command line or the settings are wrong; 3 two contracts were
compared and the new one breaks consumers of the old; 70 a fault of the
program (EX_SOFTWARE of sysexits.h).
"""

import errno
import os
import traceback
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click

from esb import __version__
from esb.cli.lazy import LazyGroup, Subject
from esb.cli.place import Place
from esb.kernel.faults import EsbError

SUBJECTS = MappingProxyType(
    {
        "init": Subject("esb.cli.home", "init", "Make a home: the folder that holds one bus."),
        "config": Subject("esb.cli.config", "config", "Look at the settings and check them."),
        "ca": Subject("esb.cli.ca", "ca", "The home's own authority."),
        "key": Subject("esb.cli.key", "key", "Private keys: in encrypted files, or in a device."),
        "cert": Subject("esb.cli.cert", "cert", "Certificates: whose they are, whether they count, and when they end."),
        "member": Subject(
            "esb.cli.member", "member", "Members: who takes part, and their contacts, agreements and certificates."
        ),
        "system": Subject(
            "esb.cli.system",
            "system",
            "Systems: members' information systems, which offer services, ask under their own name, or both.",
        ),
        "service": Subject(
            "esb.cli.service", "service", "Services: what is offered, where its provider is, and how it is treated."
        ),
        "classifier": Subject(
            "esb.cli.classifier",
            "classifier",
            "Classifiers: lists of codes with their names in Azerbaijani and English, shared by contracts.",
        ),
        "contract": Subject("esb.cli.contract", "contract", "Contracts: what changes from one to the next."),
        "application": Subject(
            "esb.cli.application",
            "application",
            "Applications: how a service or resource is connected, changed, passed to another owner, and retired.",
        ),
        "inspection": Subject(
            "esb.cli.inspection",
            "inspection",
            "Inspections: planned, held point by point, reported, agreed with the member, and closed.",
        ),
        "grant": Subject(
            "esb.cli.grant", "grant", "Grants: who may ask what, for what purpose and on which legal ground."
        ),
        "subject": Subject(
            "esb.cli.subject", "subject", "Persons: who asked about one, when, and on which legal ground."
        ),
        "resource": Subject(
            "esb.cli.resource",
            "resource",
            "The two registers: what each resource holds, on which ground, and what it was at any time.",
        ),
        "extract": Subject(
            "esb.cli.extract", "extract", "Extracts: signed, from either register, and verified by anybody."
        ),
        "document": Subject("esb.cli.document", "document", "Documents: archived under the digest of their content."),
        "notice": Subject(
            "esb.cli.notice",
            "notice",
            "Notices: maintenance, outages and all that members are told; mailboxes and deliveries.",
        ),
        "act": Subject(
            "esb.cli.act", "act", "Acts: who changed what in the registry, when, and where that is on record."
        ),
        "snapshot": Subject(
            "esb.cli.snapshot", "snapshot", "The registry as a signed document that other nodes follow."
        ),
        "log": Subject("esb.cli.log", "log", "The evidence log: what passed, what was refused, and what was changed."),
        "evidence": Subject(
            "esb.cli.evidence",
            "evidence",
            "Evidence packages: one sealed file that proves an exchange, a refusal or a change.",
        ),
        "witness": Subject("esb.cli.witness", "witness", "A witness: cosigns the checkpoints of a bus's evidence log."),
        "serve": Subject("esb.cli.serve", "serve", "Serve the bus."),
        "demo": Subject("esb.cli.demo", "demo", "See the bus at work on real agencies and made-up people."),
        "sample": Subject(
            "esb.cli.sample", "sample", "The national sample: a registry and providers of a state's size."
        ),
        "bench": Subject("esb.cli.bench", "bench", "Measure how fast a bus is on this machine."),
        "month": Subject(
            "esb.bench.month.command", "month", "Replay February 2015 of the national portal through a real bus."
        ),
    }
)


class _Root(LazyGroup):
    """Turns errors into a text on standard error and an exit code; no traceback reaches a person who did not ask."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EsbError as error:
            from esb.conf.problems import ConfigError

            _tell(f"{error}")
            ctx.exit(2 if isinstance(error, ConfigError) else 1)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # the reader of a pipe has gone: click ends quietly
            if error.filename is None or ctx.params["debug"]:
                _tell_fault(error, ctx)
            _tell(f"{error.filename}: {error.strerror}.")
            ctx.exit(1)
        except Exception as error:  # noqa: BLE001 - the outermost border of the program
            _tell_fault(error, ctx)


def _tell(text: str) -> None:
    from esb.cli.show import complain

    complain(text)


def _tell_fault(error: Exception, ctx: click.Context) -> None:
    if ctx.params["debug"]:
        click.echo("".join(traceback.format_exception(error)), err=True)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    # The error's own text is left out: it may quote a password or a person's data.
    _tell(
        f"This is a fault of the program, not yours: {type(error).__name__} in {frame.filename} line {frame.lineno}. "
        "Run the same with `esb --debug …` to see the whole of it, and please report it."
    )
    ctx.exit(70)


@click.group(
    cls=_Root,
    subjects=SUBJECTS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    envvar="SHLUZ_HOME",
    default=Path("shluz-home"),
    show_default=True,
    show_envvar=True,
    help="The home to work in.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Read the settings from this file instead of HOME/esb.toml.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of a fault of the program.")
@click.version_option(__version__, prog_name="esb", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context, home: Path, config: Path | None, debug: bool) -> None:
    """Şlüz, a state's information-exchange bus.

    \b
    Begin with:
      esb init shluz-home       make a home
      esb config check          see whether its settings are good
      esb COMMAND --help        learn about a command
    """
    ctx.obj = Place(home, config, os.environ)
