"""`cordon zones rehearse`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from api.rehearsal_schemas import PredictedAlertOut, RehearsalOut
from api.rehearsing import (
    MOST_POSITIONS,
    MOST_SIMULATED_SEED,
    MOST_WEEKS,
    USUAL_WEEKS,
    Rehearsed,
    Window,
    read_draft,
    rehearse_positions,
    rehearse_simulated,
)
from api.zone_files import ZoneFileError
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.zone_files import content_of_file, print_problems
from geofence.drafts import ZoneDraft
from ops.errors import InputError
from ops.settings import Settings, load_settings
from store.rehearsals import find_rehearsed_wearer, read_as_owner


def register(zones: typer.Typer) -> None:
    zones.command("rehearse")(rehearse)


def rehearse(
    file: Annotated[Path, typer.Argument(help="GeoJSON with one zone, as for `cordon zones import`, with its crn.")],
    weeks: Annotated[int, typer.Option(min=1, max=MOST_WEEKS, help="How many of the last weeks.")] = USUAL_WEEKS,
    simulated: Annotated[
        int | None,
        typer.Option(min=0, max=MOST_SIMULATED_SEED, help="Seed of a simulated routine to use instead."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer of the API.")] = False,
) -> None:
    """Run a draft zone over its wearer's last weeks: the alerts it would have raised, and what to look at first.

    Nothing is published. The zone is run as if it had been in force all that time, at the hours of its schedule.

    Example: cordon zones rehearse zone.geojson --weeks 8
    """
    settings = load_settings()
    try:
        draft, crn = read_draft(content_of_file(file), settings)
    except ZoneFileError as error:
        print_problems(error.problems)
        raise InputError(f"nothing was rehearsed: {len(error.problems)} problem(s) in {file}") from None
    answer = RehearsalOut.of(_rehearsed(draft, crn, weeks, simulated, settings))
    if as_json:
        print(answer.model_dump_json(indent=2))
    else:
        _print(answer)


def _rehearsed(draft: ZoneDraft, crn: str, weeks: int, simulated: int | None, settings: Settings) -> Rehearsed:
    window = Window.before(datetime.now(UTC), weeks)
    detail = {"reference": draft.reference, "weeks": weeks, "simulated": simulated}
    with owner_transaction() as cursor:
        wearer = find_rehearsed_wearer(cursor, crn)
        if wearer is None:
            raise InputError(f"nobody has the CRN {crn}: correct it, or add the person first")
        times = window.from_time, window.until_time
        worn = [] if simulated is not None else read_as_owner(cursor, wearer.person_id, *times, MOST_POSITIONS + 1)
        read = sum(len(one.rows) for one in worn)
        about = (
            Subject(wearer.person_id, *times, read, detail)
            if simulated is None
            else Subject(wearer.person_id, detail=detail)
        )
        record_allowed(cursor, command_identity(), Action.ZONE_REHEARSE, about)
    if simulated is not None:
        return rehearse_simulated(draft, wearer, simulated, window, settings)
    return rehearse_positions(draft, wearer, worn, window, settings)


def _print(answer: RehearsalOut) -> None:
    print(f"{answer.reference}: {answer.name}, {answer.kind}")
    if answer.simulation is not None:
        home = answer.simulation.home
        print(f"SIMULATED with seed {answer.simulation.seed}: nobody's positions")
        print(f"home at {home[1]:.5f}, {home[0]:.5f}: {answer.simulation.home_is}")
    print(
        f"{answer.positions} positions on {answer.days} days,"
        f" {_minute(answer.from_time)} to {_minute(answer.until_time)}"
    )
    by_kind = ", ".join(f"{count} {kind}" for kind, count in answer.by_kind.items()) or "none"
    print(f"alerts: {answer.alert_count} ({by_kind}); by week: {' '.join(str(week.alerts) for week in answer.weeks)}")
    print(f"possible stays that nobody would have been told of: {answer.unconfirmed}")
    if answer.recorded:
        print(f"stays that are recorded and alert nobody: {answer.recorded}")
    if answer.alerts:
        print_table(("ENTERED", "LEFT", "KIND", "DEEPEST AT", "WHY"), [_row(alert) for alert in answer.alerts])
    for warning in answer.warnings:
        print(f"warning {warning.code}: {warning.words}")
        print(f"  {warning.remedy}")
    for note in answer.notes:
        print(f"note: {note}")


def _row(alert: PredictedAlertOut) -> tuple[str, ...]:
    lon, lat = alert.place
    why = ", ".join(
        f"{abs(one.depth_m):.0f} m {'inside' if one.depth_m >= 0 else 'outside'}, p_inside {one.p_inside:.2f}"
        for one in alert.why[-2:]
    )
    left = "goes on" if alert.left_at is None else _minute(alert.left_at)
    return _minute(alert.entered_at), left, alert.kind, f"{lat:.5f}, {lon:.5f}", why


def _minute(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
