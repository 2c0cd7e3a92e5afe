"""`esb member hosted-key`: a signing key that the bus keeps for a member that signs nothing itself."""

import secrets
from pathlib import Path

import click

from esb.cli.place import Place, pass_place
from esb.cli.show import confirm, say, yes_option


@click.command("hosted-key")
@click.argument("code")
@click.option(
    "--kind",
    type=click.Choice(["p256", "p384", "rsa2048", "rsa3072"]),
    default="p256",
    show_default=True,
    help="The kind of the key.",
)
@click.option("--pkcs11", "at", metavar="pkcs11:…", help="Make the key in this device; else in a file of the home.")
@click.option(
    "--csr",
    "request",
    type=click.Path(path_type=Path),
    help="Make the key and write its request for an outside authority.",
)
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take up the certificate that an outside authority issued for that request.",
)
@click.option("--days", type=click.IntRange(1, 1825), default=730, show_default=True, help="How long it is valid.")
@click.option("--end", is_flag=True, help="Sign nothing for this member any more; the key's file stays.")
@yes_option
@pass_place
def hosted_key(
    place: Place,
    code: str,
    kind: str,
    at: str | None,
    request: Path | None,
    certificate: Path | None,
    days: int,
    end: bool,
    yes: bool,
) -> None:
    """Keep a signing key for member CODE, which signs nothing itself, and certify it.

    The answers of its services whose answer signature is `hosted` then carry its signature beside the bus's.

    \b
    Examples:
      esb member hosted-key DSMF
      esb member hosted-key DSMF --csr dsmf.csr           then, with the outside authority's word:
      esb member hosted-key DSMF --certificate dsmf.pem
    """
    from esb.admin.authority import enrol_member, write_new
    from esb.admin.certificate_files import certificates_in
    from esb.admin.hosted_keys import make_hosted_key, use_hosted_key
    from esb.admin.own_keys import request_for
    from esb.cli.desk import sit_down
    from esb.kernel.directory import CertificateUse
    from esb.kernel.token_uri import parse_token_uri
    from esb.registry.acts import acting
    from esb.registry.hosted_keys import end_hosted_key

    if sum((end, request is not None, certificate is not None)) > 1:
        raise click.UsageError("Give one of --csr, --certificate and --end.")
    desk = sit_down(place)
    if end:
        confirm(f"Sign nothing for {code} any more?", yes)
        with acting(desk.engine, desk.author, desk.now) as act:
            end_hosted_key(act, code)
        say(f"Nothing is signed for {code} any more, within {desk.settings.registry.poll_seconds:g} s.")
        return
    secret, folder = desk.passphrase, desk.settings.keys.hosted
    if certificate is not None:
        issued = certificates_in(certificate)[0]
    else:
        device = None if at is None else parse_token_uri(at)
        path = make_hosted_key(folder, desk.engine, code, kind, device, secret, author=desk.author, now=desk.now)
        pem = request_for(path, code, secret)
        if request is not None:
            write_new(request, pem)
            say(f"Made {path} and wrote {request}. Next, with what the authority issues:")
            say(f"  esb member hosted-key {code} --certificate FILE")
            return
        issued = enrol_member(
            desk.home,
            desk.engine,
            secret,
            code,
            pem,
            use=CertificateUse.SIGNING,
            days=days,
            hostnames=(),
            author=desk.author,
            now=desk.now,
            random=secrets.token_bytes,
            published=desk.published,
        )
    path = use_hosted_key(folder, desk.engine, code, issued, secret, author=desk.author, now=desk.now)
    say(f"The bus signs for {code} with {path.name}, certified until {issued.not_valid_after_utc:%Y-%m-%d}.")
    say(f"Next: esb service change {code}/SYSTEM/SERVICE/vN --answer-signature hosted")
