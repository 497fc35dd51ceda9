"""Wire twins: the same four calls by this crate's client and by the vendor's, as they arrive at the fake."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import scene
from environments import Failed
from fakes import ServeFakes

Request = dict[str, Any]
Seen = set[tuple[str, str, str]]
"""Client, call, and the difference."""

HERE = Path(__file__).resolve().parent
CALLS = ("Remove", "Add", "Schedule", "JobHistory")

RECORDED_REMOVAL = {
    "CertificateId": 0,
    "Alias": "",
    "CertificateStores": [{"CertificateStoreId": scene.JKS, "Alias": "more-0", "EntryPassword": None}],
    "Schedule": {"Immediate": True},
}
"""The members of a removal by the vendor's Go client, as recorded with a server of version 25.4.1."""


def twins(serve_fakes: Path, ours: Path, pythons: dict[str, Path]) -> Seen:
    """Every difference between what a client of the vendor sends and what this crate's client sends."""
    with ServeFakes(serve_fakes, scene.state([])) as fakes:
        sent = {"ours": recorded(fakes, [str(ours)])}
        for client, python in pythons.items():
            sent[client] = recorded(fakes, [str(python), "-B", str(HERE / "twin_calls.py"), client])
        fakes.send("POST", "CertificateStores/Certificates/Remove", RECORDED_REMOVAL)
        go = fakes.requests()[-1]
    if go["status"] != 200:
        raise Failed(f"the recorded removal is refused: {go['status']}")
    seen: Seen = set()
    for client in pythons:
        for call, our, their in zip(CALLS, sent["ours"], sent[client], strict=True):
            seen |= {(client, call, it) for it in differences(our, their)}
    bodies = body_differences(sent["ours"][0]["body"], go["body"], "")
    return seen | {("go", "Remove", it) for it in bodies}


def recorded(fakes: ServeFakes, command: list[str]) -> list[Request]:
    """What arrives from this program: the four calls, each answered with success."""
    before = len(fakes.requests())
    environment = {**os.environ, **fakes.variables}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise Failed(f"{command} failed:\n{done.stdout}{done.stderr}")
    requests = fakes.requests()[before:]
    paths = [it["path"].rpartition("/")[2] for it in requests]
    refused = [it["status"] for it in requests if it["status"] not in (200, 204)]
    if paths != list(CALLS) or refused:
        raise Failed(f"{command} sent {paths}, refused with {refused}")
    return requests


def differences(our: Request, their: Request) -> set[str]:
    found = {f"{part} {their[part]} instead of {our[part]}" for part in ("method", "path") if our[part] != their[part]}
    ours, theirs = set(our["headers"]), set(their["headers"])
    found |= {f"also sends the header {name}" for name in theirs - ours}
    found |= {f"does not send the header {name}" for name in ours - theirs}
    their_query, spelled = without_prefix(their["query"])
    found |= spelled | query_differences(our["query"], their_query)
    their_body, spelled = in_pascal_case(their["body"])
    return found | spelled | body_differences(our["body"], their_body, "")


def without_prefix(query: str) -> tuple[str, set[str]]:
    """The same parameters by the names of Command 11, if all of them have the prefix of Command 10."""
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    if not names or not all(name.startswith("pq.") for name in names):
        return query, set()
    parts = [part.removeprefix("pq.") for part in query.split("&")]
    return "&".join(upper(part) for part in parts), {"writes all parameters with the prefix pq."}


def in_pascal_case(body: Any) -> tuple[Any, set[str]]:
    """The same body with capitals, if every member of it begins with a small letter."""
    names = member_names(body)
    if not names or not all(name[:1].islower() for name in names):
        return body, set()
    return capitalised(body), {"writes all members in camelCase"}


def member_names(body: Any) -> list[str]:
    if isinstance(body, list):
        return [name for it in body for name in member_names(it)]
    return [name for it in body for name in [it, *member_names(body[it])]] if isinstance(body, dict) else []


def capitalised(body: Any) -> Any:
    if isinstance(body, list):
        return [capitalised(it) for it in body]
    return {upper(name): capitalised(it) for name, it in body.items()} if isinstance(body, dict) else body


def upper(name: str) -> str:
    return name[:1].upper() + name[1:]


def query_differences(our: str, their: str) -> set[str]:
    found = {"writes a space as +"} if "+" in their and "+" not in our else set()
    ours, theirs = parameters(our), parameters(their)
    for name in ours.keys() | theirs.keys():
        if name not in theirs:
            found.add(f"does not send the parameter {ours[name][0]}")
        elif name not in ours:
            found.add(f"also sends the parameter {theirs[name][0]}={theirs[name][1]}")
        elif ours[name][1] != theirs[name][1]:
            found.add(f"the parameter {ours[name][0]} is {theirs[name][1]} instead of {ours[name][1]}")
        elif ours[name][0] != theirs[name][0]:
            found.add(f"writes the parameter {ours[name][0]} as {theirs[name][0]}")
    return found


def parameters(query: str) -> dict[str, tuple[str, str]]:
    """Name and value by the name in small letters."""
    return {name.lower(): (name, value) for name, value in parse_qsl(query, keep_blank_values=True)}


def body_differences(our: Any, their: Any, path: str) -> set[str]:
    if isinstance(our, dict) and isinstance(their, dict):
        return member_differences(our, their, path)
    if isinstance(our, list) and isinstance(their, list) and len(our) == len(their):
        return set().union(*(body_differences(one, twin, path + "[]") for one, twin in zip(our, their, strict=True)))
    return set() if our == their else {f"the member {path} is {their!r} instead of {our!r}"}


def member_differences(our: Request, their: Request, path: str) -> set[str]:
    ours, theirs = ({name.lower(): name for name in body} for body in (our, their))
    found: set[str] = set()
    for folded in ours.keys() | theirs.keys():
        place = f"{path}.{ours.get(folded, theirs.get(folded))}".lstrip(".")
        if folded not in theirs:
            found.add(f"does not send the member {place}: {our[ours[folded]]!r}")
        elif folded not in ours:
            found.add(f"also sends the member {place}: {their[theirs[folded]]!r}")
        else:
            if ours[folded] != theirs[folded]:
                found.add(f"writes the member {place} as {theirs[folded]}")
            found |= body_differences(our[ours[folded]], their[theirs[folded]], place)
    return found
