"""What the vendor's clients do by their own fault. Each one must still be there: one that is gone fails the run.

Each was found by running the client, and is seen anew in each run. "Recorded" is an answer of a real server of
version 25.4.1; "schema" is the vendor's own OpenAPI document.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Deviation:
    clients: tuple[str, ...]
    name: str
    evidence: str


DEVIATIONS = [
    Deviation(
        ("v1",),
        "no call for the list of stores",
        "its folder api/certificate_store has neither GET /CertificateStores nor GET /CertificateStores/{id}; later "
        "schemas and recorded answers have both",
    ),
    Deviation(
        ("v1",),
        "parameters and metadata of an inventory as objects",
        "it reads the values of Parameters, and of a certificate's Metadata, as objects, and raises AttributeError "
        "at a text; "
        'recorded: "Parameters": {"PrivateKeyEntry": "Yes"}',
    ),
    Deviation(
        ("v1",),
        "job fields as objects",
        "it writes the values of JobFields as objects and raises AttributeError at a text; later schemas take any "
        "value, and the vendor's other clients send texts",
    ),
    Deviation(
        ("v1",),
        "a run that has not ended",
        "it reads OperationEnd as a time and raises TypeError at null, which the schema allows",
    ),
    Deviation(
        ("v1", "v11"),
        "store types with words for numbers",
        'it takes numbers only and raises ValueError; recorded: "CustomAliasAllowed": "Forbidden", "Style": "Default"',
    ),
    Deviation(("v1", "v11"), "a store type with words for numbers", "the same for GET /CertificateStoreTypes/{id}"),
    Deviation(
        ("v1", "v11"),
        "SortAscending 0 is not sent",
        "0 is ascending in the schema; it is false to Python, and the clients leave it out: harmless, since it is the "
        "default",
    ),
    Deviation(
        ("v1", "v11"),
        "the offset of a time is dropped",
        "a time of 14:00+02:00 is sent as 14:00Z, two hours late: the last six characters are replaced",
    ),
    Deviation(
        ("v11",),
        "stores without a schedule in the list",
        "it reads InventorySchedule as an object and raises AttributeError at null; recorded: null in every "
        "row of the list",
    ),
    Deviation(
        ("v11",),
        "a store without a password",
        "it reads Password as an object and raises AttributeError at null; recorded: null where a store has none",
    ),
    Deviation(
        ("v11",),
        "metadata names in another spelling",
        "it lowers the first letter of every member, also of names that users gave: Owner becomes owner",
    ),
    Deviation(
        ("v11",),
        "a token for every call",
        "it asks the identity provider anew before every call, whatever the lifetime of the token that it has",
    ),
    Deviation(
        ("v11",),
        "parameter names in another spelling",
        "the same for an inventory: PrivateKeyEntry becomes privateKeyEntry",
    ),
]

LOST: dict[str, dict[str, list[str]]] = {
    "v1": {},
    "v11": {
        "certificate": [
            "AltKeySizeInBits",
            "AltKeyType",
            "AltKeyTypeString",
            "CARecordId",
            "HasAltPrivateKey",
            "IsCACertificate",
            "KeyAlgorithm",
            "Lifespan",
        ],
        "inventory": ["CertStoreId"],
    },
}
"""Members of answers that have a value and that a client drops, by client and call.

The first client keeps what it does not know. The second one drops members that are newer than it is, and CARecordId,
for which it looks under another name.
"""
