"""One message for a burst, never a lost one: for any pattern in which notices come."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from alerts.casework_rules import default_rules
from model.enums import Severity
from model.notices import NewNotice, NoticeChannel, NoticeTemplate
from store.database import Cursor, connect
from store.notices import add_notices
from tests.conftest import fresh_database
from tests.servers.timescale import DatabaseServer
from tests.support.database import DatabaseUrls
from tests.support.messages import Keeper, messages_by, own_clock, seed_staff, tick

QUIET_S = int(default_rules().quiet_s)
RECIPIENTS = ("officer.a", "officer.b")
Arrival = tuple[int, int, int]  # when, whose, how much later it may go out

ARRIVALS = st.lists(
    st.tuples(st.integers(0, 4 * QUIET_S), st.integers(0, 1), st.sampled_from([0, 0, 0, 1, QUIET_S])),
    min_size=1,
    max_size=12,
)


@pytest.fixture(scope="module")
def database(embedded_server: DatabaseServer, embedded_template: str) -> Iterator[DatabaseUrls]:
    with fresh_database(embedded_server, embedded_template) as url:
        with closing(connect(url, "test")) as connection, connection, connection.cursor() as cursor:
            own_clock(cursor)
            tick(cursor, 0)
            for subject in RECIPIENTS:
                seed_staff(cursor, subject)
        yield DatabaseUrls.of(url)


def add(cursor: Cursor, whose: int, later_s: int) -> None:
    (notice_id,) = add_notices(
        cursor,
        [NewNotice(RECIPIENTS[whose], NoticeChannel.EMAIL, NoticeTemplate.OVERDUE, Severity.WARNING)],
    )
    cursor.execute(
        "UPDATE notices SET send_after = send_after + make_interval(secs => %s) WHERE notice_id = %s",
        (later_s, notice_id),
    )


@given(arrivals=ARRIVALS)
@example(arrivals=[(0, 0, 0), (1, 0, 0), (2, 0, 0), (QUIET_S, 0, 0)])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_notice_is_in_one_message_in_time_and_messages_are_apart(
    database: DatabaseUrls, arrivals: list[Arrival]
) -> None:
    keeper = Keeper()
    pending = sorted(arrivals)
    # the sender looks whenever something comes, falls due or may be sent again
    looks = {moment for at_s, _, later_s in arrivals for moment in (at_s, at_s + later_s)}
    with closing(connect(database.owner, "test")) as connection, messages_by(database, keeper) as sender:
        with connection, connection.cursor() as cursor:
            cursor.execute("TRUNCATE notices, messages, delivery_attempts RESTART IDENTITY CASCADE")
        while looks:
            now_s = min(looks)
            looks.remove(now_s)
            with connection, connection.cursor() as cursor:
                tick(cursor, now_s)
                while pending and pending[0][0] <= now_s:
                    add(cursor, *pending.pop(0)[1:])
            before = -1
            while before != len(keeper.sent):
                before = len(keeper.sent)
                sender.round()
                if len(keeper.sent) > before:
                    looks.add(now_s + QUIET_S)
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT notice_id, notices.message_id,"
                " extract(epoch FROM send_after - timestamptz '2026-03-01')::int,"
                " extract(epoch FROM accepted_at - timestamptz '2026-03-01')::int, notices.recipient"
                " FROM notices LEFT JOIN messages USING (message_id) ORDER BY notice_id"
            )
            told = cursor.fetchall()
    assert len(told) == len(arrivals)
    assert Counter(message.message_id for message in keeper.sent) == Counter({row[1] for row in told})
    for recipient in RECIPIENTS:
        own = [(send_after_s, sent_s) for _, _, send_after_s, sent_s, whose in told if whose == recipient]
        assert all(send_after_s <= sent_s <= send_after_s + QUIET_S for send_after_s, sent_s in own)
        times = sorted({sent_s for _, sent_s in own})
        assert all(later - earlier >= QUIET_S for earlier, later in pairwise(times))
        if own:
            assert times[0] == min(send_after_s for send_after_s, _ in own), "the first of a burst goes at once"
