"""The state that the fake starts with. What the clients read is compared with it, and with snapshots taken later."""

from __future__ import annotations

import hashlib
from typing import Any

State = dict[str, Any]

VISIBLE = 250
"""Certificates that a search finds without further flags."""

WWW, PLAIN, ISSUING, EXPIRED, REVOKED = 1, 2, 3, 251, 252
"""Certificates by their id."""

PEM, IIS, JKS, SLOW = (f"57070000-0000-4000-8000-00000000000{number}" for number in range(1, 5))
"""Stores by their id."""


def state(modes: list[str]) -> State:
    """`modes` are ways of the fake that are not its default, by their names in a state."""
    return {
        "product_version": "25.4.1",
        "clock": "2026-03-19T21:00:00Z",
        "modes": modes,
        "certificates": [certificate(number) for number in range(1, VISIBLE + 3)],
        "store_types": [
            {"number": 2, "name": "PEM file", "short_name": "PEM", "custom_alias": "required"},
            {
                "number": 104,
                "name": "IIS Bound Certificate",
                "short_name": "IISU",
                "entry_parameters": [{"name": "SiteName", "needed_on_add": True, "needed_on_remove": True}],
            },
            {"number": 0, "name": "Java keystore", "short_name": "JKS"},
        ],
        "stores": stores(),
    }


def certificate(number: int) -> State:
    names = {WWW: "www.example.com", PLAIN: "plain.example.com", ISSUING: "Example Issuing CA"}
    name = names.get(number, f"host-{number:03}.example.com")
    digest = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest().upper()
    return {
        "id": number,
        "common_name": name,
        "thumbprint": digest,
        "serial_number": digest[:32],
        "not_after": "2025-12-31T23:59:59Z" if number == EXPIRED else "2030-12-31T23:59:59Z",
        "revocation": "revoked" if number == REVOKED else "none",
        "private_key": number % 2 == 1,
        "metadata": {"Owner": "web"} if number == WWW else {},
    }


def stores() -> list[State]:
    """The second and third have what every client reads: no parameters, and a certificate without metadata."""
    held = {
        PEM: [entry("www.pem", WWW, {"PrivateKeyEntry": "Yes"}), entry("plain.pem", PLAIN, {})],
        IIS: [entry("site", PLAIN, {})],
        JKS: [entry("first", PLAIN, {}, [ISSUING]), *(entry(f"more-{n}", 10 + n, {}) for n in range(4))],
        SLOW: [entry("waits", PLAIN, {})],
    }
    described = [(PEM, "web01", "/etc/certificates", 2), (IIS, "web02", "My", 104), (JKS, "web03", "/app/keys.jks", 0)]
    rows = [
        {"id": id_, "machine": f"{host}.example.com", "path": path, "type": type_, "held": held[id_]}
        for id_, host, path, type_ in [*described, (SLOW, "web04", "/slow", 2)]
    ]
    rows[0]["inventory_schedule"] = {"Interval": {"Minutes": 60}}
    rows[3]["orchestrator"] = {"pick_up": {"after_polls": 1}, "running_for": 2}
    return rows


def entry(alias: str, certificate_id: int, parameters: dict[str, str], chain: list[int] | None = None) -> State:
    return {"alias": alias, "certificate": certificate_id, "chain": chain or [], "parameters": parameters}
