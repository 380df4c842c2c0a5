"""What the sealer does in a second or two."""

from contextlib import closing

from access.sealer import Sealer
from store.database import connect
from tests.support.database import DatabaseUrls

EVERY_S = 1.0


def seal_all(urls: DatabaseUrls) -> None:
    """Until there is nothing more to seal."""
    with closing(connect(urls.sealer, "test")) as connection:
        sealer = Sealer(lambda: connection, EVERY_S, None, None)
        while sealer.round() != EVERY_S:
            pass
        sealer._let_go()
