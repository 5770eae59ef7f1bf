"""Where tables lie: one place has several addresses."""

from __future__ import annotations

import os
import re


def same_place(one: str, other: str) -> bool:
    """Whether two addresses lead to one folder: S3 has three names, a local path may have a scheme or links."""
    return _place(one) == _place(other)


def _place(address: str) -> str:
    path = re.sub(r"^file:(//(?=/))?", "", address)
    path = re.sub(r"^s3[an]?://", "s3a://", path)
    return path.rstrip("/") if "://" in path else os.path.realpath(path)
