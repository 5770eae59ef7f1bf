"""`%load_ext twinstore`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as sf

from ..companion_client import CompanionClient
from ..errors import TwinstoreError
from ..feature_group import FeatureGroup
from ..local_rows import local_rows, texts_of
from ..offenders import from_canonical
from ..receipts import Receipt
from ..store import Store
from ..types import parse_type, quoted
from .cell import last_value
from .rows import Rows
from .tables import Table
from .words import VERBS, cell_parser, help_text, line_parser, parsed

if TYPE_CHECKING:
    from ..parity_report import ParityReport
    from ..repair import Repair

_LINE, _CELL = "twinstore", "feature_write"
#: Rows that a look-up shows.
_SHOWN = 1_000


def load(shell: Any) -> None:
    """Registers the magics. One that is there already stays; ours is then called `ts_…`, and that is said."""
    magics = Magics(shell)
    for kind, name, magic in (("line", _LINE, magics.line), ("cell", _CELL, magics.cell)):
        free = name
        found = getattr(shell, f"find_{kind}_magic")(name)
        if found is not None and not isinstance(getattr(found, "__self__", None), Magics):
            free = f"ts_{name}"
            sign = "%" if kind == "line" else "%%"
            print(f"There is another {sign}{name} already: twinstore's is {sign}{free}.")
        shell.register_magic_function(magic, kind, free)
        if kind == "line":
            for start in (f"%{free}", free):
                shell.set_hook("complete_command", magics.completions, str_key=start)


class Magics:
    """The magics of one kernel, over the store that they share with its cells."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._store: Store | None = None
        self._names: list[str] = []

    def line(self, line: str) -> Any:
        """`%twinstore VERB …`; gives the receipt, report or table back, so that it can be kept in a variable."""
        if line.strip() in ("", "help"):
            print(help_text())
            return None
        options = parsed(line_parser, line)
        return getattr(self, f"_{options.verb}")(options)

    def cell(self, line: str, cell: str) -> Receipt:
        """`%%feature_write GROUP …`: writes the DataFrame that the cell's last expression is."""
        options = parsed(cell_parser, line)
        rows = last_value(self._shell, cell)
        if not isinstance(rows, DataFrame):
            raise TwinstoreError(
                "bad_request",
                f"The cell's last expression is a {type(rows).__name__}, not a Spark DataFrame.",
                "Make it one (`spark.createDataFrame(…)`), and put it last.",
            )
        return self.store.write(
            rows,
            self._declared(options),
            mode=options.mode,
            run=options.run,
            dry_run=options.dry_run,
            new_features=options.new_features,
        )

    @property
    def store(self) -> Store:
        """The store that the user's cells call `store`, else one of our own, which they may then use."""
        namespace = self._shell.user_ns
        if isinstance(namespace.get("store"), Store):
            return namespace["store"]  # type: ignore[no-any-return]
        if self._store is None:
            from ..session import spark_session

            spark = spark_session()
            self._store = Store(spark)
            for name, value in (("spark", spark), ("store", self._store)):
                namespace.setdefault(name, value)
        return self._store

    def completions(self, _: Any, event: Any) -> list[str]:
        """Verbs first, then groups that were seen; nothing is started for it."""
        words = event.line.split()[1:]
        typed = words if event.line.endswith(" ") else words[:-1]
        if not typed:
            return list(VERBS)
        return self._names if len(typed) == 1 and VERBS.get(typed[0], ("",))[0].startswith("GROUP") else []

    def _status(self, _: Any) -> Table:
        settings = self.store.settings
        roots = ", ".join(root.location for root in settings.roots) or "none"
        answers = "answers" if self.store.cql.answers() else "does not answer"
        try:
            groups = f"{len(self._found())} groups"
        except TwinstoreError as error:
            groups = str(error)
        return Table(
            "Status",
            ("what", "where", "state"),
            [
                ("settings", settings.source, settings.name),
                ("offline store", roots, groups),
                (f"online store ({settings.online.dialect})", self.store.cql.address, answers),
                ("Spark", str(self.store.spark.sparkContext.master), f"version {self.store.spark.version}"),
            ],
        )

    def _groups(self, _: Any) -> Table:
        states = group_states()
        rows = []
        for definition in self._found():
            head, reached = self.store.versions(definition.group())
            online = f"v{reached}" if reached >= 0 else "nothing"
            state = states.get(definition.offline, "not known here")
            rows.append((definition.name, state, ", ".join(definition.keys), definition.offline, f"v{head}", online))
        return Table("Feature groups", ("group", "state", "keys", "offline", "head", "online up to"), rows)

    def _receipt(self, options: Any) -> Receipt:
        receipt = self.store.last_receipt(options.group)
        if receipt is None:
            raise TwinstoreError("not_found", f"{options.group} has no receipt yet.", "Write it first.")
        return receipt

    def _parity(self, options: Any) -> ParityReport:
        report: ParityReport = self.store.parity(options.group, how=options.how)
        return report

    def _lookup(self, options: Any) -> Table:
        definition = self.store.definition(options.group)
        texts = [key.split(",") if len(definition.keys) > 1 else [key] for key in options.keys]
        wrong = [key for key, parts in zip(options.keys, texts) if len(parts) != len(definition.keys)]
        if wrong:
            raise TwinstoreError(
                "bad_request",
                f"The key {wrong[0]} has not the {len(definition.keys)} parts that keys of {definition.name} have.",
                f"Give {','.join(name.upper() for name in definition.keys)}.",
            )
        frame = local_rows(self.store.spark, texts, texts_of(definition.keys))
        keys = frame.select(
            *(from_canonical(sf.col(quoted(c.name)), parse_type(c.type)).alias(c.name) for c in definition.key_columns)
        )
        unread = [key for key, row in zip(options.keys, keys.collect()) if None in tuple(row)]
        if unread:
            kinds = " and ".join(f"{column.name} ({column.type})" for column in definition.key_columns)
            raise TwinstoreError(
                "bad_request", f"{unread[0]} is not a key of {definition.name}, which has {kinds}.", "Correct it."
            )
        rows = self.store.online(definition.group(), keys).limit(_SHOWN).collect()
        names = [column.name for column in definition.columns]
        found = [tuple("null" if row[name] is None else str(row[name]) for name in names) for row in rows]
        title = f"{definition.name} online: {len(rows)} of {len(options.keys)} keys"
        return Table(title, names, found)

    def _show(self, options: Any) -> Rows:
        frame = self._shell.user_ns.get(options.name)
        if not isinstance(frame, DataFrame):
            found = "There is nothing" if frame is None else f"A {type(frame).__name__}, not a Spark DataFrame, is"
            raise TwinstoreError(
                "not_found", f"{found} under the name {options.name}.", "Give the name of a variable with a DataFrame."
            )
        return Rows.of(frame, options.rows)

    def _retry(self, options: Any) -> Receipt:
        return self.store.retry(options.group)

    def _materialize(self, options: Any) -> Receipt:
        return self.store.materialize(options.group, version=options.version)

    def _repair(self, options: Any) -> ParityReport | Repair:
        report = self.store.parity(options.group)
        return self.store.repair(report, dry_run=options.dry_run) if report.found else report

    def _found(self) -> list[Any]:
        found = self.store.groups()
        self._names = [definition.name for definition in found]
        return found

    def _declared(self, options: Any) -> FeatureGroup:
        """The group as its table has it, with what the options change; a new one where there is none."""
        given = {name: getattr(options, name) for name in ("keys", "event_timestamp", "ttl", "offline", "online")}
        given = {name: value for name, value in given.items() if value is not None}
        try:
            return replace(self.store.group(options.group), **given)
        except TwinstoreError as error:
            if error.code != "not_found":
                raise
        missing = [
            option for name, option in (("keys", "--key"), ("event_timestamp", "--event-time")) if name not in given
        ]
        if missing:
            raise TwinstoreError(
                "not_found",
                f"There is no feature group {options.group} yet, and a new one needs {' and '.join(missing)}.",
                f"Add {' and '.join(missing)}, or correct the name.",
            )
        roots = self.store.settings.roots
        if "offline" not in given and not roots:
            raise TwinstoreError(
                "bad_request",
                "The settings name no root to put the Delta table under.",
                "Give --offline ADDRESS, or add a root to the settings.",
            )
        default = {"offline": f"{roots[0].location.rstrip('/')}/{options.group}"} if roots else {}
        return FeatureGroup(**{"name": options.group, "online": f"feature_store.{options.group}", **default, **given})


def group_states() -> dict[str, str]:
    """What JupyterLab says of each group's state, by offline address; empty outside of a JupyterLab with twinstore."""
    try:
        answer = CompanionClient().post("groups", {})
    except TwinstoreError as error:
        if error.code != "unavailable":
            raise
        return {}
    return {group["offline"]: group["words"] for group in answer["groups"]}
