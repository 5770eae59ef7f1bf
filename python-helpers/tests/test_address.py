"""Which addresses lead to one table, and which to a copy of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from twinstore.address import same_place


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("s3a://features/energy", "s3://features/energy/"),
        ("s3n://features/energy", "s3a://features/energy"),
        ("/data/energy", "file:/data/energy/"),
        ("/data/energy", "file:///data/energy"),
        ("hdfs://name/data/energy", "hdfs://name/data/energy/"),
        ("energy", str(Path.cwd() / "energy")),
    ],
)
def test_one_table_has_several_addresses(one: str, other: str) -> None:
    assert same_place(one, other) and same_place(other, one)


def test_a_link_leads_to_its_table(tmp_path: Path) -> None:
    (tmp_path / "table").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "table")
    assert same_place(str(tmp_path / "link"), f"file:{tmp_path}/table")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("s3a://features/energy", "s3a://staging/energy"),
        ("s3a://features/energy", "s3a://features/energy2"),
        ("s3a://features/energy", "/features/energy"),
        ("/data/energy", "/data/staging/energy"),
        ("hdfs://name/data/energy", "/data/energy"),
    ],
)
def test_other_places_are_not_taken_for_it(one: str, other: str) -> None:
    assert not same_place(one, other)
