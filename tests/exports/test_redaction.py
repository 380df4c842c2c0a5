"""Others' names and numbers go, however they are written; the person's own words stay."""

from hypothesis import given
from hypothesis import strategies as st

from model.redaction import Redactor

PHRASES = [
    ("jo.smith", "[staff]"),
    ("Jo Smith", "[staff]"),
    ("jo.smith@example.org", "[staff]"),
    ("+447700900101", "[staff]"),
    ("Kim O'Hara-Example", "[another person]"),
    ("X100002", "[another person]"),
    ("V-3F0A91C27E", "[a victim]"),
    ("Sam Example", "[another person]"),
    ("Al", "[another person]"),
]
WORDS = st.lists(st.sampled_from(["was", "seen", "by", "at", "the", "station", "x", "ü"]), max_size=6)


def redactor() -> Redactor:
    return Redactor(PHRASES, ["sam example", "X100001"])


def test_each_phrase_is_replaced_and_counted() -> None:
    found = redactor()
    text = "Rang JO SMITH (jo.smith@example.org, +447700900101), who saw Kim O'Hara-Example; x100002. See V-3F0A91C27E."
    assert found.text(text) == (
        "Rang [staff] ([staff], [staff]), who saw [another person]; [another person]. See [a victim]."
    )
    assert found.counts == {"[staff]": 3, "[another person]": 2, "[a victim]": 1}


def test_what_is_the_person_s_own_stays_and_words_are_not_cut() -> None:
    found = redactor()
    text = "Sam Example, X100001, Al also, X1000021, Jo Smithson"
    assert found.text(text) == text
    assert not found.counts


def test_a_document_is_searched_to_its_leaves_names_included() -> None:
    document = {"to": "jo.smith", "X100002": [{"said": "to Jo  Smith"}, 7, None, True]}
    assert redactor().value(document) == {
        "to": "[staff]",
        "[another person]": [{"said": "to [staff]"}, 7, None, True],
    }


@given(WORDS, st.sampled_from(PHRASES[:-2]), WORDS, st.sampled_from([" ", ", ", "; ", "\n", " ("]))
def test_a_phrase_among_other_words_never_stays(
    before: list[str], phrase: tuple[str, str], after: list[str], between: str
) -> None:
    text = between.join([*before, phrase[0], *after])
    assert redactor().text(text) == between.join([*before, phrase[1], *after])
