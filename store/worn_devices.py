"""Worn devices with what was heard of them, and the alerts of devices: what the watch judges."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model.alerts import Alert
from model.enums import AlertKind
from model.times import SECOND_US, from_microseconds, microseconds_or_none, moment_or_none, to_microseconds
from model.watching import Heard, Wearing, Worn
from store.alert_rows import ALERT, alert_of
from store.database import Cursor, fetch_one

_OF_SILENCE = [AlertKind.NO_COMMUNICATION.value, AlertKind.NO_FIX.value]


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Which worn devices are worth a look: a wider net than the rules, so that not all of them are read each time.

    Before ``silent_before_us`` a device was last heard; None while the intake is not alive, when silence says nothing.
    """

    silent_before_us: int | None
    without_fix_us: int  # heard for so long with no fix
    battery_pct: float  # at or below
    devices: Collection[int]  # whatever they did


def survey(cursor: Cursor, now_us: int) -> tuple[int, int | None]:
    """How many devices are on somebody now, and when any of them was last heard."""
    cursor.execute(
        "SELECT count(*), max(last_received_at) FROM device_activations LEFT JOIN device_heard USING (device_id)"
        " WHERE during @> %s::timestamptz",
        (from_microseconds(now_us),),
    )
    count, newest = fetch_one(cursor)
    return count, microseconds_or_none(newest)


def load_worn(cursor: Cursor, now_us: int, suspicion: Suspicion) -> list[Worn]:
    """The devices on somebody now that are suspicious or have an open alert, with their open alerts of silence."""
    cursor.execute(
        f"SELECT {ALERT} FROM alerts alert WHERE state = 'open' AND kind = ANY (%s)",  # noqa: S608 -- our own column names
        (_OF_SILENCE,),
    )
    alerts: dict[int | None, dict[AlertKind, Alert]] = {}
    for alert in map(alert_of, cursor.fetchall()):
        alerts.setdefault(alert.activation_id, {})[alert.kind] = alert
    silent_before_us = suspicion.silent_before_us
    cursor.execute(
        "SELECT activation_id, person_id, activation.device_id, lower(during), last_received_at, last_fix_at,"
        " battery_pct, battery_at, coalesce(at_beacon, false), beacon_seen_at"
        " FROM device_activations activation LEFT JOIN device_heard USING (device_id)"
        " WHERE during @> %(now)s::timestamptz AND ("
        "  activation_id IN (SELECT open.activation_id FROM alerts open"
        "    WHERE open.state = 'open' AND open.zone_id IS NULL AND open.activation_id IS NOT NULL)"
        "  OR device_id = ANY (%(devices)s) OR battery_pct <= %(battery_pct)s"
        "  OR greatest(last_received_at, lower(during)) <= %(silent_before)s::timestamptz"
        "  OR NOT at_beacon AND last_received_at - greatest(lower(during), last_fix_at, beacon_seen_at)"
        "    >= make_interval(secs => %(without_fix_s)s))",
        {
            "now": from_microseconds(now_us),
            "devices": list(suspicion.devices),
            "battery_pct": suspicion.battery_pct,
            "silent_before": moment_or_none(silent_before_us),
            "without_fix_s": suspicion.without_fix_us / SECOND_US,
        },
    )
    return [_worn(row, alerts) for row in cursor.fetchall()]


def load_wearings(cursor: Cursor, device_ids: Collection[int]) -> list[Wearing]:
    """Every activation of the devices, past ones too: an event may be late."""
    cursor.execute(
        "SELECT activation_id, person_id, device_id, lower(during), upper(during) FROM device_activations"
        " WHERE device_id = ANY (%s) ORDER BY activation_id",
        (list(device_ids),),
    )
    return [
        Wearing(activation_id, person_id, device_id, to_microseconds(start), microseconds_or_none(end))
        for activation_id, person_id, device_id, start, end in cursor.fetchall()
    ]


def load_alerts_of(cursor: Cursor, activation_ids: Collection[int], kinds: Sequence[AlertKind]) -> list[Alert]:
    """Every alert of these kinds that the activations had, in the order in which they were raised."""
    cursor.execute(
        f"SELECT {ALERT} FROM alerts alert WHERE activation_id = ANY (%s) AND kind = ANY (%s) ORDER BY sequence",  # noqa: S608 -- as above
        (list(activation_ids), [kind.value for kind in kinds]),
    )
    return [alert_of(row) for row in cursor.fetchall()]


def load_open_alerts(cursor: Cursor, kinds: Sequence[AlertKind]) -> list[Alert]:
    cursor.execute(
        f"SELECT {ALERT} FROM alerts alert WHERE state = 'open' AND kind = ANY (%s) ORDER BY sequence",  # noqa: S608 -- as above
        ([kind.value for kind in kinds],),
    )
    return [alert_of(row) for row in cursor.fetchall()]


def load_outlasting(cursor: Cursor, kinds: Sequence[AlertKind], now_us: int) -> list[tuple[Alert, int, int]]:
    """(alert, device, end of its activation) of open alerts whose activation has ended."""
    cursor.execute(
        f"SELECT {ALERT}, device_id, upper(during) FROM alerts alert"  # noqa: S608 -- as above
        " JOIN device_activations USING (activation_id, person_id)"
        " WHERE state = 'open' AND kind = ANY (%s) AND upper(during) <= %s ORDER BY sequence",
        ([kind.value for kind in kinds], from_microseconds(now_us)),
    )
    return [(alert_of(row[:-2]), row[-2], to_microseconds(row[-1])) for row in cursor.fetchall()]


def _worn(row: tuple[Any, ...], alerts: Mapping[int | None, Mapping[AlertKind, Alert]]) -> Worn:
    activation_id, person_id, device_id, start, received, fix, battery_pct, battery_at, at_beacon, beacon_seen = row
    return Worn(
        activation_id=activation_id,
        person_id=person_id,
        device_id=device_id,
        start_us=to_microseconds(start),
        heard=Heard(
            microseconds_or_none(received), microseconds_or_none(fix), battery_pct, microseconds_or_none(battery_at)
        ),
        at_beacon=at_beacon,
        beacon_seen_us=microseconds_or_none(beacon_seen),
        open_alerts=alerts.get(activation_id, {}),
    )


def count_open_alerts(cursor: Cursor, kinds: Sequence[AlertKind]) -> dict[AlertKind, int]:
    """How many are open of each kind that has any."""
    cursor.execute(
        "SELECT kind, count(*) FROM alerts alert WHERE state = 'open' AND kind = ANY (%s) GROUP BY kind",
        ([kind.value for kind in kinds],),
    )
    return {AlertKind(kind): count for kind, count in cursor.fetchall()}
