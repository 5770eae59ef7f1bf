"""Settings: `twinstore.toml`, or the same as a mapping or as JSON text (a cluster gets them so).

The file is named by `TWINSTORE_CONFIG`, else `./twinstore.toml`, else `twinstore/twinstore.toml` in the user's
configuration folder. There is no default target: without settings nothing is read or written.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

from .errors import TwinstoreError, remember_secret
from .schemas import problems

tomllib = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

_UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True)
class Credentials:
    """A reference to a secret; the secret itself is read when it is used."""

    file: Path | None = None
    profile: str | None = None

    def read(self) -> dict[str, str]:
        """The entries of the credentials' file; empty when there is none to read.

        Raises `TwinstoreError` when the file is missing, readable by others, or not a JSON object of strings.
        """
        if self.file is None:
            return {}
        try:
            mode = stat.S_IMODE(self.file.stat().st_mode)
            text = self.file.read_text(encoding="utf-8")
        except OSError as error:
            raise TwinstoreError(
                "bad_request",
                f"The credentials' file {self.file} could not be read: {error.strerror}.",
                "Correct `credentials.file` in the settings.",
            ) from error
        if mode & 0o077:
            raise TwinstoreError(
                "forbidden",
                f"The credentials' file {self.file} can be read by others (mode {mode:04o}).",
                f"Run `chmod 600 {self.file}`.",
            )
        try:
            entries = json.loads(text)
        except ValueError:
            entries = None
        if not isinstance(entries, dict) or not all(isinstance(value, str) for value in entries.values()):
            # Neither the text nor the parser's message: both may hold the secret.
            raise TwinstoreError(
                "bad_request",
                f"The credentials' file {self.file} is not a JSON object of strings.",
                "Write {access_key_id, secret_access_key} or {username, password} into it.",
            )
        for name, value in entries.items():
            if name != "username":
                remember_secret(value)
        return entries


@dataclass(frozen=True)
class Root:
    """An address under which groups and tables are found, and how many folder levels to look into."""

    location: str
    depth: int = 1


@dataclass(frozen=True)
class OfflineStore:
    """Where Delta tables live; `endpoint` None means AWS."""

    endpoint: str | None = None
    region: str | None = None
    path_style: bool = False
    credentials: Credentials = field(default_factory=Credentials)
    single_writer: bool = False


@dataclass(frozen=True)
class OnlineStore:
    """The CQL store. `hosts` are `host:port`, `ca` is a PEM file of the authorities that TLS trusts.

    With `sigv4` logins are signed for whom AWS's chain of providers names (a role, the environment, a profile), in the
    region that `datacenter` names.
    """

    hosts: tuple[str, ...]
    datacenter: str
    dialect: str = "cassandra"
    consistency: str = "LOCAL_QUORUM"
    tls: bool = False
    ca: Path | None = None
    sigv4: bool = False
    credentials: Credentials = field(default_factory=Credentials)


@dataclass(frozen=True)
class SparkSettings:
    """How a local session is made; a cluster brings its own."""

    java_home: str | None = None
    jars: Path | None = None
    driver_memory: str | None = None
    conf: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Settings:
    """Checked settings. `source` is the file they came from, or `arguments`."""

    offline: OfflineStore
    online: OnlineStore
    name: str = "twinstore"
    roots: tuple[Root, ...] = ()
    spark: SparkSettings = field(default_factory=SparkSettings)
    online_rows_per_second: int | None = None
    max_row_bytes: int = 8 * 2**20
    write_units_price_per_million: float | None = None
    proof_max_age_s: int = 86_400
    source: str = "arguments"


SettingsLike = Union[Settings, Mapping[str, Any], str, "os.PathLike[str]", None]


def load_settings(settings: SettingsLike = None) -> Settings:
    """Settings from what is given, else from the file found.

    `settings` may be checked settings, a mapping shaped like the file, JSON text of one, or the file's path.
    Raises `TwinstoreError` when there are none or when they are not legal; everything wrong is named at once.
    """
    if isinstance(settings, Settings):
        return settings
    if isinstance(settings, Mapping):
        return _checked(dict(settings), "arguments", Path.cwd())
    if isinstance(settings, str) and settings.lstrip().startswith("{"):
        return _checked(_parsed_json(settings), "arguments", Path.cwd())
    path = _found() if settings is None else Path(settings)
    return _checked(_parsed_toml(path), str(path), path.absolute().parent)


def config_candidates() -> list[Path]:
    """Paths at which the settings are looked for, in order; `TWINSTORE_CONFIG` alone when it is set."""
    named = os.environ.get("TWINSTORE_CONFIG")
    if named:
        return [Path(named)]
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return [Path.cwd() / "twinstore.toml", user / "twinstore" / "twinstore.toml"]


def write_settings(text: str) -> Path:
    """Writes the first settings, TOML, to the last of `config_candidates`, for the user alone; returns that file.

    Raises `TwinstoreError` before anything is written: `conflict` where there are settings already, `bad_request` when
    `text` is not legal or names credentials that cannot be read; `forbidden` when the file cannot be written.
    """
    candidates = config_candidates()
    for path in candidates:
        if path.is_file():
            raise _there_already(path)
    target = candidates[-1]
    if target.is_symlink():
        raise TwinstoreError(
            "conflict", f"{target} is a link to {target.readlink()}, where no file is.", "Remove it or make that file."
        )
    settings = _checked(_toml(text.encode(errors="surrogatepass"), "The text"), "as sent", target.absolute().parent)
    for store in (settings.offline, settings.online):
        store.credentials.read()
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.touch(mode=0o600, exist_ok=False)
    except FileExistsError as error:
        raise (_there_already(target) if target.is_file() else _not_writable(target, error)) from error
    except OSError as error:
        raise _not_writable(target, error) from error
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        # Half of it would count as settings.
        target.unlink()
        raise _not_writable(target, error) from error
    return target


def _there_already(path: Path) -> TwinstoreError:
    return TwinstoreError("conflict", f"{path} holds settings already.", "Edit that file instead.")


def _not_writable(path: Path, error: OSError) -> TwinstoreError:
    return TwinstoreError(
        "forbidden",
        f"{path} could not be written: {error.strerror}.",
        "See to the room on the disk and the rights.",
    )


def _found() -> Path:
    candidates = config_candidates()
    for path in candidates:
        if path.is_file():
            return path
    raise TwinstoreError(
        "not_found",
        f"No settings: {' and '.join(map(str, candidates))} {'does' if len(candidates) == 1 else 'do'} not exist.",
        "Start the demo stack (`twinstore stack demo`), write one of these files yourself, name another one by "
        "TWINSTORE_CONFIG, or pass `settings=`.",
    )


def _parsed_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise TwinstoreError("bad_request", f"The settings are not JSON: {error}.", "Correct the text.") from error


def _parsed_toml(path: Path) -> Any:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TwinstoreError(
            "not_found",
            f"The settings' file {path} could not be read: {error.strerror}.",
            "Name another one, or start the demo stack (`twinstore stack demo`), which writes one.",
        ) from error
    return _toml(data, str(path))


def _toml(data: bytes, source: str) -> Any:
    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise TwinstoreError("bad_request", f"{source} is not TOML: {error}.", "Correct the line named.") from error


def _checked(raw: Any, source: str, folder: Path) -> Settings:
    wrong = problems(raw, "config")
    if wrong:
        raise TwinstoreError(
            "bad_request",
            f"The settings ({source}) are not legal: {'; '.join(wrong)}.",
            "Correct them; the demo stack (`twinstore stack demo`) writes a file that serves as an example.",
        )
    offline, online, spark = raw["stores"]["offline"], raw["stores"]["online"], raw.get("spark", {})
    _refuse_what_is_ignored(online, source)
    return Settings(
        name=raw.get("name", "twinstore"),
        roots=tuple(Root(**root) for root in raw.get("roots", [])),
        offline=OfflineStore(**{**offline, "credentials": _credentials(offline, folder)}),
        online=OnlineStore(
            **{
                **online,
                "hosts": tuple(online["hosts"]),
                "ca": _path(online.get("ca"), folder),
                "credentials": _credentials(online, folder),
            }
        ),
        spark=SparkSettings(**{**spark, "jars": _path(spark.get("jars"), folder)}),
        **raw.get("budgets", {}),
        proof_max_age_s=_seconds(raw.get("proof_max_age", "24h")),
        source=source,
    )


def _refuse_what_is_ignored(online: Mapping[str, Any], source: str) -> None:
    """Raises `TwinstoreError` for settings of the online store that say nothing beside the others."""
    if online.get("sigv4") and online.get("dialect") != "keyspaces":
        raise TwinstoreError(
            "bad_request",
            f"The settings ({source}) ask for `sigv4`, which only Amazon Keyspaces knows.",
            'Leave `sigv4` out, or set `dialect = "keyspaces"`.',
        )
    if online.get("sigv4") and online.get("credentials"):
        raise TwinstoreError(
            "bad_request",
            f"The settings ({source}) name `credentials` of the online store beside `sigv4`, which takes none.",
            "Leave one of them out. Whom `sigv4` signs for AWS's chain of providers tells: a role, or AWS_PROFILE.",
        )


def _credentials(store: Mapping[str, Any], folder: Path) -> Credentials:
    raw = store.get("credentials", {})
    return Credentials(file=_path(raw.get("file"), folder), profile=raw.get("profile"))


def _path(value: str | None, folder: Path) -> Path | None:
    """A path of the settings; a relative one begins at the folder of the file that names it."""
    return None if value is None else folder / Path(value).expanduser()


def _seconds(age: str) -> int:
    match = re.fullmatch(r"([0-9]+)([smhd])", age)
    if match is None:
        raise ValueError(f"{age!r} is not an age such as 24h")
    return int(match[1]) * _UNIT_S[match[2]]
