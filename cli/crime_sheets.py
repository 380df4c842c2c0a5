"""`cordon crimes sheet` and `cordon crimes precision`."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from crimes.chance.precision import PublishedPrecision, Share, publish
from crimes.chance.sheet import BatchSheet, make_sheet
from ingest.matching.weighing import ROUTINE
from ops.errors import InputError
from ops.settings import load_settings
from store.expectations import expect_wearer, waiting_wearers, want_batch
from store.sheets import batch_is_visible, read_judged_matches, read_sheet_crimes, read_sheet_wearers_as_owner

LARGEST_ID = 2**63 - 1


def add_commands(crimes: typer.Typer) -> None:
    """To `cordon crimes`."""
    crimes.command("sheet")(show_sheet)
    crimes.command("precision")(show_precision)


def show_sheet(
    batch_id: Annotated[int, typer.Argument(metavar="BATCH", min=1, max=LARGEST_ID, help="Its id, from the list.")],
    *,
    purpose: Annotated[str, typer.Option(help="Why you look: kept in the audit.")] = "administration",
    as_json: Annotated[bool, typer.Option("--json", help="The same as the API answers.")] = False,
) -> None:
    """Show what each crime of a batch came to, and the wearers whom routine and chance explain least.

    Wearers have a label in the batch and no name. What has not been weighed of their routines is weighed first. The
    sheet orders review and measures no guilt.

    Example: cordon crimes sheet 7 --purpose "weekly review"
    """
    _weigh_routines(batch_id)
    with owner_transaction() as cursor:
        crimes = read_sheet_crimes(cursor, batch_id)
        sheet = make_sheet(crimes, read_sheet_wearers_as_owner(cursor, batch_id))
        about = Subject(row_count=len(crimes), detail={"crime_batch_id": batch_id})
        record_allowed(cursor, command_identity(purpose), Action.CRIME_SHEET_READ, about)
    if as_json:
        print(json.dumps(asdict(sheet), indent=2))
    else:
        _print_sheet(sheet)


def show_precision(
    *, as_json: Annotated[bool, typer.Option("--json", help="The same as the API answers.")] = False
) -> None:
    """Show how often reviewers and police found that a match held, with 95 % confidence intervals.

    Example: cordon crimes precision
    """
    with owner_transaction() as cursor:
        published = publish(read_judged_matches(cursor))
        about = Subject(row_count=len(published.precisions))
        record_allowed(cursor, command_identity(), Action.PRECISION_READ, about)
    if as_json:
        print(json.dumps(asdict(published), indent=2))
    else:
        _print_precision(published)


def _weigh_routines(batch_id: int) -> None:
    """What the matcher has not weighed yet; a transaction for each wearer, so that what is done stays done."""
    settings = load_settings().matching
    with owner_transaction() as cursor:
        if not batch_is_visible(cursor, batch_id):
            raise InputError(f"there is no crime batch {batch_id}: `cordon crimes batches` shows them")
        want_batch(cursor, batch_id)
    waiting = True
    while waiting:
        with owner_transaction() as cursor:
            found = waiting_wearers(cursor, 1, batch_id)
            for wanted in found:
                expect_wearer(cursor, wanted, settings, ROUTINE)
        waiting = bool(found)


def _print_sheet(sheet: BatchSheet) -> None:
    counts = [(one.present, one.possible, one.absent, one.cannot_say) for one in sheet.crimes]
    print_table(
        ("CRIME", "PRESENT", "POSSIBLE", "ABSENT", "CANNOT SAY"),
        [
            (one.reference, *("-" if count is None else str(count) for count in row))
            for one, row in zip(sheet.crimes, counts, strict=True)
        ],
    )
    print()
    print_table(
        ("WEARER", "PRESENT", "POSSIBLE", "EXPECTED", "AT LEAST SO MANY BY ROUTINE ALONE"),
        [
            (one.label, str(one.hits), str(one.possibles), _shown(one.expected), one.yardstick or "cannot be said")
            for one in sheet.wearers
        ],
    )
    print("\n" + "\n".join(sheet.words))


def _print_precision(published: PublishedPrecision) -> None:
    print_table(
        ("RULES", "VERDICT", "CONFIRMED BY REVIEW", "BORNE OUT BY OUTCOME"),
        [
            (str(one.algorithm_version), one.verdict.value, _share(one.confirmed), _share(one.borne_out))
            for one in published.precisions
        ],
    )
    print(f"\nOf fewer than {published.least_cases} cases nothing is published.")


def _share(share: Share) -> str:
    if share.share is None or share.least is None or share.most is None:
        return "too few cases"
    return f"{share.share:.0%} ({share.least:.0%} to {share.most:.0%}) of {share.cases}"


def _shown(expected: float | None) -> str:
    return "-" if expected is None else f"{expected:.2g}"
