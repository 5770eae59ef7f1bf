"""A random history of one small group on the real stores: writes that die or wait at a step, and what others do.

The kinds of events are those of the protocol's model, of which this is the counterpart on Spark, Delta and Cassandra.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as sf

from twinstore.errors import TwinstoreError
from twinstore.progress import silent
from twinstore.store import Store

from .readings import readings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from twinstore.config import Settings
    from twinstore.feature_group import FeatureGroup

#: Every named border between two steps of a write.
STEPS = ("preflight", "append", "propagate", "gap", "online", "receipt")
KEYS = ("a", "b", "c", "d")
_DAYS = 8


class Killed(BaseException):
    """The writer died: nothing after it is done."""


class History:
    """Makes events of one group, in the order that `seed` gives; `told` says what happened, for who must replay it.

    The first event meets its fault at the step that the seed names, so that any six seeds in a row meet every one.
    """

    def __init__(self, seed: int, spark: SparkSession, settings: Settings, group: FeatureGroup) -> None:
        self._random = random.Random(seed)
        self._first_step = STEPS[seed % len(STEPS)]
        self._spark = spark
        self._settings = settings
        self._group = group
        self._wide = False
        self.told: list[str] = [f"seed {seed}"]

    def run(self, events: int) -> None:
        """So many events, then what ends every history: a retry that nobody disturbs."""
        self._say("write", self._write, None)
        self._faulty_write(self._first_step)
        for _ in range(events):
            self._random.choices(
                (self._faulty_write, self._plain_write, self._by_others, self._by_owner), (4, 3, 4, 2)
            )[0]()
        self._say("retry", self._store().retry, self._group)

    def _store(self, checkpoint: Callable[[str], None] = lambda step: None) -> Store:
        return Store(self._spark, self._settings, silent, checkpoint)

    def _say(self, what: str, action: Callable[..., Any], *arguments: Any) -> None:
        """Does it. A refusal is an answer: the history goes on."""
        try:
            action(*arguments)
            self.told.append(what)
        except (TwinstoreError, Killed) as error:
            self.told.append(f"{what}: {type(error).__name__} {error}"[:200])

    def _plain_write(self) -> None:
        self._say("write", self._write, None)

    def _faulty_write(self, step: str | None = None) -> None:
        step = step or self._random.choice(STEPS)
        if self._random.random() < 0.6:
            self._say(f"write that dies at {step}", self._write, _once(step, self._die))
        else:
            between = self._random.choice((self._plain_write, self._by_others, self._by_owner))
            self._say(f"write that waits at {step}", self._write, _once(step, between))

    def _die(self) -> None:
        raise Killed

    def _write(self, checkpoint: Callable[[str], None] | None) -> None:
        store = self._store() if checkpoint is None else self._store(checkpoint)
        roll = self._random
        rows = [
            (
                roll.choice(KEYS),
                roll.randrange(_DAYS),
                None if roll.random() < 0.25 else roll.randrange(100) / 4,
                None if roll.random() < 0.25 else roll.randrange(5),
            )
            for _ in range(roll.randint(1, 4))
        ]
        frame = readings(self._spark, rows)
        if self._wide:
            frame = frame.withColumn("low", sf.expr("if(peak % 2 = 0, NULL, peak + 1)"))
        store.write(frame, self._group, mode=roll.choice(("changed", "changed", "append")))

    def _by_others(self) -> None:
        """What another writer may do to a Delta table without twinstore."""
        key, day = self._random.choice(KEYS), self._random.randrange(_DAYS)
        table = f"delta.`{self._group.offline}`"
        restored = self._random.randrange(max(1, self._head() + 1))
        what = self._random.choice(
            (
                f"DELETE FROM {table} WHERE house = '{key}'",
                f"DELETE FROM {table} WHERE day >= date_add(date'2014-01-01', {day})",
                f"UPDATE {table} SET mean = -1.5 WHERE house = '{key}'",
                f"MERGE INTO {table} t USING (SELECT '{key}' AS house) s ON t.house = s.house "
                "WHEN MATCHED AND t.peak = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET peak = 4",
                f"OPTIMIZE {table}",
                f"RESTORE TABLE {table} TO VERSION AS OF {restored}",
                f"VACUUM {table} RETAIN 0 HOURS",
            )
        )
        self._say(what.replace(table, "table"), self._sql, what)

    def _sql(self, statement: str) -> None:
        try:
            self._spark.sql(statement)
        except Exception as error:
            # Delta refuses what it cannot do, such as a RESTORE to a version whose files VACUUM took.
            raise TwinstoreError("conflict", f"refused: {type(error).__name__}", "") from error

    def _head(self) -> int:
        return self._store().versions(self._group)[0]

    def _by_owner(self) -> None:
        store, roll = self._store(), self._random.random()
        if roll < 0.3:
            keys = self._random.sample(KEYS, 2)
            self._say(f"delete {keys}", store.delete, self._group, keys)
        elif roll < 0.5:
            self._say("materialize", store.materialize, self._group)
        elif roll < 0.65:
            # Gone back to and forth: how it differs meanwhile is on purpose.
            version = self._random.randrange(self._head() + 1)
            self._say(f"materialize at {version}", lambda: store.materialize(self._group, version=version))
            self._say("materialize", store.materialize, self._group)
        elif roll < 0.8:
            self._say("retry", store.retry, self._group)
        elif not self._wide:
            rows = readings(self._spark, [("a", 0, 1.0, 1)]).withColumn("low", sf.lit(7))
            self._say("a feature comes", lambda: store.write(rows, self._group, new_features="low"))
            self._wide = "low" in (column.name for column in store.definition(self._group).features)
        else:
            self._say("prove", store.parity, self._group)


def _once(step: str, action: Callable[[], object]) -> Callable[[str], None]:
    """A checkpoint that does something before a step, the first time."""
    left = [action]

    def checkpoint(name: str) -> None:
        if name == step and left:
            left.pop()()

    return checkpoint
