"""A history: what happens to a table and in which order, from one seed; and whether the two stores agree."""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import Callable, TypeVar

from .cql import OnlineTable
from .delta import FEATURES, Batch, Definition, File, Log, Metadata, Values, Version
from .foreign import copied, deleted, foreign_row, inserted, optimized, restored, updated
from .safeguards import Refused, Safeguards
from .verdict import difference, last_difference
from .world import CLOCK_SLACK, KEYS, Lease, World, watermark
from .writer import Writer

T = TypeVar("T")

#: What rows live for.
TTLS = (None, None, 40, 150)
#: When a history begins; how far ahead a wrong clock is; how long a table lies idle before what is old is taken from
#: it; how old a write timestamp Keyspaces takes. One step takes 1.
START, FAR, IDLE, WINDOW = 100, 300, 1_000, 60

#: What may happen, and how often.
OURS = {
    "write": 15,
    "write again": 8,
    "change ttl": 10,
    "add column": 10,
    "stale writer": 15,
    "retry": 8,
    "materialize": 5,
    "repair": 5,
    "delete": 5,
}
OTHERS = {
    "DELETE": 12,
    "INSERT": 8,
    "UPDATE": 5,
    "INSERT SELECT": 8,
    "INSERT far ahead": 4,
    "set the clock right": 8,
    "RESTORE": 7,
    "OPTIMIZE": 4,
    "VACUUM": 5,
    "log cleanup": 5,
    "compaction": 5,
    "loss of the online table": 15,
}
EVENTS = {**OURS, **OTHERS}


def run(seed: int, safeguards: Safeguards, listener: Callable[[str], None] | None = None) -> str | None:
    """Runs the history of a seed: in what the stores differ, None when they agree. `listener` is told each step."""
    return _History(seed, safeguards, listener).run()


class _History:
    def __init__(self, seed: int, safeguards: Safeguards, listener: Callable[[str], None] | None) -> None:
        self.random = Random(seed)
        chance = self.random.random
        features = FEATURES if chance() < 0.5 else FEATURES[:1]
        #: As the newest notebook declares it.
        self.declared = Definition(features, self.pick(TTLS))
        if chance() < 0.3:
            rows = [foreign_row(self.any_key(), START, self.any_values(features)) for _ in KEYS]
            first = Version("a table of another writer", adds=(File(rows),), changed=Metadata(features))
        else:
            made = Metadata(features, self.declared, in_commit_timestamps=True, change_feed=True)
            first = Version("CREATE TABLE", changed=made)
        lease = Lease() if chance() < 0.25 else None
        online = OnlineTable(WINDOW if chance() < 0.1 else None)
        self.world = World(safeguards, self.random, Log(first, START), online, lease, START, listener)
        #: Some of what may happen, so that it meets more often.
        self.events = ["write", *(name for name in EVENTS if chance() < 0.3)]
        self.weights = list(accumulate(EVENTS[name] for name in self.events))
        self.writers: list[Writer] = []
        self.asleep: list[Writer] = []
        self.batches: list[tuple[str, Batch]] = []
        writers = "any number of writers" if lease is None else "one writer at a time"
        window = f", write timestamps at most {online.window} old" if online.window else ""
        self.world.say(f"{first}; {self.declared}, {writers}{window}")

    def run(self) -> str | None:
        left = self.random.randint(6, 14)
        while left or self.writers:
            self.world.now += 1
            chance = self.random.random()
            if left and (chance < 0.12 or not self.writers):
                left -= 1
                self.happen()
            elif chance < 0.2:
                self.disturb()
            else:
                self.step(self.pick(self.writers))
            if chance > 0.95 and (found := difference(self.world)):
                return found
        return self.end()

    def end(self) -> str | None:
        """Everybody finishes, in any order; then a retry; then what tasks of the dead have yet to write."""
        late = [writer for writer in self.asleep if writer.writes_online and self.random.random() < 0.6]
        for writer in late:
            writer.dead = True
        self.finish([writer for writer in self.asleep if writer not in late])
        self.world.now += self.random.randint(0, 50)
        if found := difference(self.world):
            return found
        self.retry()
        self.finish(late)
        return last_difference(self.world)

    def finish(self, writers: list[Writer]) -> None:
        self.writers = writers
        while self.writers:
            self.world.now += 1
            self.step(self.pick(self.writers))

    def retry(self) -> None:
        """A retry; where the tables have columns that their definition lacks, the write of the newest notebook, as the
        refusal says. Later again when a clock forbids it."""
        log, online = self.world.log, self.world.online
        for _ in range(3):
            metadata = log.head.metadata
            kept = metadata.definition
            if kept is not None and set(kept.features).issuperset((*metadata.columns, *online.features)):
                last = Writer(self.world, "retry", kept)
            else:
                last = Writer(self.world, "write", self.declared)
            self.finish([last])
            if online.exists and watermark(self.world.receipts).version == log.head.number:
                return
            self.world.now += FAR

    # Who goes on.

    def step(self, writer: Writer) -> None:
        world = self.world
        try:
            next(writer.steps)
        except StopIteration:
            world.say(writer, "is done")
        except Refused as refused:
            world.say(writer, "ends:", refused)
        else:
            if world.lease is not None:
                world.lease.renew(writer, world.now)
            return
        self.writers.remove(writer)
        if world.lease is not None:
            world.lease.release(writer)

    def disturb(self) -> None:
        """Wakes a writer up, sends one to sleep, or kills one."""
        chance = self.random.random()
        if self.asleep and chance < 0.2:
            woken = self.pick(self.asleep)
            self.asleep.remove(woken)
            self.writers.append(woken)
            self.world.say(woken, "wakes up")
        elif self.writers:
            writer = self.pick(self.writers)
            self.writers.remove(writer)
            if chance < 0.7:
                self.asleep.append(writer)
                self.world.say(writer, "falls asleep")
            elif chance < 0.85 and writer.writes_online:
                writer.dead = True
                self.asleep.append(writer)
                self.world.say(writer, "dies, and its tasks fall asleep")
            else:
                self.world.say(writer, "is killed")

    # What happens.

    def happen(self) -> None:
        name = self.random.choices(self.events, cum_weights=self.weights)[0]
        if name == "stale writer":
            self.outdate()
        elif name in OURS:
            self.begin(name)
        elif self.world.lease is None or not (self.writers or self.asleep):
            # Who knows nothing of the lease must not commit beside those who need it.
            self.interfere(name)

    def begin(self, name: str) -> None:
        """A writer begins."""
        definition = self.world.log.head.metadata.definition or self.declared
        if name == "change ttl":
            definition = definition._replace(ttl=self.pick(TTLS))
            self.declared = self.declared._replace(ttl=definition.ttl)
        elif name == "add column":
            definition = definition._replace(features=FEATURES)
            self.declared = self.declared._replace(features=FEATURES)
        operation, run = name if name in ("retry", "materialize", "repair", "delete") else "write", ""
        batch: Batch = ()
        keys = frozenset({self.any_key()}) if operation in ("repair", "delete") else None
        if name == "write again" and self.batches:
            run, batch = self.pick(self.batches)
        elif operation == "write":
            run, batch = f"run {len(self.batches)}", self.any_batch(definition.features)
            self.batches.append((run, batch))
        chance = self.random.random()
        ahead = FAR if chance < 0.04 else self.random.randint(-CLOCK_SLACK, CLOCK_SLACK) if chance < 0.3 else 0
        writer = Writer(self.world, operation, definition, ahead, run, batch, keys)
        self.writers.append(writer)
        of_keys = "" if keys is None else f" of k{', k'.join(map(str, keys))}"
        self.world.say(f"{writer}{of_keys} begins, {run or 'no run'}, {definition}, clock {ahead:+}")

    def outdate(self) -> None:
        """A writer falls asleep after its preflight, and another one adds a column."""
        self.begin("change ttl")
        stale = self.writers[-1]
        self.step(stale)
        if stale in self.writers:
            self.writers.remove(stale)
            self.asleep.append(stale)
            self.world.say(stale, "falls asleep")
        self.begin("add column")

    def interfere(self, name: str) -> None:
        """Something that twinstore has no part in."""
        world, head = self.world, self.world.log.head
        key, event, values = self.any_key(), self.any_event(), self.any_values(head.metadata.columns)
        made: Version | None = None
        if name == "DELETE":
            since = event if self.random.random() < 0.3 else 0
            made = deleted(head, lambda row: row.key == key and row.order[0] >= since)
        elif name in ("INSERT", "INSERT far ahead"):
            made = inserted(foreign_row(key, event, values))
        elif name == "UPDATE":
            made = updated(head, key, values)
        elif name == "INSERT SELECT" and not world.safeguards.honest_rows:
            made = copied(head, key, values)
        elif name == "set the clock right" and head.stamp is not None and head.stamp > world.now + CLOCK_SLACK:
            off = head.metadata._replace(in_commit_timestamps=False)
            world.commit("another writer", Version("in-commit timestamps off", changed=off))
            made = Version("in-commit timestamps on", changed=head.metadata)
        elif name == "RESTORE":
            made = restored(world.log, self.random)
        elif name == "OPTIMIZE":
            made = optimized(head)
        elif name in ("VACUUM", "log cleanup", "compaction"):
            self.age(name)
        elif name == "loss of the online table":
            self.lose_online()
        if made is not None:
            world.commit("another writer", made, FAR if name == "INSERT far ahead" else 0)

    def age(self, name: str) -> None:
        """The table lies idle for longer than what is old is kept."""
        world = self.world
        if world.safeguards.tasks_end:
            self.writers.clear()
            self.asleep.clear()
        world.now += IDLE
        if name == "VACUUM":
            world.log.vacuum()
        elif name == "log cleanup":
            world.log.clean(self.random.randint(0, world.log.head.number))
        else:
            world.online.purge(world.now)
        world.say(f"{name}, after a long time")

    def lose_online(self) -> None:
        """Somebody drops the online table, and has it filled anew."""
        world = self.world
        if not (world.safeguards.lost_in_quiet and (self.writers or self.asleep)):
            world.lost_at = world.log.head.number
            world.online.drop()
            world.say("the online table is lost")
            self.begin("retry")

    # Anything.

    def pick(self, choices: list[T] | tuple[T, ...]) -> T:
        return choices[int(self.random.random() * len(choices))]

    def any_key(self) -> int:
        return int(self.random.random() * len(KEYS))

    def any_event(self) -> int:
        """An event of the last moments: many are late, and many of one time."""
        return (self.world.now // 10 - int(self.random.random() * 4)) * 10

    def any_values(self, features: tuple[str, ...]) -> Values:
        return tuple(self.pick((None, 0, 1, 2)) if name in features else None for name in FEATURES)

    def any_batch(self, features: tuple[str, ...]) -> Batch:
        rows = range(self.random.randint(1, 3))
        return tuple((self.any_key(), self.any_event(), self.any_values(features)) for _ in rows)
