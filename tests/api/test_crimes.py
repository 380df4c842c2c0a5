"""Police read their own force's crimes, with the four counts and why wearers cannot be placed."""

from access.roles import Role
from tests.api.police import PoliceApi
from tests.support.crimes import seed_crime, seed_run
from tests.support.seed import as_owner


def test_the_own_force_s_crimes_are_listed(police: PoliceApi) -> None:
    found = police.get("/v1/crimes").json()
    assert [one["crime_id"] for one in found["crimes"]] == [police.world.crime]
    one = found["crimes"][0]
    assert one["reference"] == "CRI/1"
    assert (one["from"], one["to"], one["state"]) == ("2026-03-02T09:00:00Z", "2026-03-02T09:30:00Z", "matched")
    assert [one["run"][count] for count in ("present", "possible", "absent", "cannot_say")] == [1, 1, 7, 2]
    assert one["run"]["settings"]["radius_m"] == 100
    theirs = police.as_other_force("GET", "/v1/crimes").json()
    assert [one["crime_id"] for one in theirs["crimes"]] == [police.world.theirs]
    assert police.audited("crimes.list") == [
        ("allowed", "the.police_analyst", None, 1),
        ("allowed", "their.analyst", None, 1),
    ]


def test_a_crime_shows_its_versions_and_how_many_cannot_be_placed(police: PoliceApi) -> None:
    with as_owner(police.api.urls.owner) as cursor:
        seed_crime(cursor, police.world.batch, "CRI/1")
    waiting = police.get(f"/v1/crimes/{police.world.crime}").json()
    assert [(one["version"], one["is_current"]) for one in waiting["versions"]] == [(2, True), (1, False)]
    assert (waiting["state"], waiting["run"], waiting["cannot_say_reasons"]) == ("waiting", None, {})
    listed = police.get(f"/v1/crimes/{police.world.crime}/matches").json()
    assert listed == {"state": "waiting", "matches": [], "next": None}, "not yet matched is not nobody"
    assert waiting["versions"][0]["windows"] == [{"from": "2026-03-02T09:00:00Z", "to": "2026-03-02T09:30:00Z"}]
    theirs = police.as_other_force("GET", f"/v1/crimes/{police.world.theirs}").json()
    assert theirs["cannot_say_reasons"] == {}


def test_reasons_are_counted_and_name_nobody(police: PoliceApi) -> None:
    answer = police.get(f"/v1/crimes/{police.world.crime}")
    assert answer.json()["cannot_say_reasons"] == {"flat_battery": 1}
    assert "X10000" not in answer.text
    assert "person" not in answer.text


def test_what_is_another_force_s_looks_like_what_is_not_there(police: PoliceApi) -> None:
    for path in ("/v1/crimes/{}", "/v1/crimes/{}/matches", "/v1/crimes/{}/eliminations"):
        theirs, missing = (police.get(path.format(number)) for number in (police.world.theirs, 4711))
        assert theirs.status_code == missing.status_code == 404
        assert theirs.text == missing.text
    rerun = police.post(f"/v1/crimes/{police.world.theirs}/reruns")
    assert rerun.status_code == 404
    assert police.audited("matching.request") == [("refused", "the.police_analyst", None, None)]
    assert [record[0] for record in police.audited("crime.read")] == ["refused"] * 2


def test_the_list_pages_and_filters(police: PoliceApi) -> None:
    with as_owner(police.api.urls.owner) as cursor:
        for number in range(3):
            _, version = seed_crime(cursor, police.world.batch, f"MORE/{number}")
        seed_run(cursor, version)
    first = police.get(f"/v1/crimes?limit=3&batch={police.world.batch}").json()
    second = police.get(first["next"]).json()
    numbers = [one["crime_id"] for one in first["crimes"] + second["crimes"]]
    assert numbers == sorted(numbers, reverse=True)
    assert (len(numbers), second["next"]) == (4, None)
    assert len(police.get("/v1/crimes?state=waiting").json()["crimes"]) == 2
    assert len(police.get("/v1/crimes?state=matched").json()["crimes"]) == 2
    assert police.get("/v1/crimes?batch=4711").json()["crimes"] == []
    assert police.get("/v1/crimes?state=unknown").status_code == 422


def test_another_run_is_asked_for_and_the_crime_waits(police: PoliceApi) -> None:
    path = f"/v1/crimes/{police.world.crime}"
    answer = police.post(f"{path}/reruns")
    assert (answer.status_code, answer.json()) == (202, {"crime_id": police.world.crime, "state": "waiting"})
    assert police.get(path).json()["state"] == "waiting"
    refused = police.qualify(police.world.present)
    assert refused.status_code == 200, "somebody else reviews"
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute("UPDATE match_qualifications SET reviewer = 'the.police_analyst'")
    answer = police.post(f"{path}/reruns")
    assert (answer.status_code, "reviewed" in answer.json()["detail"]) == (403, True)
    assert [record[0] for record in police.audited("matching.request")] == ["allowed", "refused"]


def test_a_crime_that_is_set_aside_says_so(police: PoliceApi) -> None:
    with as_owner(police.api.urls.owner) as cursor:
        cursor.execute(
            "INSERT INTO matching_wanted (crime_version_id, cause, requested_by, error)"
            " VALUES (%s, 'settled', 'x', 'y')",
            (police.world.version,),
        )
    assert police.get("/v1/crimes").json()["crimes"][0]["state"] == "set_aside"


def test_a_reviewer_reads_crimes_too(police: PoliceApi) -> None:
    assert len(police.get("/v1/crimes", Role.MATCH_REVIEWER).json()["crimes"]) == 1
