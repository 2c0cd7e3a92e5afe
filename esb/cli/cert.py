"""`esb cert`: certificates, whose they are and whether they count."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import block, json_option, paint, say, say_json, table, yes_option

if TYPE_CHECKING:
    from esb.admin.standing import Standing
    from esb.cli.desk import Desk


@click.group()
def cert() -> None:
    """Certificates: whose they are, whether they count, and when they end."""


@cert.command()
@click.argument("which", metavar="FILE|SHA256")
@json_option
@pass_place
def why(place: Place, which: str, as_json: bool) -> None:
    """Explain a certificate's standing: whose it is, its path, what the bus would say to it, and what to do.

    FILE is PEM, DER, a chain, PKCS #7, or a saved SOAP message with its BinarySecurityToken.  Exit code 0 where a
    message that it signs is accepted, 1 where it is not.

    \b
    Examples:
      esb cert why din.pem
      esb cert why refused-message.xml --json
    """
    desk, standing, more = _stand(place, which)
    if as_json:
        say_json(_plain(standing))
    else:
        _tell(standing, desk.now, more)
    click.get_current_context().exit(0 if standing.good else 1)


@cert.command()
@click.argument("which", metavar="FILE|SHA256")
@json_option
@pass_place
def show(place: Place, which: str, as_json: bool) -> None:
    """Show a certificate and its register entry, without a verdict.

    \b
    Example:
      esb cert show 3f…9a
    """
    _, standing, _ = _stand(place, which)
    facts = _facts(standing)
    if as_json:
        say_json({key.replace(" ", "_"): value for key, value in facts})
    else:
        say(block(facts))


@cert.command(name="list")
@click.option("--ending", type=click.IntRange(1, 3650), metavar="DAYS", help="Only those that end within so many days.")
@click.option("--member", help="Only those of this member; the bus's own with --member ''.")
@json_option
@pass_place
def list_(place: Place, ending: int | None, member: str | None, as_json: bool) -> None:
    """List the registered certificates by their end.

    \b
    Example:
      esb cert list --ending 60
    """
    from esb.admin.certificate_ends import registered
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    rows = [
        (
            each.sha256,
            each.owner or "(the bus)",
            each.use,
            each.state(desk.now),
            f"{datetime.fromtimestamp(each.until, UTC):%Y-%m-%d}",
            int((each.until - desk.now) // 86_400),
        )
        for each in registered(desk.engine, member)
        if ending is None or (each.revoked is None and 0 < each.until - desk.now <= ending * 86_400)
    ]
    if as_json:
        keys = ("sha256", "member", "use", "state", "until", "days_left")
        say_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        headers = ("SHA-256", "MEMBER", "USE", "STATE", "UNTIL", "DAYS LEFT")
        say(table(headers, rows) if rows else "There are none.")


@cert.command()
@click.argument("sha256")
@click.option("--reason", required=True, help="RFC 5280 reason, such as keyCompromise or superseded.")
@yes_option
def revoke(sha256: str, reason: str, yes: bool) -> None:
    """Take a certificate back, whoever issued it: the bus refuses it; our own authority's list names it too.

    \b
    Example:
      esb cert revoke 3f…9a --reason keyCompromise
    """
    from esb.cli.ca import revoke as revoke_at_authority

    click.get_current_context().invoke(revoke_at_authority, sha256=sha256, reason=reason, yes=yes)


def _stand(place: Place, which: str) -> "tuple[Desk, Standing, int]":
    """The standing of what a person named, and how many more certificates the file held."""
    from esb.admin.believing import believe
    from esb.admin.certificate_files import certificates_in
    from esb.admin.standing import explain
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    path = Path(which)
    found = certificates_in(path) if path.exists() else [_registered(desk, which)]
    trust = believe(desk.settings.certs, desk.engine, desk.now)
    return desk, explain(found[0], trust, desk.engine, desk.now), len(found) - 1


def _registered(desk: "Desk", sha256: str) -> Any:
    from esb.admin.certificates import read_der
    from esb.registry.certificates import get_certificate
    from esb.registry.database import reading

    with reading(desk.engine) as session:
        return read_der(get_certificate(session, sha256).der)


def _facts(standing: "Standing") -> list[tuple[str, str]]:
    return [
        ("certificate", standing.sha256),
        ("subject", standing.subject),
        ("issuer", standing.issuer),
        ("serial", standing.serial),
        ("valid", f"{_day(standing.not_before)} to {_day(standing.not_after)} UTC"),
        ("key", standing.key),
        ("usage", ", ".join(standing.usages) or "not limited"),
        ("member", _owner(standing)),
        ("use", standing.use or "-"),
    ]


def _owner(standing: "Standing") -> str:
    if standing.owner is None:
        return "not registered"
    return f"{standing.owner} ({standing.owner_name})" if standing.owner else "the bus itself"


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M}"


def _tell(standing: "Standing", now: float, more: int) -> None:
    verdict = "ACCEPTED" if standing.good else f"REFUSED, {standing.rule}"
    say(f"{paint(verdict, 'green' if standing.good else 'red')}: {standing.verdict}")
    if standing.next:
        say(f"Next: {standing.next}")
    say("")
    say(block(_facts(standing)))
    say("")
    for step, link in enumerate(standing.path):
        name = link.certificate.subject.rfc4514_string()
        state = link.problem or ("an anchor" if link.anchor else "good")
        say(f"{'path:' if step == 0 else '     '} {'  ' * step}{name}: {state}")
    in_time = "now" if standing.not_before <= now <= standing.not_after else "NOT now"
    left = (standing.not_after - now) / 86_400
    state = "revoked, " + standing.revoked if standing.revoked else "not revoked"
    say(
        block(
            (
                ("validity", f"{in_time} ({left:.0f} days left)"),
                ("strength", standing.strength or "good"),
                ("revocation", f"{state}; {standing.revocation}"),
                *(("next in line", f"{digest[:16]}… until {_day(end)}") for digest, end in standing.others),
            )
        )
    )
    for note in standing.notes:
        say(f"Note: {note}")
    if more:
        say(f"Note: the file holds {more} more; the bus believes authorities from the anchors' folder alone.")


def _plain(standing: "Standing") -> dict[str, Any]:
    return {
        "good": standing.good,
        "rule": standing.rule,
        "verdict": standing.verdict,
        "next": standing.next,
        "sha256": standing.sha256,
        "subject": standing.subject,
        "issuer": standing.issuer,
        "serial": standing.serial,
        "not_before": standing.not_before,
        "not_after": standing.not_after,
        "key": standing.key,
        "usages": list(standing.usages),
        "registered": standing.owner is not None,
        "member": standing.owner,
        "use": standing.use,
        "path": [
            {
                "subject": link.certificate.subject.rfc4514_string(),
                "anchor": link.anchor,
                "problem": link.problem,
            }
            for link in standing.path
        ],
        "strength": standing.strength,
        "revoked": standing.revoked,
        "revocation": standing.revocation,
        "others": [{"sha256": digest, "not_after": end} for digest, end in standing.others],
        "notes": list(standing.notes),
    }
