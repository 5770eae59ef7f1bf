"""What the JSON file of a commit tells of it."""

from __future__ import annotations

import json
from typing import Any

from twinstore.delta_log import Commit, parse_commit

ADD = {"path": "a.parquet", "partitionValues": {}, "size": 1, "modificationTime": 1}


def commit(*actions: dict[str, Any], **info: Any) -> Commit:
    first = {"commitInfo": {"operation": "WRITE", "inCommitTimestamp": 1_700_000_000_123, **info}}
    return parse_commit(7, [json.dumps(action) for action in (first, *actions)])


def test_our_append_brings_rows_of_its_run() -> None:
    ours = json.dumps({"twinstore": {"run": "r1", "created_us": 5}})
    found = commit({"add": {**ADD, "dataChange": True}}, userMetadata=ours, operationMetrics={"numOutputRows": "12"})
    assert (found.version, found.run_id, found.created_us, found.rows) == (7, "r1", 5, 12)
    assert found.timestamp_us == 1_700_000_000_123_000
    assert found.changes_rows and not found.removes and not found.touches_all
    assert json.loads(found.added[0])["add"]["path"] == "a.parquet"


def test_files_that_are_only_rearranged_change_no_row() -> None:
    found = commit({"add": {**ADD, "dataChange": False}}, {"remove": {"path": "b", "dataChange": False}})
    assert not found.changes_rows


def test_removed_files_and_change_files_take_rows_away() -> None:
    assert commit({"remove": {"path": "b", "dataChange": True}}).removes
    assert commit({"cdc": {"path": "_change_data/c", "dataChange": False}}).removes


def test_a_change_of_metadata_and_a_stamp_touch_every_key() -> None:
    assert commit({"metaData": {"id": "m"}}).touches_all
    assert commit(
        {"txn": {"appId": "x", "version": 0}}, userMetadata=json.dumps({"twinstore": {"touch": "all"}})
    ).touches_all


def test_the_words_of_other_writers_are_not_taken_for_ours() -> None:
    alike = ({"run": "r1", "created_us": 5}, {"touch": "all"}, {"twinstore": {"run": 7, "created_us": 5}},
             {"twinstore": {"run": "r1"}}, {"twinstore": "r1"})  # fmt: skip
    for words in ("nightly job", "[1]", "", None, *map(json.dumps, alike)):
        found = commit({"add": {**ADD, "dataChange": True}}, userMetadata=words)
        assert found.run_id is None and not found.touches_all
