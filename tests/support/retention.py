"""Runs of retention as a test wants them."""

from collections import Counter
from contextlib import closing

from ingest.retention import Run
from model.retention import BY_AGE_ALONE, Kind, RetentionRules, Rule
from store.database import connect
from tests.support.database import DatabaseUrls
from tests.support.matching import IDENTITY

AFTER_THE_END: RetentionRules = {kind: Rule(None, None if kind in BY_AGE_ALONE else 30) for kind in Kind}
"""Everything of a person a month after the end, and nothing by its age."""


def run(database: DatabaseUrls, rules: RetentionRules, *, dry: bool = False) -> Counter[tuple[Kind, str]]:
    with closing(connect(database.keeper, "test")) as connection:
        work = Run(connection, rules, IDENTITY)
        return +(work.dry() if dry else work.delete())
