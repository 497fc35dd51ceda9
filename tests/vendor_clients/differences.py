"""How what the vendor's clients send differs from what this crate's client sends, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    clients: tuple[str, ...]
    calls: tuple[str, ...]
    what: str
    reason: str


BOTH, ALL = ("v1", "v11"), ("Remove", "Add", "Schedule", "JobHistory")

DIFFERENCES = [
    Difference(
        BOTH,
        ALL,
        "also sends the header connection",
        "keep-alive, which HTTP/1.1 implies; this crate leaves it out",
    ),
    Difference(
        ("v11",),
        ALL,
        "does not send the header x-keyfactor-api-version",
        "optional, 1 where it is missing; this crate says which version it was written for",
    ),
    Difference(
        BOTH,
        ("JobHistory",),
        "does not send the header content-type",
        "this crate sends its media type with every request; without a body it has no meaning",
    ),
    Difference(
        BOTH,
        ("JobHistory",),
        "writes a space as +",
        "the vendor's newest clients do; its Go client rewrites + to %20, which every server reads",
    ),
    Difference(
        ("v1",),
        ("JobHistory",),
        "writes all parameters with the prefix pq.",
        "the names of Command 10; from 11 on there is no prefix, and recorded servers take both",
    ),
    Difference(
        ("v11",),
        ("Remove", "Add", "Schedule"),
        "writes all members in camelCase",
        "the vendor's schema has PascalCase, and its servers read names without regard to case",
    ),
    Difference(
        BOTH,
        ("Add",),
        "does not send the member CertificateStores[].Overwrite: False",
        "false is the default in the schema; this crate says it, since the other value replaces a certificate",
    ),
    Difference(
        ("go",),
        ("Remove",),
        "also sends the member CertificateId: 0",
        "no member of the schema: a field of the client's type that it cannot leave out; the server ignores it",
    ),
    Difference(("go",), ("Remove",), "also sends the member Alias: ''", "the same; the alias is that of each location"),
    Difference(
        ("go",),
        ("Remove",),
        "also sends the member CertificateStores[].EntryPassword: None",
        "the same: a member of an addition",
    ),
]
