"""The notebooks that ship, cell by cell on small input, and that no row knows the future."""

from __future__ import annotations

import calendar
import datetime
import json
import math
import random
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as sf

from twinstore.feature_group import FeatureGroup

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
START = datetime.date(2013, 1, 30)
COLUMNS = ("household_id", "day", "energy_median", "energy_mean", "energy_max", "energy_count", "energy_std",
           "energy_sum", "energy_min")  # fmt: skip


def run(name: str, variables: dict[str, Any], skip: str = "nothing", until: str | None = None) -> None:
    """Runs the code cells of a notebook with these variables, which win over its parameters."""
    given = dict(variables)
    for cell in json.loads((NOTEBOOKS / name).read_text())["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and skip not in source:
            exec(compile(source, name, "exec"), variables)
            variables.update(given)
        if until is not None and until in source:
            return


def write_readings(folder: Path, days: dict[str, list[float | None]]) -> str:
    """A CSV file of each household's daily sums, one a day from `START`; None is a day without a row."""
    folder.mkdir()
    lines = [",".join(COLUMNS)]
    for house, sums in days.items():
        for n, total in enumerate(sums):
            if total is not None:
                lines.append(f"{house},{START + datetime.timedelta(days=n)},1.0,1.0,2.0,48,,{total},0.5")
    (folder / "readings.csv").write_text("\n".join(lines))
    return str(folder)


def months_before(day: datetime.date, months: int) -> datetime.date:
    """The same day of an earlier month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def test_windows_are_calendar_months_that_look_back_only(spark: SparkSession, tmp_path: Path) -> None:
    dice = random.Random(3)
    sums = [None if dice.random() < 0.2 else round(dice.uniform(1, 20), 3) for _ in range(430)]
    changed = [*sums[:300], *(None if dice.random() < 0.5 else 999.0 for _ in range(130))]

    def features(name: str, days: list[float | None]) -> dict[datetime.date, dict[str, Any]]:
        # The cell that connects imports `F` too.
        variables: dict[str, Any] = {"spark": spark, "F": sf, "raw": write_readings(tmp_path / name, {"h": days})}
        run("energy_features.ipynb", variables, skip="ts.connect", until="features = ")
        return {row.day: row.asDict() for row in variables["features"].collect()}

    before, after = features("before", sums), features("after", changed)
    past = [START + datetime.timedelta(days=n) for n, total in enumerate(sums[:300]) if total is not None]
    assert all(before[day] == after[day] for day in past)
    by_day = {START + datetime.timedelta(days=n): total for n, total in enumerate(sums) if total is not None}
    for day, row in before.items():
        for period, months in (("3months", 3), ("6months", 6), ("1yr", 12)):
            window = [total for other, total in by_day.items() if months_before(day, months) <= other <= day]
            assert row[f"energy_count_{period}"] == len(window)
            assert row[f"energy_max_{period}"] == max(window)
            assert math.isclose(row[f"energy_sum_{period}"], math.fsum(window))
            assert math.isclose(row[f"energy_mean_{period}"], statistics.fmean(window))
            spread = row[f"energy_stddev_{period}"]
            assert spread is None if len(window) == 1 else math.isclose(spread, statistics.stdev(window), abs_tol=1e-9)


def test_a_training_set_is_made_of_the_energy_group(
    spark: SparkSession, group: FeatureGroup, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(4)
    days: dict[str, list[float | None]] = {house: [dice.uniform(1, 9) for _ in range(70)] for house in ("h1", "h2")}
    variables: dict[str, Any] = {
        "spark": spark,
        "raw": write_readings(tmp_path / "raw", days),
        "offline": group.offline,
        "online": group.online,
    }
    run("energy_features.ipynb", variables)
    assert variables["report"].verdict == "in_parity"
    run("training_set.ipynb", variables, skip="store.group")
    said = capsys.readouterr().out
    assert "6 moments, 0 differ" in said
    assert "0 moments have features" in said
