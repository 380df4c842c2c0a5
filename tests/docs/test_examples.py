"""The examples of docs/api.md, run as they stand against the API on a real server."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from access.roles import Role
from access.tokens import DEFAULT_LIFETIME, create_token
from store.sources import create_source
from tests import conftest
from tests.docs.reference import ROOT
from tests.servers.timescale import DatabaseServer
from tests.support.api_server import RunningApi, running_api
from tests.support.database import DatabaseUrls
from tests.support.seed import as_owner, seed_positions

EXAMPLES = re.findall(
    r"^```sh\n(.*?)^```$", (ROOT / "docs/api.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
CURL = 'curl() { command curl --silent --show-error --fail-with-body --max-time 10 "$@"; }\n'
CURL_FOR_STREAMS = CURL.replace("--max-time 10", "--max-time 2")
TIMED_OUT = 28


@pytest.fixture(scope="module")
def api(embedded_server: DatabaseServer, embedded_template: str) -> Iterator[RunningApi]:
    if shutil.which("curl") is None:
        conftest.cannot_be_had("no `curl` on this machine")
    with (
        conftest.fresh_database(embedded_server, embedded_template) as url,
        running_api(DatabaseUrls.of(url)) as running,
    ):
        with as_owner(running.urls.owner) as cursor:
            seed_positions(cursor, running.own.device_id, 3)
            seed_positions(cursor, running.own.device_id, 120, datetime.now(UTC) - timedelta(days=1))
        yield running


def _run(
    api: RunningApi, example: str, source_key: str = "", police_token: str = "", curl: str = CURL
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", curl + example],  # noqa: S607 - the machine's bash
        env={
            "PATH": os.environ["PATH"],
            "CORDON": api.url,
            "TOKEN": api.tokens[Role.PRACTITIONER],
            "MANAGER_TOKEN": api.tokens[Role.MANAGER],
            "ADMINISTRATOR_TOKEN": api.tokens[Role.ADMINISTRATOR],
            "POLICE_TOKEN": police_token,
            "SOURCE_KEY": source_key,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_examples_work_in_their_order(api: RunningApi) -> None:
    with as_owner(api.urls.owner) as cursor:
        source_key = create_source(cursor, "examples")
        now, role = datetime.now(UTC), Role.POLICE_ANALYST
        police_token = create_token(cursor, role, "an.analyst", now, DEFAULT_LIFETIME, "Metropolitan").token
    for example in EXAMPLES:
        if "/stream" in example:
            continue
        done = _run(api, example, source_key, police_token)
        assert done.returncode == 0, f"{example}\n{done.stdout}{done.stderr}"
        if "/v1/osmand" in example:
            assert done.stdout == "", "a phone gets no more than success"
            continue
        first = json.JSONDecoder().raw_decode(done.stdout.lstrip())[0]
        assert not first.get("rejected"), example
        assert first.get("alerts", True), f"{example}\nfinds nothing"
        assert first.get("features", True), f"{example}\nfinds nothing"
        assert first.get("visits", True), f"{example}\nfinds nothing"
        assert first.get("crime_batches", True), f"{example}\nfinds nothing"
        if "MPS20261121" in example and "printf" in example:
            assert (first["state"], first["new_count"], len(first["errors"])) == ("partial", 1, 1)


def test_the_stream_s_example_gives_what_was_missed(api: RunningApi) -> None:
    (example,) = [example for example in EXAMPLES if "/stream" in example]
    done = _run(api, example, curl=CURL_FOR_STREAMS)
    assert done.returncode == TIMED_OUT, "it goes on until it is cut"
    assert "event: alert" in done.stdout
    assert api.own_alert in done.stdout
    assert api.other_alert not in done.stdout


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 5
