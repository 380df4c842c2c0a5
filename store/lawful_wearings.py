"""When worn devices' positions may be looked at: wearings cut by what the conditions, other bases and visits open.

Crime matching reads positions of these pieces alone; all else of a wearing was worn and not monitored.
"""

from collections.abc import Sequence

import numpy as np

from geofence.columns import Integers
from model.crimes import Window
from store.copied_out import copy_out
from store.database import Cursor
from store.wearings import TYPES, Wearings

_PEOPLE = "person_id = ANY (%(people)s)"
_STRETCHES = (
    "SELECT person_id, during FROM trail_stretches WHERE {people}"
    # those that began long before are noted; {window} alone would look at every visit of the past
    " UNION ALL SELECT person_id, during FROM visit_stretches WHERE {people} AND during && {window}"
    "  AND entered_at >= lower({window}) - interval '2 days 15 minutes'"
    "  AND entered_at < upper({window}) + interval '15 minutes'"
    " UNION ALL SELECT person_id, during FROM long_visits JOIN visit_stretches USING (visit_id)"
    "  WHERE {people} AND during && {window}"
)
_MOMENT = "('epoch'::timestamptz + %({name})s * interval '1 microsecond')"


def _range(start: str, end: str) -> str:
    return f"tstzrange({_MOMENT.format(name=start)}, {_MOMENT.format(name=end)})"


_WINDOW, _REACH = _range("window_from", "window_to"), _range("reach_from", "reach_to")
_PIECES = (
    "WITH allowed AS (SELECT person_id, range_agg(during) AS times FROM ({stretches}) each_time GROUP BY person_id)"  # noqa: S608  names of this file
    " SELECT activation_id, device_id, person_id, lower(piece), coalesce(upper(piece), 'infinity'),"
    "  coalesce(last_fix_at, '-infinity')"
    " FROM device_activations worn JOIN allowed USING (person_id)"
    " CROSS JOIN LATERAL unnest(times * tstzmultirange(worn.during)) AS piece LEFT JOIN device_heard USING (device_id)"
    f" WHERE worn.during && {_REACH} AND piece && {_REACH} ORDER BY person_id, lower(piece), activation_id"
)


def read_lawful(cursor: Cursor, window: Window, reach: Window, people: Sequence[int] | None = None) -> Wearings:
    """The pieces of wearings that touch ``reach`` in which positions may be looked at, of everybody or of these people.

    Visits are taken into account that are, with what is around them, in ``window``: pieces away from it are those of
    trail monitoring and other bases alone. Nobody is looked at more for that, but somebody may seem to be less.
    """
    stretches = _STRETCHES.format(people="true" if people is None else _PEOPLE, window=_WINDOW)
    given = {"window_from": window.from_us, "window_to": window.to_us}
    given |= {"reach_from": reach.from_us, "reach_to": reach.to_us}
    parameters = {**given, "people": list(people or ())}
    table = copy_out(cursor, _PIECES.format(stretches=stretches), parameters, TYPES)
    return Wearings(*(table.integers(name) for name in TYPES))


def partly_monitored(wearings: Wearings, lawful: Wearings, reach: Window) -> Integers:
    """The people of ``wearings``, sorted, of whom there is a time in ``reach`` that is no piece of ``lawful``."""
    order = np.argsort(wearings.activation)
    place = order[np.searchsorted(wearings.activation, lawful.activation, sorter=order)]
    is_whole = (lawful.from_us <= np.maximum(wearings.from_us[place], reach.from_us)) & (
        lawful.until_us >= np.minimum(wearings.until_us[place], reach.to_us)
    )
    outside = (wearings.until_us <= reach.from_us) | (wearings.from_us >= reach.to_us)
    whole = np.isin(wearings.activation, lawful.activation[is_whole])
    return np.unique(wearings.person[~whole & ~outside])


def unmonitored_times(
    wearings: Wearings, lawful: Wearings, reach: Window, people: Integers
) -> dict[int, tuple[Window, ...]]:
    """By person: when they wore a device in ``reach`` and its positions may not be looked at."""
    found: dict[int, tuple[Window, ...]] = {}
    theirs = wearings.take(np.isin(wearings.person, people))
    pieces = lawful.take(np.isin(lawful.person, people))
    for activation, person, from_us, until_us in zip(
        theirs.activation.tolist(),
        theirs.person.tolist(),
        np.maximum(theirs.from_us, reach.from_us).tolist(),
        np.minimum(theirs.until_us, reach.to_us).tolist(),
        strict=True,
    ):
        open_us = from_us
        for piece in np.flatnonzero(pieces.activation == activation).tolist():
            begins_us, ends_us = int(pieces.from_us[piece]), int(pieces.until_us[piece])
            if open_us < begins_us and open_us < until_us:
                found[person] = (*found.get(person, ()), Window(open_us, min(begins_us, until_us) - 1))
            open_us = max(open_us, ends_us)
        if open_us < until_us:
            found[person] = (*found.get(person, ()), Window(open_us, until_us - 1))
    return found
