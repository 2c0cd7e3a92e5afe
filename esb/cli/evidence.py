"""`esb evidence`: one sealed file that proves an exchange to anybody, and its verification offline."""

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from esb.cli.depots import archive_option
from esb.cli.place import Place, pass_place
from esb.cli.show import block, json_option, paint, say, say_aside, say_json
from esb.cli.vault import open_vault

if TYPE_CHECKING:
    from esb.admin.evidence.export import Exported
    from esb.admin.evidence.gather import Sources
    from esb.admin.evidence.verify import Step
    from esb.admin.evidence.words import Language
    from esb.admin.extracts import DocumentSigner
    from esb.audit.vault import Vault
    from esb.cli.desk import Desk

_NEW = click.Path(path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MARKS = {"ok": ("ok", "green"), "not shown": ("--", "yellow"), "broken": ("NO", "red")}


@click.group()
def evidence() -> None:
    """Evidence packages: one sealed file that proves an exchange, a refusal or a change.

    Anybody verifies it, offline.

    \b
    Example:
      esb evidence export 0197a3c4-… --reason "Complaint 2026/118 of 3 March" --out complaint-118.asice
      esb evidence verify complaint-118.asice --anchor shluz-ca.pem --log-key "$(cat bus-log.key)"
    """


@evidence.command()
@click.argument("id")
@click.option("--reason", required=True, help="Why it is exported; it stays on record with who did it.")
@click.option("--out", type=_NEW, help="Write the package to this new file.  [default: ID.asice]")
@archive_option
@json_option
@pass_place
def export(place: Place, id: str, reason: str, out: Path | None, archives: tuple[str, ...], as_json: bool) -> None:
    """Export what proves ID: an exchange, or a change of the registry; or the name of one of their records.

    The package holds the messages with their signatures, the records with proofs that they are in the log, the
    certificates and what was known of their revocation, and the registry's changes that decided.  It is sealed by the
    bus as an ASiC-E container, which standard tools open.  It holds personal data, as the messages do.

    An exchange whose month has left the log is taken out of the archive's package (--archive); its proofs are the
    same, because the tree has stayed.

    \b
    Example:
      esb evidence export 0197a3c4-… --reason "Complaint 2026/118" --out complaint-118.asice
      esb evidence export 0197a3c4-… --reason "Complaint 2026/118" --archive /media/archive
      esb evidence export change-17-9f86d081884c7d65 --reason "Audit of grants, 2026"
    """
    import time

    from esb.admin.authority import write_new
    from esb.admin.evidence.export import export_evidence
    from esb.cli.desk import sit_down

    desk = sit_down(place)
    path = Path(f"{id}.asice") if out is None else out
    if path.exists():
        raise click.UsageError(f"{path} exists and is not overwritten.")
    with open_vault(place, archives) as vault:
        made = export_evidence(
            _sources(desk, vault),
            id,
            _signer(desk),
            reason=reason,
            author=desk.author,
            now=lambda: desk.now,
            wait=time.sleep,
        )
    write_new(path, made.octets)
    _tell_problem(desk, made)
    facts = made.gathered.facts
    if as_json:
        say_json(
            {
                "file": str(path),
                "sha256": made.sha256,
                "bytes": len(made.octets),
                "exchange": facts.exchange,
                "records": [entry.record for entry in made.gathered.entries.values()],
                "missing": dict(facts.missing),
            }
        )
        return
    say(f"Wrote {path}: {len(made.gathered.files)} files about {facts.exchange}, readable by you alone.")
    say(block([("SHA-256", made.sha256), ("checkpoint", f"{made.gathered.size} leaves")]))
    for name, why in facts.missing.items():
        say(f"Not in it: {name}: {why}.")
    say("The export is an act on record: esb act list --about evidence")
    say(f'Next: esb evidence verify {path} --anchor CA.pem --log-key "$(cat bus-log.key)"')


@evidence.command()
@click.argument("file", type=_FILE)
@click.option(
    "--anchor", "anchors", multiple=True, required=True, type=_FILE,
    help="PEM of an authority that you believe; repeatable.",
)  # fmt: skip
@click.option("--log-key", required=True, help="The log's public key as it was passed on to you: NAME+ID+KEY.")
@click.option("--witness", "witnesses", multiple=True, help="The key of a witness who must have cosigned; repeatable.")
@click.option(
    "--tsa-anchor", "stampers", multiple=True, type=_FILE,
    help="PEM of an authority of time-stamps, one of whom must have stamped.  Else those of --anchor may have.",
)  # fmt: skip
@click.option(
    "--bus", multiple=True, type=_FILE,
    help="PEM of the bus's certificate as you know it, where the log does not say whose it is; repeatable.",
)  # fmt: skip
@click.option("--receipt", type=_FILE, help="The answer as you kept it: its receipt must cite these very records.")
@click.option("--lang", type=click.Choice(["az", "en"]), default="en", show_default=True, help="The steps' language.")
@click.option("--strict", is_flag=True, help="Fail too where a step has nothing to show it with.")
@json_option
def verify(
    file: Path,
    anchors: tuple[Path, ...],
    log_key: str,
    witnesses: tuple[str, ...],
    stampers: tuple[Path, ...],
    bus: tuple[Path, ...],
    receipt: Path | None,
    lang: str,
    strict: bool,
    as_json: bool,
) -> None:
    """Verify a package offline: numbered steps in plain words.  It needs no home, no database and no network.

    It ends with code 1 at the first step that does not hold, and says what that means.  A step marked -- is not shown,
    because there is nothing in the package to show it with; the reason stands beside it.

    \b
    Example:
      esb evidence verify complaint-118.asice --anchor shluz-ca.pem --log-key "$(cat bus-log.key)"
      esb evidence verify complaint-118.asice --anchor shluz-ca.pem --log-key "$(cat bus-log.key)" --lang az
    """
    from esb.admin.certificate_files import certificates_in
    from esb.admin.evidence.case import Believed
    from esb.admin.evidence.container import LARGEST
    from esb.admin.evidence.verify import PackageBroken, verify_package
    from esb.admin.evidence.words import Language
    from esb.audit.notes import NoteKey

    language: Language = next(each for each in get_args(Language) if each == lang)
    believed = Believed(
        anchors=tuple(one for path in anchors for one in certificates_in(path)),
        log=NoteKey.parse(log_key),
        witnesses=tuple(NoteKey.parse(each) for each in witnesses),
        stampers=tuple(one for path in stampers for one in certificates_in(path)) if stampers else None,
        bus=tuple(one for path in bus for one in certificates_in(path)),
        receipt=None if receipt is None else _read(receipt, LARGEST),
    )
    steps: list[Step] = []

    def told(step: "Step") -> None:
        steps.append(step)
        if not as_json:
            _tell(step, language)

    try:
        proven = verify_package(_read(file, LARGEST), believed, told)
    except PackageBroken:
        _end("broken", steps, language, as_json)
        click.get_current_context().exit(1)
    _end("partly" if proven.not_shown else "proven", steps, language, as_json)
    if strict and proven.not_shown:
        click.get_current_context().exit(1)


def _tell(step: "Step", language: "Language") -> None:
    mark, colour = _MARKS[step.result]
    say(f"{step.number:2}. {paint(mark, colour)}  {step.text(language)}")
    say(f"        {step.found}")
    if step.result == "broken":
        say(f"        {step.meaning(language)}")


_VERDICTS = {
    "proven": ("Sübut olundu: bütün addımlar doğrudur.", "Proven: every step holds."),
    "partly": (
        "Göstərilən hər şey doğrudur; -- ilə işarələnən addımlar bu paketlə göstərilmir: {steps}.",
        "Everything that is shown holds; the steps marked -- are not shown by this package: {steps}.",
    ),
    "broken": ("Sübut olunmur: {steps} addımı doğru deyil.", "Not proven: step {steps} does not hold."),
}


def _end(verdict: str, steps: "list[Step]", language: "Language", as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "verdict": verdict,
                "steps": [
                    {
                        "number": step.number,
                        "name": step.name,
                        "result": step.result,
                        "text": step.text(language),
                        "found": step.found,
                        **({"meaning": step.meaning(language)} if step.result == "broken" else {}),
                    }
                    for step in steps
                ],
            }
        )
        return
    told = "broken" if verdict == "broken" else "not shown"
    wrong = ", ".join(str(step.number) for step in steps if step.result == told)
    text = _VERDICTS[verdict][0 if language == "az" else 1].format(steps=wrong)
    say("")
    say(paint(text, "red" if verdict == "broken" else "green"))


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as opened:
        return opened.read(most + 1)


def _sources(desk: "Desk", vault: "Vault") -> "Sources":
    from esb.admin.evidence.gather import Sources
    from esb.admin.extracts import read_certificates
    from esb.keeping import bodies_opener

    settings = desk.settings
    return Sources(
        engine=desk.engine,
        log=settings.evidence.url,
        keys=settings.keys.certificate.parent,
        anchors=read_certificates(settings.certs.anchors),
        lists=settings.certs.crl,
        masters=bodies_opener(settings),
        vault=vault,
    )


def _signer(desk: "Desk") -> "DocumentSigner":
    """The bus's own key, with its certificate and the authorities above."""
    from esb.admin.extracts import document_signer, read_certificates
    from esb.certs.keys import load_key

    keys = desk.settings.keys
    anchors = read_certificates(desk.settings.certs.anchors)
    return document_signer(load_key(keys.signing_key, desk.passphrase), keys.certificate, anchors, desk.now)


def _tell_problem(desk: "Desk", made: "Exported") -> None:
    """What the package does not prove, told to who exports it: an altered log shows here."""
    from esb.admin.evidence.case import Believed
    from esb.admin.evidence.verify import PackageBroken, verify_package
    from esb.admin.extracts import read_certificates
    from esb.admin.log_key import log_origin, open_log_signer

    settings = desk.settings
    origin = log_origin(settings.evidence.origin, settings.bus.address)
    key = open_log_signer(settings.keys.log_key, desk.passphrase, origin).key
    own = read_certificates(settings.keys.certificate)
    believed = Believed(read_certificates(settings.certs.anchors), key, bus=own)
    try:
        verify_package(made.octets, believed)
    except PackageBroken as error:
        say_aside(f"This package does not prove what it should: {error}. Look into it: esb log verify")
