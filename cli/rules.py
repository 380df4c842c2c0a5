"""`cordon rules`."""

from pathlib import Path
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from alerts.casework_rules import default_document, rules_of
from cli.owner import command_identity, owner_transaction
from ops.errors import InputError
from store.casework_rules import add_rules, latest_rules

rules = typer.Typer(
    help="The rules by which alerts are worked: outcomes, clocks, escalation, eligibility.", no_args_is_help=True
)


def register(application: typer.Typer) -> None:
    application.add_typer(rules, name="rules")


@rules.command("show")
def show() -> None:
    """Print the rules that hold now; the program's own while none were set.

    Example: cordon rules show > mine.toml
    """
    with owner_transaction() as cursor:
        latest = latest_rules(cursor)
    print(default_document() if latest is None else latest[1], end="")


@rules.command("set")
def set_rules(
    file: Annotated[Path, typer.Argument(help="A TOML document in the form that `cordon rules show` prints.")],
) -> None:
    """Check the rules in FILE and let them hold from now on. What was decided under others stays.

    Example: cordon rules set mine.toml
    """
    try:
        document = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from None
    rules_of(document, 1)
    identity = command_identity()
    with owner_transaction() as cursor:
        version = add_rules(cursor, document, identity.subject)
        record_allowed(cursor, identity, Action.RULES_SET, Subject(detail={"version": version}))
    print(f"version {version} of the rules holds from now on")
