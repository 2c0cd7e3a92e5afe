"""`esb member`: who takes part, and their certificates."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from esb.cli.agreement import agreement
from esb.cli.contact import contact
from esb.cli.hosted_key import hosted_key
from esb.cli.member_cutover import cutover
from esb.cli.moment import MOMENT
from esb.cli.paper import document_option, paper_of
from esb.cli.place import Place, pass_place
from esb.cli.show import block, confirm, json_option, say, say_json, table, yes_option

if TYPE_CHECKING:
    from esb.admin.members import Particulars

_Command = TypeVar("_Command", bound=Callable[..., Any])
_KIND = click.Choice(["state", "municipal", "non-state", "bank"])
_reason = click.option("--reason", required=True, help="Why; it stays in the registry.")


def _particulars(command: _Command) -> _Command:
    """Who a member is, the same for who is registered and who applies."""
    for option in (
        click.option("--voen", help="The taxpayer number (VÖEN), ten digits."),
        click.option("--kind", type=_KIND, default="state", show_default=True, help="What kind of body it is."),
        click.option("--en", "name_en", required=True, help="The name in English."),
        click.option("--az", "name_az", required=True, help="The name in Azerbaijani."),
    ):
        command = option(command)
    return command


@click.group()
def member() -> None:
    """Members: who takes part, and their contacts, agreements and certificates."""


member.add_command(contact)
member.add_command(agreement)
member.add_command(cutover)
member.add_command(hosted_key)


@member.command()
@click.argument("code")
@_particulars
@click.option("--agreement", "number", help="The number of its agreement with the operator.")
@click.option("--signed", type=MOMENT, help="The day on which that was signed.")
@click.option("--ends", type=MOMENT, help="The day from which it is no more in force.")
@document_option
@json_option
@pass_place
def add(
    place: Place,
    /,
    code: str,
    number: str | None,
    signed: float | None,
    ends: float | None,
    document: str | None,
    as_json: bool,
    **who: str,
) -> None:
    """Register a member under CODE, which takes part at once; for the procedure with an application see `apply`.

    \b
    Examples:
      esb member add DIN --az "Daxili İşlər Nazirliyi" --en "Ministry of Internal Affairs"
      esb member add BANK1 --az "Bir Bank" --en "First Bank" --kind bank --voen 1400040231 \\
          --agreement 12/2026 --signed 2026-05-04 --document agreement.pdf
    """
    from esb.admin.members import join
    from esb.cli.desk import sit_down
    from esb.registry.agreements import Agreement

    if (number is None) != (signed is None):
        raise click.UsageError("Give --agreement and --signed together, or neither.")
    if number is None and (ends or document):
        raise click.UsageError("--ends and --document belong to an agreement: give --agreement and --signed as well.")
    desk = sit_down(place)
    join(
        desk.engine,
        _who(code, **who),
        agreement=None if number is None or signed is None else Agreement(number, signed, ends),
        paper=paper_of(document),
        agreement_required=desk.settings.members.agreement_required,
        author=desk.author,
        now=desk.now,
    )
    if as_json:
        _show(place, code, as_json)
        return
    say(f"{code} is a member. Next: esb member enrol {code} --csr FILE")


@member.command()
@click.argument("code")
@_particulars
@click.option("--reason", default="applies to take part", show_default=True, help="Why; it stays in the registry.")
@json_option
@pass_place
def apply(place: Place, /, code: str, reason: str, as_json: bool, **who: str) -> None:
    """Register that somebody applies to take part as CODE.  Nothing of it passes before it is active.

    Who left before applies anew under the same code.

    \b
    Example:
      esb member apply BANK1 --az "Bir Bank" --en "First Bank" --kind bank --voen 1400040231
    """
    from esb.admin.members import apply
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    apply(desk.engine, _who(code, **who), reason=reason, author=desk.author, now=desk.now)
    if as_json:
        _show(place, code, as_json)
        return
    say(f"{code} has applied. Next:")
    say(f"  esb member contact add {code} …")
    say(f"  esb member agreement add {code} NUMBER --signed YYYY-MM-DD --document FILE")
    say(f"  esb member status {code} active --reason …")


@member.command()
@click.argument("code")
@click.option("--az", "name_az", help="The new name in Azerbaijani.")
@click.option("--en", "name_en", help="The new name in English.")
@click.option("--kind", type=_KIND, help="What kind of body it is now.")
@click.option("--voen", help="The taxpayer number (VÖEN), ten digits.")
@_reason
@json_option
@pass_place
def change(place: Place, /, code: str, reason: str, kind: str | None, as_json: bool, **facts: str | None) -> None:
    """Change a member's particulars; what is not named stays as it is, and CODE stays for good.

    \b
    Example:
      esb member change DIN --en "Ministry of the Interior" --reason "decree 12"
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.members import change_member
    from esb.registry.models import MemberKind

    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        change_member(act, code, reason, kind=None if kind is None else MemberKind(kind), **facts)
    if as_json:
        _show(place, code, as_json)
    else:
        say(f"Changed: esb member show {code}")


@member.command(name="list")
@json_option
@pass_place
def list_(place: Place, as_json: bool) -> None:
    """List the members."""
    from esb.cli.desk import sit_down
    from esb.registry.database import reading
    from esb.registry.members import list_members

    with reading(sit_down(place).engine) as session:
        rows = [(row.code, row.status.value, row.kind.value, row.name_az, row.name_en) for row in list_members(session)]
    headers = ("CODE", "STATUS", "KIND", "NAME", "IN ENGLISH")
    if as_json:
        say_json([dict(zip(("code", "status", "kind", "name_az", "name_en"), row, strict=True)) for row in rows])
    else:
        say(table(headers, rows) if rows else "There are no members yet: esb member add CODE …")


@member.command()
@click.argument("code")
@json_option
@pass_place
def show(place: Place, code: str, as_json: bool) -> None:
    """Show a member with its contacts, agreements and certificates."""
    _show(place, code, as_json)


def _show(place: Place, code: str, as_json: bool) -> None:
    from esb.admin.certificates import facts_of
    from esb.cli.agreement import agreement_facts
    from esb.cli.contact import contact_facts
    from esb.cli.desk import sit_down
    from esb.registry.agreements import list_agreements
    from esb.registry.certificates import list_certificates
    from esb.registry.contacts import list_contacts
    from esb.registry.database import reading
    from esb.registry.members import get_member

    desk = sit_down(place)
    with reading(desk.engine) as session:
        row = get_member(session, code)
        rows = list_certificates(session, code)
        agreements = [agreement_facts(each, desk.now) for each in list_agreements(session, code)]
        contacts = [contact_facts(each) for each in list_contacts(session, code)]
    facts = {
        "code": row.code,
        "name": row.name_az,
        "in English": row.name_en,
        "kind": row.kind.value,
        "VÖEN": row.voen or "-",
        "status": row.status.value,
    }
    certificates = []
    for each in rows:
        known = facts_of(each.der)
        ended = known.until.timestamp() < desk.now
        certificates.append(
            {
                "certificate": each.sha256,
                "use": each.use.value,
                "standing": f"revoked ({each.revoked.value})" if each.revoked else "ended" if ended else "good",
                "until": f"{known.until:%Y-%m-%d %H:%M} UTC",
                "issuer": known.issuer,
            }
        )
    if as_json:
        keys = {"name": "name_az", "in English": "name_en", "VÖEN": "voen"}
        say_json(
            {
                **{keys.get(key, key): value for key, value in facts.items()},
                "agreements": agreements,
                "contacts": contacts,
                "certificates": certificates,
            }
        )
        return
    say(block(facts.items()))
    for part in (*agreements, *contacts, *certificates):
        say("")
        say(block((key, value) for key, value in part.items() if value is not None and key != "member"))


@member.command()
@click.argument("code")
@click.option(
    "--csr",
    "request",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The member's request (PKCS#10, PEM or DER).",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the certificate here; else it is printed.")
@click.option("--use", type=click.Choice(["signing", "tls"]), default="signing", show_default=True)
@click.option("--host", "hosts", multiple=True, help="A host name for TLS; may be given more than once.")
@click.option("--days", type=click.IntRange(1, 1825), default=730, show_default=True, help="How long it is valid.")
@click.option("--beside", is_flag=True, help="One more certificate, for another machine, and not a renewal.")
@pass_place
def enrol(
    place: Place,
    code: str,
    request: Path,
    out: Path | None,
    use: str,
    hosts: tuple[str, ...],
    days: int,
    beside: bool,
) -> None:
    """Certify a member's key: request in, certificate out, and the bus knows it as that member's.

    The member makes key and request itself; its private key never comes here.  For a member with a certificate in
    force this is the next one: both count until `esb member cutover CODE`.

    \b
    Example (at the member, then here):
      openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 \\
              -keyout din.key -subj /CN=DIN -out din.csr
      esb member enrol DIN --csr din.csr --out din.pem
    """
    from esb.admin.authority import enrol_member, write_new
    from esb.admin.certificates import pem_of
    from esb.cli.desk import sit_down
    from esb.kernel.directory import CertificateUse

    desk = sit_down(place)
    certificate = enrol_member(
        desk.home,
        desk.engine,
        desk.passphrase,
        code,
        request.read_bytes(),
        use=CertificateUse(use),
        days=days,
        hostnames=hosts,
        author=desk.author,
        now=desk.now,
        random=secrets.token_bytes,
        published=desk.published,
        overlap_days=None if beside else desk.settings.ca.overlap_days,
    )
    pem = pem_of(certificate)
    if out is None:
        click.echo(pem.decode(), nl=False)
        return
    write_new(out, pem)
    say(f"Certified {code} for {use} until {certificate.not_valid_after_utc:%Y-%m-%d}: {out}")


@member.command()
@click.argument("code")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--use", type=click.Choice(["signing", "tls"]), default="signing", show_default=True)
@pass_place
def certificate(place: Place, code: str, file: Path, use: str) -> None:
    """Register a certificate of an outside authority as a member's.

    Its authority's certificate must stand in the anchors' folder, or the bus refuses what it signs (CRT-02).

    \b
    Example:
      esb member certificate DIN din-national.pem
    """
    from esb.admin.certificates import der_of
    from esb.cli.desk import sit_down
    from esb.kernel.directory import CertificateUse
    from esb.registry.acts import acting
    from esb.registry.certificates import add_certificate

    desk = sit_down(place)
    der = der_of(file.read_bytes(), str(file))
    with acting(desk.engine, desk.author, desk.now) as act:
        digest = add_certificate(act, der, code, CertificateUse(use))
    say(f"Registered {digest[:16]}… as {code}'s, for {use}.")


@member.command()
@click.argument("code")
@click.argument("status", type=click.Choice(["active", "suspended", "left"]))
@_reason
@yes_option
@json_option
@pass_place
def status(place: Place, code: str, status: str, reason: str, yes: bool, as_json: bool) -> None:
    """Let a member in, suspend it, or note that it left.

    A suspended member's requests are refused (ACC-01) and its services answer ResourceSuspended (RTE-03).  Who leaves
    loses its grants, those on its services, and its certificates.  Who left can only apply anew.

    \b
    Examples:
      esb member status BANK1 active --reason "agreement 12/2026"
      esb member status BANK1 suspended --reason "incident 7: its key was stolen"
    """
    from esb.admin.members import set_standing
    from esb.cli.desk import sit_down
    from esb.kernel.directory import MemberStatus

    desk = sit_down(place)
    if status == "suspended":
        confirm(f"Suspend {code}? Its requests and its services stop at once.", yes)
    if status == "left":
        confirm(f"Let {code} leave? Its requests and services stop; its grants and certificates end for good.", yes)
    changed = set_standing(
        desk.engine,
        code,
        MemberStatus(status),
        reason,
        agreement_required=desk.settings.members.agreement_required,
        author=desk.author,
        now=desk.now,
    )
    if as_json:
        _show(place, code, as_json)
        return
    say(
        f"{code} is {status}; running buses know it within {desk.settings.registry.poll_seconds:g} s."
        if changed
        else f"{code} is {status} already."
    )


def _who(code: str, name_az: str, name_en: str, kind: str, voen: str | None) -> "Particulars":
    from esb.admin.members import Particulars
    from esb.registry.models import MemberKind

    return Particulars(code, name_az, name_en, MemberKind(kind), voen)
