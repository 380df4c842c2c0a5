"""Police requests for a trail that wait: the managers who may decide are told, once.

Told here and not by the request itself: how long a request takes must not tell whether the person is known here.
"""

from datetime import datetime

from alerts.duty.roster import first_channel
from model.casework_rules import CaseworkRules
from model.enums import Severity
from model.notices import NewNotice, NoticeTemplate
from ops.logs import get_logger
from store.database import Cursor
from store.notices import add_notices
from store.staff import staff_of_subjects
from store.trail_tellings import note_told, untold_trail_requests

AT_ONCE = 100

_log = get_logger("duty")


def tell_trail_requests(cursor: Cursor, _now: datetime, _rules: CaseworkRules) -> bool:
    untold = untold_trail_requests(cursor, AT_ONCE)
    members = staff_of_subjects(cursor, [subject for one in untold for subject in one.managers])
    tellings, notices = [], []
    for one in untold:
        told = [
            NewNotice(subject, channel, NoticeTemplate.TRAIL_REQUESTED, Severity.WARNING)
            for subject in one.managers
            if subject in members and (channel := first_channel(members[subject], Severity.WARNING)) is not None
        ]
        notices += told
        tellings.append((one.trail_request_id, len(told)))
        if one.is_known and not told:
            _log.warning("nobody who may decide on it can be told", trail_request_id=one.trail_request_id)
    note_told(cursor, tellings)
    add_notices(cursor, notices)
    return len(untold) == AT_ONCE
