"""`cordon zones`."""

import getpass
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from access.audit import Action, Subject, record_allowed
from api.zone_files import ZoneFileError, read_zone_file
from cli import zone_proof, zone_rehearsal
from cli.authorise import print_authorisations
from cli.owner import command_identity, owner_transaction
from cli.tables import print_table
from cli.times import parse_time
from cli.zone_files import content_of_file, print_problems
from geofence import policy_documents, schedule_documents
from geofence.schedule_words import words
from model.conditions import ZONE_KINDS_OF_CONDITIONS
from model.policies import policy_of
from ops.errors import InputError
from ops.settings import load_settings
from store.authorisations import list_authorisations
from store.condition_zones import refusals_of_zones, refuse_end_without_condition
from store.zone_decisions import Outcome
from store.zone_list import StoredZone, find_zone, list_zones
from store.zones import end_zone, publish_zones

PAGE = 500
zones = typer.Typer(help="Zones that wearers are checked against.", no_args_is_help=True)


def register(application: typer.Typer) -> None:
    zone_rehearsal.register(zones)
    zone_proof.register(zones)
    application.add_typer(zones, name="zones")


@zones.command("import")
def import_file(file: Annotated[Path, typer.Argument(help="GeoJSON: a Feature or a FeatureCollection.")]) -> None:
    """Publish the zones of a GeoJSON file: all of them, or nothing and every problem.

    Properties: reference, name, kind (exclusion, inclusion, curfew, crime_scene or home_area), and where wanted crn
    (the owner; left out, the zone is shared; an inclusion zone and a curfew need one), radius_m (with a Point),
    valid_from, active_from, active_to, schedule, policy, disclosed.

    This is the back office's way, for zones that were there before: a person's zone is published without a second
    person's approval, which the audit says. From then on `cordon conditions` is the way.

    Example: cordon zones import zones.geojson
    """
    settings = load_settings()
    try:
        drafts = read_zone_file(content_of_file(file), settings)
    except ZoneFileError as error:
        print_problems(error.problems)
        raise InputError(f"nothing was imported: {len(error.problems)} problem(s) in {file}") from None
    with owner_transaction() as cursor:
        refused = refusals_of_zones(cursor, drafts, owners_may=True)
        timeout_ms = settings.lock_timeout_ms
        published = publish_zones(cursor, drafts, getpass.getuser(), lock_timeout_ms=timeout_ms, refused=refused)
        changed = {zone.reference: zone.version for zone in published if zone.outcome is not Outcome.UNCHANGED}
        people_s = [one.reference for one in drafts if one.crn is not None and one.kind in ZONE_KINDS_OF_CONDITIONS]
        detail = {"versions": changed, "without_a_second_person": sorted(changed.keys() & set(people_s))}
        record_allowed(cursor, command_identity(), Action.ZONES_WRITE, Subject(row_count=len(changed), detail=detail))
    for outcome in Outcome:
        print(f"{outcome}: {sum(zone.outcome is outcome for zone in published)}")
    if detail["without_a_second_person"]:
        print(
            f"{len(detail['without_a_second_person'])} watch one person without an approved licence condition:"
            " `cordon conditions unworded` lists them, `cordon conditions adopt` drafts one"
        )


@zones.command("list")
def show_all() -> None:
    """List every zone with its latest version.

    Example: cordon zones list
    """
    with owner_transaction() as cursor:
        found: list[StoredZone] = []
        while page := list_zones(cursor, found[-1].zone_id if found else 0, PAGE):
            found += page
        about = Subject(row_count=len(found), person_ids=[one.person_id for one in found])
        record_allowed(cursor, command_identity(), Action.ZONES_LIST, about)
    rows = [
        (one.reference, one.crn or "shared", one.kind, str(one.version), _time(one.valid_from), _time(one.valid_to))
        for one in found
    ]
    print_table(("REFERENCE", "FOR", "KIND", "VERSION", "FROM", "TO"), rows)


@zones.command("show")
def show(reference: Annotated[str, typer.Argument(help="The zone's reference.")]) -> None:
    """Show a zone: all its versions, the latest one's hours, policy and geometry, and who is authorised.

    Example: cordon zones show EZ-1042
    """
    with owner_transaction() as cursor:
        found = find_zone(cursor, reference)
        if found is None:
            raise InputError(f"there is no zone {reference}: `cordon zones list` shows them")
        zone, versions = found
        lifted = list_authorisations(cursor, zone.zone_id, None, PAGE, in_force_only=True)
        shown_of = [one.person_id for one in lifted]
        about = Subject(zone.person_id, row_count=len(versions), detail={"reference": reference}, person_ids=shown_of)
        record_allowed(cursor, command_identity(), Action.ZONE_READ, about)
    print(f"{zone.reference}: {zone.name}, for {zone.crn or 'everyone'}")
    rows = [
        (str(one.version), one.name, one.kind, _time(one.valid_from), _time(one.valid_to), one.created_by)
        for one in versions
    ]
    print_table(("VERSION", "NAME", "KIND", "FROM", "TO", "BY"), rows)
    latest = versions[-1]
    print(f"in force: {words(schedule_documents.from_stored(latest.schedule))}")
    print(f"policy: {policy_documents.in_words(latest.preset, policy_of(latest.preset, latest.policy))}")
    print(f"the wearer {'has' if latest.is_disclosed else 'has not'} been told of it")
    if lifted:
        print_authorisations(lifted)
    print(json.dumps(latest.geometry))


@zones.command("end")
def end(
    reference: Annotated[str, typer.Argument(help="The zone's reference.")],
    at: Annotated[str | None, typer.Option(help="From when it no longer holds; now if left out.")] = None,
) -> None:
    """Let a zone end. Its versions stay, and fixes before the end are still judged by them.

    Where the end lies in the past, what was judged since is judged anew.

    Example: cordon zones end EZ-1042 --at 2026-12-01T00:00:00Z
    """
    moment = None if at is None else parse_time(at)
    with owner_transaction() as cursor:
        refuse_end_without_condition(cursor, reference)
        zone = end_zone(cursor, reference, moment, load_settings().lock_timeout_ms)
        about = Subject(window_from=zone.at, detail={"reference": reference})
        record_allowed(cursor, command_identity(), Action.ZONE_END, about)
    print(f"{zone.reference} {'ends' if zone.changed else 'ended already'} at {_time(zone.at)}")


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")
