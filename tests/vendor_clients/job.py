"""Keeps count of what a client was asked to do, and of what it made of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from fakes import ServeFakes
from vendors import Answer, Session


@dataclass
class Job:
    session: Session
    fakes: ServeFakes
    state: dict[str, Any]
    """What the fake was started with."""
    tried: int = 0
    right: int = 0
    problems: list[str] = field(default_factory=list)
    deviations: list[str] = field(default_factory=list)
    """The names of those that were seen."""
    lost: dict[str, set[str]] = field(default_factory=dict)
    """Members of answers that the client drops or changes, by call."""

    def does(
        self, title: str, call: Callable[[], Answer], seen: Callable[[Answer], Any], expected: Any
    ) -> Answer | None:
        """One call. What is seen afterwards, in the answer or in the fake, is as expected."""
        self.tried += 1
        try:
            answer = call()
            found = seen(answer)
        except Exception as error:  # whatever a client raises is the finding
            self.problems.append(f"{title}: {type(error).__name__}: {error}")
            return None
        if found != expected:
            self.problems.append(f"{title}:\n    expected {short(expected)}\n    found    {short(found)}")
            return answer
        self.right += 1
        return answer

    def deviates(self, name: str, call: Callable[[], Any], raises: type[Exception], evidence: bool) -> None:
        """A call that fails by the client's own fault. `evidence` is what makes it a fault of the client."""
        self.tried += 1
        if not evidence:
            self.problems.append(f"{name}: the fake's answer is not the one that this deviation is about")
        try:
            call()
        except raises:
            self.deviations.append(name)
        except Exception as error:
            self.problems.append(f"{name}: another failure: {type(error).__name__}: {error}")

    def notices(self, name: str, is_there: bool) -> None:
        """A deviation that shows without a call that fails."""
        if is_there:
            self.deviations.append(name)

    def keeps(self, call: str, answer: Answer | None) -> None:
        """Notes what of a read answer the client lost."""
        if answer is None:
            return
        decoded = answer.decoded if isinstance(answer.decoded, list) else [answer.decoded]
        raw = answer.raw if isinstance(answer.raw, list) else [answer.raw]
        lost = self.lost.setdefault(call, set())
        for one, of in zip(decoded, raw, strict=True):
            lost |= lost_members(of, one.to_dict())


def short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 600 else f"{text[:600]}… ({len(text)} characters)"


def lost_members(raw: Any, decoded: Any, path: str = "") -> set[str]:
    """The paths of members with a value that the decoded form does not have, without regard to the case of names."""
    if isinstance(raw, dict):
        folded = {name.lower(): value for name, value in decoded.items()} if isinstance(decoded, dict) else {}
        members = ((name, value, folded.get(name.lower())) for name, value in raw.items())
        return set().union(*(lost_members(value, twin, f"{path}.{name}".lstrip(".")) for name, value, twin in members))
    if isinstance(raw, list):
        twins = decoded if isinstance(decoded, list) and len(decoded) == len(raw) else [None] * len(raw)
        return set().union(*(lost_members(value, twin, path) for value, twin in zip(raw, twins, strict=True)))
    return set() if raw is None or plain(raw) == plain(decoded) else {path}


def plain(value: Any) -> Any:
    """Times and numbers of enumerations in one form."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, str) and len(value) >= 20 and value[4:5] == "-" and value.endswith(("Z", "+00:00")):
        return moment(value)
    return value


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
