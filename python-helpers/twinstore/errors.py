"""Errors as values: what happened, whose side it is, and what to do about it.

The Python half of `src/contract/errors.ts`: the same codes, sides and body.
"""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import Any

#: HTTP status of each code, as in `src/contract/errors.ts`.
HTTP_STATUS = {
    "bad_request": 400,
    "forbidden": 403,
    "not_found": 404,
    "conflict": 409,
    "unsupported": 400,
    "store_failed": 502,
    "unavailable": 503,
    "deadline": 504,
    "aborted": 499,
    "internal": 500,
}

_DEFAULT_SIDE = {"store_failed": "store", "deadline": "store", "internal": "twinstore", "unavailable": "twinstore"}

_DETAILS_LIMIT = 8_000
# A line of Java's stack traces that tells a place in the code, not what happened.
_JAVA_FRAME = re.compile(r"\s+(at [\w.$]+[/@.\w$<>]*\(|\.\.\. \d+ more)")

_PACKAGE = str(Path(__file__).parent)

# A secret once read must not leave by any message, whoever raises it: so the values are remembered for the life of
# the process, next to the patterns of secrets that twinstore never read itself.
_secrets: set[str] = set()
_SECRET_PATTERNS = (
    re.compile(r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b"),
    re.compile(
        r"(?i)(?:secret[._-]?(?:access[._-]?)?key|session[._-]?token|password)[\"']?\s*[=:]\s*[\"']?([^\s\"',;&}]+)"
    ),
    re.compile(r"(?i)X-Amz-(?:Signature|Credential|Security-Token)=([^\s&\"']+)"),
    re.compile(r"(?i)://[^/\s:@]+:([^/\s@]+)@"),
)


class TwinstoreError(Exception):
    """An error with a code, one sentence, a remedy, a side, and details for an expert.

    Secrets are taken out of every text here, so that no path to a log or a notebook needs its own filter.
    """

    def __init__(self, code: str, message: str, remedy: str, *, side: str | None = None, details: str = "") -> None:
        if code not in HTTP_STATUS:
            raise ValueError(f"{code!r} is not an error code")
        self.code = code
        self.message = redact(message)
        self.remedy = redact(remedy)
        self.side = side or _DEFAULT_SIDE.get(code, "request")
        self.details = redact(details)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback: where in the user's own code, what is wrong, what to do."""
        frames = [
            frame
            for frame in traceback.extract_tb(self.__traceback__)
            if not frame.filename.startswith(_PACKAGE) and "/IPython/" not in frame.filename
        ]
        where = f"in line {frames[-1].lineno}: {frames[-1].line}" if frames else ""
        details = f"\n{self.details}" if self.details else ""
        lines = (f"{type(self).__name__}: {self.message}", self.remedy, where, details)
        return [line for line in lines if line]

    def to_body(self, request_id: str = "") -> dict[str, str]:
        """The JSON body of the contract."""
        return {
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "side": self.side,
            "details": self.details,
            "requestId": request_id,
        }


class Unsupported(TwinstoreError):  # noqa: N818 - its public name says what happened
    """Something that twinstore knows of and refuses by name."""

    def __init__(self, message: str, remedy: str, *, details: str = "") -> None:
        super().__init__("unsupported", message, remedy, details=details)


class NotebookFailed(TwinstoreError):  # noqa: N818 - its public name says what happened
    """A cell of a notebook that was run as a program raised; whatever its code, the program was used rightly."""


class WriteUnconfirmed(TwinstoreError):  # noqa: N818 - its public name says what happened
    """A write whose rows are in the offline store but not all confirmed online.

    `receipt` tells what is known; it is not kept, so the watermark stays and `retry` finishes the write.
    """

    def __init__(self, message: str, remedy: str, receipt: Any, *, details: str = "") -> None:
        super().__init__("store_failed", message, remedy, details=details)
        self.receipt = receipt


def from_foreign(
    error: BaseException, message: str, remedy: str, *, code: str = "store_failed", side: str | None = None
) -> TwinstoreError:
    """A foreign error, such as one of py4j, in twinstore's words; its own text goes to `details`.

    A `TwinstoreError` is returned as it is. Raise the result `from` the error, which keeps the stack of Java that the
    details leave out.
    """
    if isinstance(error, TwinstoreError):
        return error
    told = "".join(traceback.format_exception_only(type(error), error)).strip()
    details = "\n".join(line for line in told.splitlines() if not _JAVA_FRAME.match(line))
    if len(details) > _DETAILS_LIMIT:
        details = details[:_DETAILS_LIMIT] + " …"
    return TwinstoreError(code, message, remedy, side=side, details=details)


def cause_of(error: BaseException) -> str:
    """What a foreign error says, in one line: of Java's chain of causes the innermost that says anything."""
    said, cause = str(error), getattr(error, "java_exception", None)
    while cause is not None:
        said, cause = str(cause.getMessage() or said), cause.getCause()
    return redact((said.splitlines() or [type(error).__name__])[0])


def remember_secret(value: str) -> None:
    """Takes `value` out of every text that `redact` sees from now on."""
    # Very short values would blank ordinary words.
    if len(value) >= 4:
        _secrets.add(value)


def redact(text: str) -> str:
    """`text` without secrets: those remembered, and what looks like one."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    for pattern in _SECRET_PATTERNS:
        text = pattern.sub(lambda match: match.group(0).replace(match.group(1), "***"), text)
    return text
