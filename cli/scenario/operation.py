"""Saturday's stop-and-search authority: an officer opens and closes it; of an entry one is told, and no police.

Wards are imported by whoever owns the database: there is no route for it.
"""

from http import HTTPStatus

from cli.scenario.cast import ANALYST, CREATED_BY, DAY_OFFICER
from cli.scenario.places import WARD_CODE, wards
from cli.scenario.play import Act, Play
from cli.scenario.weekend import SATURDAY, moment
from geofence.wards import read_wards
from store.wards import write_wards

REFERENCE = "S60-1"
POLICE_ASK = ("/v1/alerts", "/v1/people", "/v1/operations", f"/v1/zones/{REFERENCE}", "/v1/alerts/stream")


def import_wards(play: Play) -> None:
    with play.stage.owned() as cursor:
        write_wards(cursor, read_wards(wards(), "code", "name").wards, CREATED_BY)


def open_authority(play: Play) -> None:
    wanted = {
        "reference": REFERENCE,
        "power": "section_60",
        "wards": [WARD_CODE],
        "from": play.now.isoformat(),
        "to": moment(SATURDAY, "23:00").isoformat(),
        "officer": "Alex Thornbury",
        "rank": "inspector",
        "reason": "two stabbings since noon",
    }
    opened = play.officer(DAY_OFFICER).asking.done("POST", "/v1/operations", wanted).body
    play.say(DAY_OFFICER, f"opened the authority {REFERENCE}: {opened['state']}")


def close_authority(play: Play) -> None:
    closed = play.officer(DAY_OFFICER).asking.done("POST", f"/v1/operations/{REFERENCE}/close").body
    play.say(DAY_OFFICER, f"closed the authority {REFERENCE}: {closed['state']}")


def ask_as_police(play: Play) -> None:
    """Whatever could tell who was there."""
    for path in POLICE_ASK:
        answer = play.officer(ANALYST).asking.ask("GET", path)
        play.say(ANALYST, f"asks for {path}: {answer.status} {HTTPStatus(answer.status).phrase}")


def read_information(subject: str) -> Act:
    """What nobody is sent a message of stands on the list of whoever supervises the wearer."""

    def act(play: Play) -> None:
        officer = play.officer(subject)
        for alert in officer.open_alerts(severity="information"):
            name = officer.teller.name(alert["alert_id"])
            play.say(subject, f"reads on the list {name}: information, {alert['kind']}")

    return act
