"""The magics, in a real IPython shell on real stores."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from twinstore.config import Settings
from twinstore.errors import TwinstoreError
from twinstore.feature_group import FeatureGroup
from twinstore.progress import silent
from twinstore.store import Store

from .conftest import MakeGroup
from .readings import SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql import SparkSession


@pytest.fixture
def shell(spark: SparkSession, settings: Settings, tmp_path: Path) -> Iterator[Any]:
    """A shell in which `spark` and `store` are known, whose groups lie in a folder of its own."""
    import dataclasses

    from twinstore.config import Root

    here = dataclasses.replace(settings, roots=(Root(str(tmp_path)),))
    shell: Any = InteractiveShell()  # type: ignore[no-untyped-call]
    shell.user_ns |= {"spark": spark, "store": Store(spark, here, silent), "SCHEMA": SCHEMA}
    shell.run_line_magic("load_ext", "twinstore")
    yield shell
    shell.history_manager.end_session()


CELL = """
import datetime
day = datetime.date(2014, 1, 1)
rows = [("a", day, 1.0, 1), ("b", day, None, 2)]
spark.createDataFrame(rows, SCHEMA)
"""


def test_a_group_is_written_looked_up_proved_and_repaired(shell: Any, group: FeatureGroup) -> None:
    def magic(line: str) -> Any:
        return shell.run_line_magic("twinstore", line)

    name = group.name
    with pytest.raises(TwinstoreError, match="needs --key and --event-time"):
        shell.run_cell_magic("feature_write", name, CELL)
    receipt = shell.run_cell_magic("feature_write", f"{name} --key house --event-time day", CELL)
    assert (receipt.appended, receipt.written) == (2, 2)
    again = shell.run_cell_magic("feature_write", name, CELL)
    assert again.appended == 0
    changed = shell.run_cell_magic("feature_write", f"{name} --ttl 7000d", CELL)
    assert any("ttl_seconds" in note for note in changed.notes)
    assert magic(f"receipt {name}").run_id == changed.run_id
    more = f"{CELL.strip()}.withColumn('size', sf.lit(7))"
    with pytest.raises(TwinstoreError, match="Column size is not a feature"):
        shell.run_cell_magic("feature_write", name, f"from pyspark.sql import functions as sf\n{more}")
    shell.run_cell_magic("feature_write", f"{name} --new-feature size", more)

    store = shell.user_ns["store"]
    table = f"feature_store.{name}"
    assert store.group(name).online == table
    store.cql.execute(f"UPDATE {table} SET mean = 99.5 WHERE house = 'b'")
    assert ("b", "2014-01-01", "99.5", "2", "7") in magic(f"lookup {name} b nobody").rows
    assert magic(f"repair {name} --dry-run").receipt.written == 1
    assert magic(f"repair {name}").report.verdict == "in_parity"
    assert magic(f"repair {name}").verdict == "in_parity"
    assert magic(f"parity {name} --full").coverage.how == "full"
    assert magic(f"retry {name}").gap.empty
    (row,) = magic("groups").rows
    assert row[:2] == (name, "not known here")
    status = magic("status")
    assert "answers" in repr(status) and "<table>" in status._repr_html_()

    complete = shell.magics_manager.magics["line"]["twinstore"].__self__.completions
    assert "parity" in complete(None, SimpleNamespace(line="%twinstore pa"))
    assert complete(None, SimpleNamespace(line="%twinstore parity ")) == [name]
    assert complete(None, SimpleNamespace(line="%twinstore status ")) == []


def test_what_is_no_key_of_its_type_is_refused(shell: Any, spark: SparkSession, make_group: MakeGroup) -> None:
    group = make_group(keys=["meter"])
    shell.user_ns["store"].write(spark.sql("SELECT 12 AS meter, date'2014-01-01' AS day, 1 AS value"), group)
    assert shell.run_line_magic("twinstore", f"lookup {group.name} 12").rows == [("12", "2014-01-01", "1")]
    with pytest.raises(TwinstoreError, match=r"12x is not a key of .*, which has meter \(int\)"):
        shell.run_line_magic("twinstore", f"lookup {group.name} 12 12x")


def test_wrong_use_raises_with_the_usage(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for line in ("fly", "parity", "parity a --half", "lookup a", "parity 'a", "receipt nobody"):
        with pytest.raises(TwinstoreError) as refused:
            shell.run_line_magic("twinstore", line)
        assert refused.value.remedy
    with pytest.raises(TwinstoreError, match="is a int, not a Spark DataFrame"):
        shell.run_cell_magic("feature_write", "g --key house --event-time day", "1 + 1")
    with pytest.raises(TwinstoreError, match="does not end in an expression"):
        shell.run_cell_magic("feature_write", "g --key house --event-time day", "x = 1")
    shell.run_line_magic("twinstore", "help")
    assert "[--dry-run] GROUP" in capsys.readouterr().out


def test_a_magic_that_is_there_stays(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_line_magic("reload_ext", "twinstore")
    assert capsys.readouterr().out == ""
    shell.register_magic_function(lambda line: "another", "line", "twinstore")
    shell.run_line_magic("reload_ext", "twinstore")
    assert "twinstore's is %ts_twinstore" in capsys.readouterr().out
    assert shell.run_line_magic("twinstore", "") == "another"
