"""`esb member`: who takes part, and their certificates."""

import secrets
from pathlib import Path

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import block, confirm, json_option, say, say_json, table, yes_option


@click.group()
def member() -> None:
    """Members: who takes part, and their certificates."""


@member.command()
@click.argument("code")
@click.option("--az", "name_az", required=True, help="The name in Azerbaijani.")
@click.option("--en", "name_en", required=True, help="The name in English.")
@click.option(
    "--kind",
    type=click.Choice(["state", "municipal", "non-state", "bank"]),
    default="state",
    show_default=True,
    help="What kind of body it is.",
)
@click.option("--voen", help="The taxpayer number (VÖEN), ten digits.")
@pass_place
def add(place: Place, code: str, name_az: str, name_en: str, kind: str, voen: str | None) -> None:
    """Register a member under CODE.

    \b
    Example:
      esb member add DIN --az "Daxili İşlər Nazirliyi" --en "Ministry of Internal Affairs"
    """
    from esb.cli.desk import sit_down
    from esb.registry.acts import acting
    from esb.registry.members import add_member
    from esb.registry.models import MemberKind

    desk = sit_down(place)
    with acting(desk.engine, desk.author, desk.now) as act:
        add_member(act, code, name_az, name_en, MemberKind(kind), voen=voen)
    say(f"{code} is a member. Next: esb member enrol {code} --csr FILE")


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
    """Show a member and its certificates."""
    from esb.admin.certificates import facts_of
    from esb.cli.desk import sit_down
    from esb.registry.certificates import list_certificates
    from esb.registry.database import reading
    from esb.registry.members import get_member

    desk = sit_down(place)
    with reading(desk.engine) as session:
        row = get_member(session, code)
        rows = list_certificates(session, code)
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
        say_json({**{keys.get(key, key): value for key, value in facts.items()}, "certificates": certificates})
        return
    say(block(facts.items()))
    for certificate in certificates:
        say("")
        say(block(certificate.items()))


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
@pass_place
def enrol(
    place: Place, code: str, request: Path, out: Path | None, use: str, hosts: tuple[str, ...], days: int
) -> None:
    """Certify a member's key: request in, certificate out, and the bus knows it as that member's.

    The member makes key and request itself; its private key never comes here.

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
@click.option("--reason", required=True, help="Why; it stays in the registry.")
@yes_option
@pass_place
def status(place: Place, code: str, status: str, reason: str, yes: bool) -> None:
    """Suspend a member, let it in again, or note that it left.

    A suspended member's requests are refused (ACC-01) and its services answer ResourceSuspended (RTE-03).
    """
    from esb.cli.desk import sit_down
    from esb.kernel.directory import MemberStatus
    from esb.registry.acts import acting
    from esb.registry.members import set_member_status

    desk = sit_down(place)
    if status != "active":
        confirm(f"Set {code} to {status}? Its requests and its services stop at once.", yes)
    with acting(desk.engine, desk.author, desk.now) as act:
        set_member_status(act, code, MemberStatus(status), reason)
    say(f"{code} is {status}; running buses know it within {desk.settings.registry.poll_seconds:g} s.")
