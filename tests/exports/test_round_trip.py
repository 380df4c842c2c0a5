"""A change of supplier and back: what comes out of the new service is what the old one held."""



import json

from tests.conftest import fresh_database
from tests.support.api_server import running_api
from tests.support.command import in_process
from tests.support.database import DatabaseUrls
from tests.support.evidence import evidence_world
from tests.support.victims import liaison_office


def test_x(migrated_database: DatabaseUrls, embedded_server, embedded_template, tmp_path, monkeypatch, capsys):
    cordon = in_process(monkeypatch, capsys)
    with evidence_world(migrated_database, tmp_path) as world, running_api(migrated_database) as api:
        world.qualify()
        world.issue()
        office = liaison_office(api)
        office.linked_zone()
    monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", migrated_database.owner)
    print(cordon("export", "key", str(tmp_path/"new.pem")))
    print(cordon("export", "supplier", "--to", str(tmp_path / "out"), "--protected-key", str(tmp_path/"new.pem.pub")))
    m = json.loads((tmp_path/"out/manifest.json").read_text())
    print([one["table"] for one in m["content"]["tables"] if not one["rows"]])
    with fresh_database(embedded_server, embedded_template) as url:
        monkeypatch.setenv("CORDON_DATABASE_OWNER_URL", url)
        print(cordon("import", "supplier", str(tmp_path / "out"), "--protected-key", str(tmp_path/"new.pem")))
        print(cordon("export", "supplier", "--to", str(tmp_path / "again"), "--protected-key", str(tmp_path/"new.pem.pub")))
    for f in sorted((tmp_path/"out").iterdir()):
        if f.read_bytes() != (tmp_path/"again"/f.name).read_bytes(): print("DIFF", f.name)
    assert 0
