"""Evidence that was handed on and says something else now: whoever of the staff it concerns is told, once.

Police who hold a bundle are no staff: they find the change with the bundle. So their notice goes to who asked for it or
confirmed the match, where that is one of the staff.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from alerts.duty.roster import first_channel
from model.casework_rules import CaseworkRules
from model.enums import Severity
from model.notices import NewNotice, NoticeTemplate
from model.staff import StaffMember
from ops import metrics
from ops.logs import get_logger
from store.database import Cursor
from store.evidence_tellings import Change, UntoldEvidence, note_told, untold_evidence
from store.notices import add_notices
from store.staff import staff_of_subjects

AT_ONCE = 100

_log = get_logger("duty")


def tell_changed_evidence(cursor: Cursor, _now: datetime, _rules: CaseworkRules) -> bool:
    untold = untold_evidence(cursor, AT_ONCE)
    members = staff_of_subjects(cursor, [subject for one in untold for subject in one.concerned])
    told: defaultdict[Change, set[str]] = defaultdict(set)
    tellings, notices = [], []
    for one in untold:
        notice = _notice(one, members)
        tellings.append((one.notice_id, None if notice is None else notice.recipient))
        if notice is not None and notice.recipient not in told[one.change].union(one.told):
            told[one.change].add(notice.recipient)
            notices.append(notice)
    nobody = sum(subject is None for _, subject in tellings)
    metrics.EVIDENCE_UNTOLD.inc(nobody)
    if nobody:
        _log.warning("issued evidence has changed, and nobody of the staff can be told", notices=nobody)
    note_told(cursor, tellings)
    add_notices(cursor, notices)
    return len(untold) == AT_ONCE


def _notice(one: UntoldEvidence, members: Mapping[str, StaffMember]) -> NewNotice | None:
    """To the first of whom it concerns who can be told."""
    for subject in one.concerned:
        member = members.get(subject)
        channel = None if member is None else first_channel(member, Severity.WARNING)
        if channel is not None:
            return NewNotice(subject, channel, NoticeTemplate.EVIDENCE_CHANGED, Severity.WARNING)
    return None
