"""The contract's JSON Schemas, and a check against the part of JSON Schema that they use.

The library depends on PySpark alone, so that it runs on any cluster; a test holds this check against `jsonschema`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from .errors import TwinstoreError

_KNOWN = {
    "$schema", "$id", "$ref", "title", "description", "definitions", "type", "enum", "format", "pattern", "minLength",
    "minimum", "maximum", "items", "minItems", "maxItems", "properties", "required", "additionalProperties",
}  # fmt: skip


@cache
def schema(name: str) -> dict[str, Any]:
    """A schema of the contract: `config`, `group`, `receipt` or `parity_report`."""
    path = resources.files("twinstore") / "contract" / f"{name}.schema.json"
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise TwinstoreError(
            "internal",
            f"This installation of twinstore lacks contract/{name}.schema.json.",
            "Install the wheel again or, in a checkout, run `npm run build:contract`.",
        ) from error
    return found


def problems(value: Any, schema_name: str) -> list[str]:
    """Everything in which `value` breaks the schema, one sentence each, with the path to it; empty when legal."""
    root = schema(schema_name)
    return list(_problems(value, root, root, ""))


def _problems(value: Any, rule: dict[str, Any], root: dict[str, Any], path: str) -> Iterator[str]:
    if "$ref" in rule:
        rule = root["definitions"][rule["$ref"].rsplit("/", 1)[1]]
    unknown = rule.keys() - _KNOWN
    if unknown:
        raise TwinstoreError("internal", f"The contract uses {sorted(unknown)}, which is not checked.", "Report this.")
    at = path or "it"
    if "enum" in rule and value not in rule["enum"]:
        yield f"{at} must be one of {', '.join(map(str, rule['enum']))}, not {value!r}"
        return
    types = rule.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_is_type(value, each) for each in types):
        yield f"{at} must be {' or '.join(types)}, not {value!r}"
        return
    if isinstance(value, str):
        yield from _text_problems(value, rule, at)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _number_problems(value, rule, at)
    elif isinstance(value, list):
        yield from _array_problems(value, rule, root, path)
    elif isinstance(value, dict):
        yield from _object_problems(value, rule, root, path)


def _is_type(value: Any, name: str) -> bool:
    if name == "null":
        return value is None
    if name == "boolean":
        return isinstance(value, bool)
    if name in ("integer", "number") and isinstance(value, bool):
        return False
    if name == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if name == "number":
        return isinstance(value, (int, float)) and not math.isnan(value)
    return isinstance(value, {"string": str, "array": list, "object": dict}[name])


def _text_problems(value: str, rule: dict[str, Any], at: str) -> Iterator[str]:
    if len(value) < rule.get("minLength", 0):
        yield f"{at} must not be empty"
    if "pattern" in rule and not re.search(rule["pattern"], value):
        yield f"{at} is {value!r}, which does not match {rule['pattern']}"
    if rule.get("format") == "uri":
        parts = urlsplit(value)
        if not parts.scheme or not parts.netloc:
            yield f"{at} is {value!r}, which is not an address such as http://127.0.0.1:9000"


def _number_problems(value: float, rule: dict[str, Any], at: str) -> Iterator[str]:
    if "minimum" in rule and value < rule["minimum"]:
        yield f"{at} is {value}, less than {rule['minimum']}"
    if "maximum" in rule and value > rule["maximum"]:
        yield f"{at} is {value}, more than {rule['maximum']}"


def _array_problems(value: list[Any], rule: dict[str, Any], root: dict[str, Any], path: str) -> Iterator[str]:
    at = path or "it"
    if len(value) < rule.get("minItems", 0):
        yield f"{at} must have at least {rule['minItems']} entry"
    if "maxItems" in rule and len(value) > rule["maxItems"]:
        yield f"{at} must have at most {rule['maxItems']} entries"
    if "items" in rule:
        for index, item in enumerate(value):
            yield from _problems(item, rule["items"], root, f"{path}[{index}]")


def _object_problems(value: dict[str, Any], rule: dict[str, Any], root: dict[str, Any], path: str) -> Iterator[str]:
    known = rule.get("properties", {})
    prefix = f"{path}." if path else ""
    for name in rule.get("required", []):
        if name not in value:
            yield f"{prefix}{name} is missing"
    for name, item in value.items():
        if name in known:
            yield from _problems(item, known[name], root, prefix + name)
            continue
        extra = rule.get("additionalProperties", True)
        if extra is False:
            yield f"{prefix}{name} is not a setting; known here: {', '.join(known)}"
        elif isinstance(extra, dict):
            yield from _problems(item, extra, root, prefix + name)
