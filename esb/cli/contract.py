"""`esb contract`: contracts before and beside the registry."""

from typing import TYPE_CHECKING

import click

from esb.cli.show import json_option, paint, say, say_json

if TYPE_CHECKING:
    from esb.kernel.contract import Contract
    from esb.wsdl.changes import Report

BREAKING_EXIT = 3
"""The exit code of a comparison that found a breaking change."""


@click.group()
def contract() -> None:
    """Contracts: what changes from one to the next."""


@contract.command()
@click.argument("old")
@click.argument("new")
@json_option
@click.pass_context
def compare(ctx: click.Context, old: str, new: str, as_json: bool) -> None:
    """Compare two WSDLs, change by change: identical, compatible or breaking.

    OLD and NEW are files, folders, zips or URLs, as for `esb service add`.  Exit code: 0 when consumers of OLD can go
    on with NEW, 3 when NEW breaks them.

    \b
    Example:
      esb contract compare person-2025.wsdl person-2026.wsdl
    """
    from esb.wsdl.compare import compare as compare_contracts
    from esb.wsdl.read import read_contract

    report = compare_contracts(read_contract(old), read_contract(new))
    show_report(ctx, report, as_json)


def read_wsdl(source: str, main_path: str, port_type: str, allow_private: bool) -> "Contract":
    """Read a contract as `esb service add` does.  Raises ContractRefused."""
    from esb.wsdl.addresses import AddressRules
    from esb.wsdl.fetch import WebFetch
    from esb.wsdl.read import read_contract

    fetch = WebFetch(rules=AddressRules(allow_private=True)) if allow_private else None
    return read_contract(source, fetch, main=main_path, port_type=port_type)


def show_report(ctx: click.Context, report: "Report", as_json: bool) -> None:
    """Print a comparison, and end with exit code 3 when it found a breaking change."""
    from esb.wsdl.changes import Verdict

    if as_json:
        say_json(report.plain)
    else:
        say_changes(report)
    if report.verdict is Verdict.BREAKING:
        ctx.exit(BREAKING_EXIT)


def say_changes(report: "Report") -> None:
    """Print a comparison for people: the verdict, then each change on its own line."""
    from esb.wsdl.changes import Verdict

    colours = {Verdict.IDENTICAL: "green", Verdict.COMPATIBLE: "green", Verdict.BREAKING: "red"}
    words = {
        Verdict.IDENTICAL: "Identical: messages and their routing are the same.",
        Verdict.COMPATIBLE: "Compatible: consumers of the old contract can go on.",
        Verdict.BREAKING: "Breaking: consumers of the old contract would be harmed; a new major version is needed.",
    }
    say(paint(words[report.verdict], colours[report.verdict]))
    for change in report.changes:
        say(f"  {paint(f'{change.verdict.value:<10}', colours[change.verdict])}  {change.text}")
