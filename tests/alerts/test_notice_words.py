"""The words of messages: they say what kind of thing, how grave and when, and can say nothing more."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.notice_words import (
    GSM_7,
    HEADLINES,
    LONGEST_HEADLINE,
    LONGEST_SMS,
    Style,
    fields_of,
    read_headlines,
    words_of,
)
from model.enums import AlertKind, Severity
from model.notices import NoticeTemplate
from ops.delivery_settings import LONGEST_PUBLIC_URL
from ops.errors import InputError
from store.messages import StoredNotice

STYLE = Style("https://cordon.example", "+44 20 7946 0000")
LONGEST_STYLE = Style("https://" + "x" * (LONGEST_PUBLIC_URL - 8), "+44 20 7946 0000")
AT = datetime(2026, 7, 1, 12, 5, tzinfo=UTC)
ALERT = uuid.UUID(int=7)
VALUES: dict[str, list[object]] = {
    "kind": [kind.value for kind in AlertKind],
    "change": ["retracted", "upgraded", "reopened"],
    "count": [0, 1, 99_999],
    "clock": ["acknowledge", "first_action", "outcome"],
    "watch": ["watched", "weakened", "not_watched"],
}


def notice(
    template: NoticeTemplate = NoticeTemplate.ALERT,
    severity: Severity = Severity.BREACH,
    alert_id: uuid.UUID | None = ALERT,
    detail: dict[str, Any] | None = None,
) -> StoredNotice:
    return StoredNotice(template, severity, alert_id, detail or {}, AT)


def test_one_alert() -> None:
    words = words_of([notice(detail={"kind": "exclusion_zone_breach"})], STYLE)
    link = f"https://cordon.example/alerts/{ALERT}"
    assert words.subject == "Cordon: breach: exclusion zone breach"
    assert words.body == (
        f"breach: exclusion zone breach.\n\n01 Jul 13:05 breach: exclusion zone breach {link}\n\n"
        f"Open: {link}\nCall: +44 20 7946 0000\n"
    )
    assert words.sms == f"Cordon: breach: exclusion zone breach 13:05 Call +44 20 7946 0000 {link}"


def test_a_burst() -> None:
    severities = [Severity.BREACH, Severity.WARNING, Severity.WARNING]
    burst = [notice(severity=one, alert_id=uuid.UUID(int=place)) for place, one in enumerate(severities)]
    words = words_of(burst, STYLE)
    assert words.subject == "Cordon: 3 alerts: 1 breach, 2 warnings"
    assert words.sms == (
        "Cordon: 3 alerts: 1 breach, 2 warnings 13:05 Call +44 20 7946 0000 https://cordon.example/alerts"
    )
    mixed = words_of([*burst, notice(NoticeTemplate.ASSIGNED, Severity.INFORMATION)], STYLE)
    assert mixed.subject == "Cordon: 4 notices: 1 breach, 2 warnings, 1 information"


def test_every_template_has_its_words() -> None:
    assert set(HEADLINES) == set(NoticeTemplate)


@pytest.mark.parametrize("template", NoticeTemplate)
def test_a_text_message_is_one(template: NoticeTemplate) -> None:
    for severity in Severity:
        for value in VALUES[next(iter(fields_of(template) - {"severity"}), "count")]:
            detail = dict.fromkeys(fields_of(template), value)
            for style in (STYLE, LONGEST_STYLE):
                words = words_of([notice(template, severity, detail=detail)], style)
                assert len(words.sms) <= LONGEST_SMS
                assert set(words.sms) <= GSM_7
                assert len(words.subject) <= len("Cordon: ") + LONGEST_HEADLINE


def test_a_text_message_of_a_great_burst_is_one() -> None:
    burst = [notice(NoticeTemplate.OVERDUE, one, uuid.UUID(int=n)) for n in range(3000) for one in Severity]
    words = words_of(burst, LONGEST_STYLE)
    assert len(words.sms) <= LONGEST_SMS
    assert words.body.count("\n") < 50
    assert "and 8970 more" in words.body


SECRETS = ("Larkfield", "X123456", "14 Market Square", "51.4994", "knife", "EZ-1042", "\r\nBcc: all@example")
FOREIGN = st.one_of(
    st.sampled_from(SECRETS),
    st.text(min_size=4).map(lambda text: f"§§{text}§§"),
    st.lists(st.sampled_from(SECRETS)),
    st.floats(50, 52),
)


@pytest.mark.parametrize("template", NoticeTemplate)
@given(detail=st.dictionaries(st.sampled_from([*VALUES, "severity", "name", "zone", "place", "call", "at"]), FOREIGN))
def test_no_template_renders_what_is_not_in_its_list(template: NoticeTemplate, detail: dict[str, Any]) -> None:
    """Whatever a detail holds, the words are those of the same notice with each foreign value left out."""
    assert words_of([notice(template, detail=detail)], STYLE) == words_of([notice(template)], STYLE)


def test_the_list_of_a_template_is_what_its_words_show() -> None:
    assert fields_of(NoticeTemplate.ALERT) == {"kind"}
    assert fields_of(NoticeTemplate.VICTIM_ZONE) == {"watch"}
    assert fields_of(NoticeTemplate.DATE_OF_BIRTH) == set()


def test_a_service_has_its_own_words() -> None:
    own = read_headlines('assigned = "Yours now"\nvictim_task = "Please look at your list"\n')
    words = words_of([notice(NoticeTemplate.ASSIGNED)], Style("https://cordon.example", headlines=own))
    assert words.subject == "Cordon: Yours now"


@pytest.mark.parametrize(
    "document", ["assigned = 7", "nothing = 'x'", "assigned = ''", "assigned = '💥'", f"assigned = '{'x' * 47}'", "="]
)
def test_wrong_words_are_refused(document: str) -> None:
    with pytest.raises(InputError):
        read_headlines(document)
