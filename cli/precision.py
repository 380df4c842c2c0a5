"""`cordon precision`."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from alerts.precision import MeasuredDetection, measure
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from store.precision import read_judged_alerts_as_owner


def register(application: typer.Typer) -> None:
    application.command("precision")(show_precision)


def show_precision(
    *,
    months: Annotated[bool, typer.Option(help="Also by preset of the zone and month.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as the API answers.")] = False,
) -> None:
    """Show how often detection was right, by what officers closed the alerts with, with 95 % confidence intervals.

    Example: cordon precision --months
    """
    with owner_transaction() as cursor:
        judged = read_judged_alerts_as_owner(cursor)
        about = Subject(row_count=len(judged))
        record_allowed(cursor, command_identity(), Action.DETECTION_PRECISION_READ, about)
    measured = measure(judged)
    if as_json:
        print(json.dumps(asdict(measured), indent=2, default=str))
        return
    _print(measured.kinds)
    if months:
        print()
        _print(measured.months)


def _print(rows: Sequence[MeasuredDetection]) -> None:
    print_table(
        ("KIND", "PRESET", "MONTH", "ALERTS", "OPEN", "RETRACTED", "WHAT THEY SAY"),
        [
            (
                one.kind.value,
                one.preset or "all" if one.raised_month is None else one.preset or "-",
                "all" if one.raised_month is None else f"{one.raised_month:%Y-%m}",
                str(one.alerts),
                str(one.still_open),
                str(one.retracted),
                one.words,
            )
            for one in rows
        ],
    )
