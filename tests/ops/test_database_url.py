"""Which servers need TLS, and where the password comes from."""

import pytest
from psycopg2.extensions import parse_dsn

from ops.database_url import complete_url
from ops.errors import ConfigurationError

NAME = "CORDON_DATABASE_API_URL"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@/cordon?host=/run/postgresql",
        "postgresql://u@localhost:5432/cordon",
        "postgresql://u@127.0.0.2/cordon",
        "postgresql://u@[::1]/cordon",
        "dbname=cordon user=u",
        "postgresql://u@localhost/cordon?sslmode=disable",
    ],
)
def test_this_machine_s_own_server_needs_no_tls(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGHOST", raising=False)
    assert complete_url(NAME, url, "", "verify-full", "") == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u@db.example/cordon",
        "postgresql://u@10.0.0.1/cordon?sslmode=verify-full",
        "host=localhost,db.example dbname=cordon",
        "host=localhost hostaddr=10.0.0.1 dbname=cordon",
        "host=db.example hostaddr=127.0.0.1 dbname=cordon",
        "service=elsewhere",
    ],
)
def test_every_other_one_proves_its_name(url: str) -> None:
    completed = parse_dsn(complete_url(NAME, url, "", "verify-full", ""))
    assert (completed["sslmode"], completed["sslrootcert"]) == ("verify-full", "system")
    named = parse_dsn(complete_url(NAME, url, "", "verify-full", "/ca.pem"))
    assert named["sslrootcert"] == "/ca.pem"
    assert complete_url(NAME, url, "", "off", "") == url


def test_libpq_s_own_variable_leads_elsewhere_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    assert parse_dsn(complete_url(NAME, "dbname=cordon", "", "verify-full", ""))["sslmode"] == "verify-full"


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca"])
def test_less_than_that_is_refused(mode: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{NAME} asks for sslmode={mode}") as refused:
        complete_url(NAME, f"postgresql://u:s3cret@db.example/cordon?sslmode={mode}", "", "verify-full", "")
    assert "s3cret" not in str(refused.value)


def test_the_password_of_a_file_goes_where_the_url_holds_none() -> None:
    odd = "p@ss/w:rd'\\ "
    assert parse_dsn(complete_url(NAME, "postgresql://u@localhost/cordon", odd, "verify-full", ""))["password"] == odd
    kept = complete_url(NAME, "postgresql://u:own@localhost/cordon", odd, "verify-full", "")
    assert parse_dsn(kept)["password"] == "own"  # noqa: S105


def test_what_is_no_url_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as refused:
        complete_url(NAME, "postgresql//u:s3cret@db", "", "verify-full", "")
    assert "s3cret" not in str(refused.value)
