from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from twinstore.config import Credentials, load_settings, write_settings
from twinstore.errors import TwinstoreError, redact
from twinstore.schemas import problems, schema

LEGAL: dict[str, Any] = {
    "name": "demo",
    "roots": [{"location": "s3a://features"}, {"location": "/data", "depth": 2}],
    "stores": {
        "offline": {
            "endpoint": "http://127.0.0.1:9000",
            "region": "us-east-1",
            "path_style": True,
            "single_writer": True,
            "credentials": {"file": "s3-credentials.json"},
        },
        "online": {
            "dialect": "cassandra",
            "hosts": ["127.0.0.1:9042", "10.0.0.2:9142"],
            "datacenter": "datacenter1",
            "consistency": "LOCAL_ONE",
        },
    },
    "spark": {"jars": "jars", "conf": {"spark.task.cpus": "1"}},
    "proof_max_age": "90m",
}

TOML = """
name = "demo"
roots = [{location = "s3a://features"}]
[stores.offline]
endpoint = "http://127.0.0.1:9000"
credentials = {file = "s3-credentials.json"}
[stores.online]
hosts = ["127.0.0.1:9042"]
datacenter = "datacenter1"
"""


#: What a user begins with.
FIRST = TOML.replace('credentials = {file = "s3-credentials.json"}\n', "")


def changed(path: str, value: Any) -> dict[str, Any]:
    """Legal settings with one entry set; None takes it away."""
    settings = copy.deepcopy(LEGAL)
    *parents, last = path.split(".")
    target = settings
    for name in parents:
        target = target[name]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return settings


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A working folder, with no settings anywhere."""
    monkeypatch.delenv("TWINSTORE_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_mapping_is_read() -> None:
    settings = load_settings(LEGAL)
    assert settings.name == "demo"
    assert [(root.location, root.depth) for root in settings.roots] == [("s3a://features", 1), ("/data", 2)]
    assert settings.offline.single_writer
    assert settings.online.hosts == ("127.0.0.1:9042", "10.0.0.2:9142")
    assert settings.online.consistency == "LOCAL_ONE"
    assert settings.spark.conf == {"spark.task.cpus": "1"}
    assert settings.proof_max_age_s == 5_400


def test_json_text_is_read_as_a_mapping_is() -> None:
    assert load_settings(json.dumps(LEGAL)) == load_settings(LEGAL)


def test_checked_settings_pass() -> None:
    settings = load_settings(LEGAL)
    assert load_settings(settings) is settings


def test_the_file_named_by_the_environment_wins(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (nowhere / "twinstore.toml").write_text(TOML.replace("demo", "here"))
    named = nowhere / "elsewhere.toml"
    named.write_text(TOML.replace("demo", "named"))
    assert load_settings().name == "here"
    monkeypatch.setenv("TWINSTORE_CONFIG", str(named))
    assert load_settings().name == "named"
    assert load_settings().source == str(named)


def test_a_named_file_that_is_missing_is_an_error(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (nowhere / "twinstore.toml").write_text(TOML)
    monkeypatch.setenv("TWINSTORE_CONFIG", str(nowhere / "missing.toml"))
    with pytest.raises(TwinstoreError, match=r"missing\.toml") as raised:
        load_settings()
    assert raised.value.code == "not_found"


def test_the_users_folder_comes_last(nowhere: Path) -> None:
    user = nowhere / "config" / "twinstore" / "twinstore.toml"
    user.parent.mkdir(parents=True)
    user.write_text(TOML.replace("demo", "user"))
    assert load_settings().name == "user"


def test_without_settings_the_error_names_the_demo_stack_and_the_files(nowhere: Path) -> None:
    with pytest.raises(TwinstoreError) as raised:
        load_settings()
    assert str(nowhere / "twinstore.toml") in raised.value.message
    assert str(nowhere / "config" / "twinstore" / "twinstore.toml") in raised.value.message
    assert "`twinstore stack demo`" in raised.value.remedy


def test_first_settings_are_written_for_the_user_alone_and_found(nowhere: Path) -> None:
    path = write_settings(FIRST)
    assert path == nowhere / "config" / "twinstore" / "twinstore.toml"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert load_settings().source == str(path)


def test_first_settings_go_where_the_environment_names_a_file_in_vain(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWINSTORE_CONFIG", str(nowhere / "named" / "it.toml"))
    assert write_settings(FIRST) == nowhere / "named" / "it.toml"


def test_a_link_that_leads_nowhere_is_not_written_through(nowhere: Path) -> None:
    link = nowhere / "config" / "twinstore" / "twinstore.toml"
    link.parent.mkdir(parents=True)
    link.symlink_to(nowhere / "gone.toml")
    with pytest.raises(TwinstoreError, match="is a link to") as raised:
        write_settings(FIRST)
    assert raised.value.code == "conflict"
    assert link.is_symlink()
    assert not (nowhere / "gone.toml").exists()


def test_settings_that_cannot_be_written_whole_are_not_there(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(TwinstoreError, match="No space left on device"):
        write_settings(FIRST)
    assert not (nowhere / "config" / "twinstore" / "twinstore.toml").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("stores = [", "The text is not TOML"),
        ("a = " + "[" * 5_000, "The text is not TOML"),
        ("a = '\ud800'", "The text is not TOML"),
        ('name = "a"', "stores"),
        (FIRST + "x = 1", "x"),
    ],
)
def test_first_settings_that_are_not_legal_are_not_written(nowhere: Path, text: str, says: str) -> None:
    with pytest.raises(TwinstoreError, match=says) as raised:
        write_settings(text)
    assert raised.value.code == "bad_request"
    assert not (nowhere / "config").exists()


def test_first_settings_whose_credentials_cannot_be_read_are_not_written(nowhere: Path) -> None:
    with pytest.raises(TwinstoreError, match=r"s3-credentials\.json could not be read"):
        write_settings(TOML)
    assert not (nowhere / "config").exists()


def test_settings_that_are_there_are_not_written_over(nowhere: Path) -> None:
    here = nowhere / "twinstore.toml"
    here.write_text(TOML)
    with pytest.raises(TwinstoreError, match=str(here)) as raised:
        write_settings(FIRST.replace("demo", "other"))
    assert raised.value.code == "conflict"
    assert load_settings().name == "demo"


def test_a_folder_that_cannot_be_written_to_is_named(nowhere: Path) -> None:
    (nowhere / "config").write_text("a file in the way")
    with pytest.raises(TwinstoreError, match="could not be written") as raised:
        write_settings(FIRST)
    assert raised.value.code == "forbidden"


def test_a_file_of_other_bytes_is_not_toml(nowhere: Path) -> None:
    (nowhere / "twinstore.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(TwinstoreError, match="is not TOML"):
        load_settings()


def test_relative_paths_begin_at_the_file(nowhere: Path) -> None:
    folder = nowhere / "deep"
    folder.mkdir()
    (folder / "twinstore.toml").write_text(TOML)
    assert load_settings(folder / "twinstore.toml").offline.credentials.file == folder / "s3-credentials.json"


def test_a_file_that_is_not_toml_is_named(nowhere: Path) -> None:
    (nowhere / "twinstore.toml").write_text("name = demo")
    with pytest.raises(TwinstoreError, match="is not TOML") as raised:
        load_settings()
    assert str(nowhere / "twinstore.toml") in raised.value.message


def test_everything_wrong_is_named_at_once() -> None:
    settings = changed("stores.online.hosts", ["127.0.0.1"])
    settings["stores"]["offline"]["regoin"] = "x"
    settings["proof_max_age"] = "soon"
    with pytest.raises(TwinstoreError) as raised:
        load_settings(settings)
    for part in ("stores.online.hosts[0]", "stores.offline.regoin", "proof_max_age"):
        assert part in raised.value.message
    assert raised.value.code == "bad_request"


def test_a_bundle_of_authorities_is_found_beside_the_settings() -> None:
    settings = changed("stores.online", {**LEGAL["stores"]["online"], "tls": True, "ca": "amazon.pem"})
    assert load_settings(settings).online.ca == Path.cwd() / "amazon.pem"


@pytest.mark.parametrize(
    ("dialect", "credentials", "remedy"),
    [("cassandra", {}, "keyspaces"), ("keyspaces", {"profile": "work"}, "AWS_PROFILE")],
)
def test_signed_logins_beside_what_they_do_not_go_with_are_refused(
    dialect: str, credentials: dict[str, str], remedy: str
) -> None:
    online = {**LEGAL["stores"]["online"], "dialect": dialect, "sigv4": True, "credentials": credentials}
    with pytest.raises(TwinstoreError, match="sigv4") as raised:
        load_settings(changed("stores.online", online))
    assert remedy in raised.value.remedy


ILLEGAL = [
    ("name", 3), ("roots", {}), ("roots", [{}]), ("roots", [{"location": ""}]),
    ("roots", [{"location": "x", "depth": 5}]), ("roots", [{"location": "x", "depth": True}]), ("stores", None),
    ("stores.online", None), ("stores.online.hosts", []), ("stores.online.hosts", ["a b:1"]),
    ("stores.online.consistency", "TWO"), ("stores.offline.endpoint", 7), ("stores.offline.path_style", "yes"),
    ("stores.offline.credentials", {"secret": "x"}), ("spark.conf", {"a": 1}),
    ("budgets", {"online_rows_per_second": 0}), ("budgets", {"max_row_bytes": 0}),
    ("budgets", {"write_units_price_per_million": -1}), ("proof_max_age", "24 h"), ("nonsense", 1),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), ILLEGAL, ids=lambda each: str(each)[:40])
def test_refuses_what_the_schema_refuses(path: str, value: Any) -> None:
    settings = changed(path, value)
    assert not jsonschema.Draft7Validator(schema("config")).is_valid(settings)
    assert problems(settings, "config")
    with pytest.raises(TwinstoreError):
        load_settings(settings)


def test_accepts_what_the_schema_accepts() -> None:
    assert jsonschema.Draft7Validator(schema("config")).is_valid(LEGAL)
    assert problems(LEGAL, "config") == []


@pytest.mark.parametrize("name", ["config", "group", "receipt", "parity_report"])
def test_every_schema_of_the_contract_can_be_checked(name: str) -> None:
    # Anything but an object is refused, and no keyword of the schema is unknown to the check on the way.
    assert problems([], name)
    assert problems({}, name)


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps({"access_key_id": "local", "secret_access_key": "sesame-open-now"}))
    path.chmod(0o600)
    return path


def test_credentials_are_read_by_reference_and_never_shown(credentials: Path) -> None:
    reference = Credentials(file=credentials)
    assert reference.read()["secret_access_key"] == "sesame-open-now"
    assert "sesame" not in repr(reference)
    assert redact("refused sesame-open-now") == "refused ***"


def test_no_reference_is_no_credentials() -> None:
    assert Credentials().read() == {}


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_credentials_that_others_can_read_are_refused(credentials: Path) -> None:
    credentials.chmod(0o640)
    with pytest.raises(TwinstoreError, match="0640") as raised:
        Credentials(file=credentials).read()
    assert "chmod 600" in raised.value.remedy


def test_broken_credentials_do_not_show_what_they_hold(credentials: Path) -> None:
    credentials.write_text('{"secret_access_key": "sesame-broken')
    with pytest.raises(TwinstoreError) as raised:
        Credentials(file=credentials).read()
    assert "sesame" not in str(raised.value) + raised.value.details + repr(raised.value.__cause__)


def test_missing_credentials_are_named(tmp_path: Path) -> None:
    with pytest.raises(TwinstoreError, match=r"absent\.json"):
        Credentials(file=tmp_path / "absent.json").read()
