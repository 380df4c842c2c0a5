"""docker-compose.yml and the Dockerfile, as far as a machine without Docker can judge them."""

import importlib
import json
import re
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import jsonschema
import pytest
from psycopg2.extensions import parse_dsn

from ops.setting_sources import variables_of
from ops.settings import Settings, load_settings
from tests.deploy.compose import HEALTH_PORTS, ROOT, bind_mounts, document, interpolated, services
from tests.docs.reference import commands
from tests.servers import kafka as kafka_server
from tests.servers import timescale

OURS = ("migrate", "topics", "api", "worker", "deliver", "watch", "match", "duty", "seal", "admin", "retention")
PINNED = re.compile(r"[a-z0-9./-]+:v?\d+\.\d+\.\d+[A-Za-z0-9.-]*")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_it_follows_the_compose_specification() -> None:
    resource = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(resource.read_text(encoding="utf-8"))
    problems = [
        f"{error.json_path}: {error.message}"
        for error in jsonschema.validators.validator_for(schema)(schema).iter_errors(document())
    ]
    assert problems == []


def test_the_parts_that_a_deployment_needs_are_there() -> None:
    assert set(services()) == {"kafka", "timescaledb", "prometheus", *OURS}


@pytest.mark.parametrize("name", services())
def test_a_service_is_hardened(name: str) -> None:
    service = services()[name]
    uid, gid = service["user"].split(":")
    assert int(uid) > 0, "a number, so that an orchestrator can see that it is not root"
    assert int(gid) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    widening = {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices", "userns_mode", "container_name"}
    assert not widening & service.keys()


@pytest.mark.parametrize("name", OURS)
def test_our_own_services_write_nowhere(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert "volumes" not in service


def test_every_image_is_pinned() -> None:
    images = [service["image"] for service in services().values()]
    bases = re.findall(r"^ARG PYTHON=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 1
    assert [image for image in [*images, *bases] if not PINNED.fullmatch(image)] == []
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${PYTHON}"}


def test_the_servers_are_those_that_the_tests_run_on() -> None:
    assert services()["kafka"]["image"] == kafka_server.IMAGE
    assert services()["timescaledb"]["image"] == timescale.IMAGE


def test_our_image_carries_the_version_of_the_project() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert version is not None
    assert {services()[name]["image"] for name in OURS} == {f"cordon:{version[1]}"}


@pytest.mark.parametrize("name", services())
def test_every_cordon_variable_is_a_setting(name: str) -> None:
    given = services()[name].get("environment", {})
    settings = set(variables_of(Settings.model_fields))
    assert {variable for variable in given if variable.startswith("CORDON_")} <= settings
    assert name not in OURS or set(given) <= settings, "our services read nothing else"


@pytest.mark.parametrize("name", OURS)
def test_the_settings_are_accepted(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("apassword0000001")
    for variable, value in services()[name]["environment"].items():
        monkeypatch.setenv(variable, str(tmp_path / "password") if variable.endswith("_FILE") else value)
    settings = load_settings()
    assert name in {"migrate", "seal", "retention"} or settings.broker == "kafka"
    roles: list[Literal["owner", "worker", "api", "sealer", "keeper"]] = ["owner", "worker", "api", "sealer", "keeper"]
    for role in roles:
        if f"CORDON_DATABASE_{role.upper()}_URL" in services()[name]["environment"]:
            url = parse_dsn(settings.require_database_url(role))
            assert (url["password"], url["host"]) == ("apassword0000001", "timescaledb")


def test_no_password_stands_in_the_environment() -> None:
    """Whoever may look at a container sees its environment; a secret is a file, and shown to those who need it."""
    for name, service in services().items():
        environment = service.get("environment", {})
        assert [
            variable for variable, value in environment.items() if "://" in value and ":" in _user_part(value)
        ] == []
        files = {variable: value for variable, value in environment.items() if variable.endswith("_FILE")}
        mounted = {f"/run/secrets/{secret.get('target', secret['source'])}" for secret in service.get("secrets", [])}
        assert set(files.values()) <= mounted, name
        sources = {secret["source"] for secret in service.get("secrets", [])}
        assert sources <= document()["secrets"].keys()
        if name in OURS and name != "topics":
            (url,) = (variable for variable in environment if variable.endswith("_URL"))
            assert sources == {f"{url.removeprefix('CORDON_').removesuffix('_URL').lower()}_password"}, name
    assert all(set(secret) == {"file"} for secret in document()["secrets"].values()), (
        "read-only containers take no other"
    )


def test_the_script_makes_every_secret_once_for_its_owner_alone(tmp_path: Path) -> None:
    script = tmp_path / "deploy/secrets.sh"
    script.parent.mkdir()
    script.write_bytes((ROOT / "deploy/secrets.sh").read_bytes())
    made = []
    for _ in range(2):
        subprocess.run(["bash", script], check=True)  # noqa: S607 - the machine's bash
        made.append({file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()})
    assert made[0] == made[1]
    assert {f"./secrets/{name}" for name in made[0]} == {one["file"] for one in document()["secrets"].values()}
    passwords = [secret for name, secret in made[0].items() if name.startswith("database_")]
    assert len(set(passwords)) == len(passwords)
    assert all(re.fullmatch(r"[a-z0-9]{48}", password) for password in passwords), "what 10-logins.sh takes"
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert "secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_each_process_has_only_its_own_way_into_the_database() -> None:
    ways = {
        name: {variable for variable in services()[name]["environment"] if variable.endswith("_URL")} for name in OURS
    }
    assert ways == {
        "migrate": {"CORDON_DATABASE_OWNER_URL"},
        "admin": {"CORDON_DATABASE_OWNER_URL"},
        "worker": {"CORDON_DATABASE_WORKER_URL"},
        "deliver": {"CORDON_DATABASE_WORKER_URL"},
        "watch": {"CORDON_DATABASE_WORKER_URL"},
        "match": {"CORDON_DATABASE_WORKER_URL"},
        "duty": {"CORDON_DATABASE_WORKER_URL"},
        "seal": {"CORDON_DATABASE_SEALER_URL"},
        "api": {"CORDON_DATABASE_API_URL"},
        "retention": {"CORDON_DATABASE_KEEPER_URL"},
        "topics": set(),
    }


def test_ports_are_open_to_this_machine_only() -> None:
    ports = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert set(ports) == {"api", "prometheus"}
    assert [port for those in ports.values() for port in those if not port.startswith("127.0.0.1:")] == []


def test_database_and_broker_have_no_way_out() -> None:
    assert document()["networks"]["inside"] == {"internal": True}
    assert services()["kafka"]["networks"] == services()["timescaledb"]["networks"] == ["inside"]


def test_workers_can_be_many() -> None:
    worker = services()["worker"]
    assert not {"ports", "container_name", "hostname"} & worker.keys()


@pytest.mark.parametrize("name", services())
def test_a_service_waits_for_what_it_needs_and_says_when_it_is_ready(name: str) -> None:
    service = services()[name]
    one_shot = service.get("restart") == "no"
    assert one_shot == (service["healthcheck"] == {"disable": True})
    for needed, how in service.get("depends_on", {}).items():
        finishes = services()[needed].get("restart") == "no"
        assert how["condition"] == ("service_completed_successfully" if finishes else "service_healthy")


def test_every_file_it_mounts_is_there() -> None:
    mounts = list(bind_mounts())
    assert mounts
    assert [path for _, path in mounts if not (ROOT / path).is_file()] == []


def test_the_example_environment_gives_every_variable_and_no_secret() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", maxsplit=1) for line in lines if line and not line.startswith("#"))
    assert set(given) == interpolated()
    assert {name: value for name, value in given.items() if name.endswith("PASSWORD") and value} == {}


def test_a_filled_in_environment_is_never_committed() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert ".env" in ignored


def test_what_the_dockerfile_copies_is_there_and_let_through() -> None:
    let_through = {line[1:] for line in _lines(".dockerignore") if line.startswith("!")}
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert copied == let_through
    assert [source for source in copied if not (ROOT / source).exists()] == []


def test_the_image_holds_every_package_of_the_wheel() -> None:
    packages = re.search(r"^packages = (\[.+\])$", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert packages is not None
    assert set(json.loads(packages[1])) <= set(re.findall(r"^COPY (\S+) \1$", DOCKERFILE, re.MULTILINE))


def test_the_image_is_not_roots() -> None:
    assert re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE) == [tuple(_user("api"))]
    assert "--require-hashes" in DOCKERFILE
    assert importlib.util.find_spec(_healthcheck_module(DOCKERFILE)) is not None


@pytest.mark.parametrize("name", HEALTH_PORTS)
def test_the_health_check_asks_the_port_that_is_set(name: str) -> None:
    service = services()[name]
    port = service["environment"][HEALTH_PORTS[name]]
    assert service["healthcheck"]["test"][-1] == f"http://127.0.0.1:{port}/health/ready"


def test_scripts_are_sound_bash() -> None:
    for script in (".ci/run", "deploy/database/10-logins.sh", "deploy/secrets.sh"):
        subprocess.run(["bash", "-n", ROOT / script], check=True)  # noqa: S607 - the machine's bash
        assert (ROOT / script).stat().st_mode & 0o111


def _user_part(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[0]


def _user(name: str) -> list[str]:
    user: str = services()[name]["user"]
    return user.split(":")


def _healthcheck_module(dockerfile: str) -> str:
    found = re.search(r'"-m", "(ops\.\w+)"', dockerfile)
    assert found is not None
    return found[1]


def _lines(name: str) -> list[Any]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", [name for name in OURS if "command" in services()[name]])
def test_it_runs_a_command_that_exists(name: str) -> None:
    words = ["cordon", *services()[name]["command"]]
    assert any(words[: len(known.split())] == known.split() for known, _ in commands())
