"""What the clients read, compared with the state that the fake was started with."""

from __future__ import annotations

from functools import partial
from typing import Any

import scene
from job import Job, moment
from vendors import Answer

Row = dict[str, Any]


def reads(job: Job) -> None:
    endpoints(job)
    search(job)
    pages(job)
    one_certificate(job)
    locations(job)
    stores(job)
    inventory(job)
    store_types(job)
    refusals(job)


def names(job: Job) -> None:
    """What a client for answers in camelCase reads in them."""
    search(job)
    pages(job)
    one_certificate(job)
    locations(job)


def endpoints(job: Job) -> None:
    """The first call of the vendor's other tools, which end if it fails."""

    def names_calls(answer: Answer) -> Any:
        return answer.status, [type(it) for it in answer.decoded[:1]], bool(answer.decoded)

    job.does("endpoints", partial(job.session.call, "endpoints"), names_calls, (200, [str], True))


def search(job: Job) -> None:
    known = job.state["certificates"]
    www, hosts = [scene.WWW], [it["id"] for it in known if it["common_name"].startswith("host-00")]
    flags = {"include_revoked": True, "include_expired": True}
    for query, more, expected in [
        ('IssuedCN -eq "www.example.com"', {}, www),
        (f'Thumbprint -eq "{known[0]["thumbprint"]}"', {}, www),
        ('IssuedCN -contains "host-00"', {}, hosts),
        ('IssuedCN -eq "nobody.example.com"', {}, []),
        ('IssuedCN -startswith "host-25"', {}, [250]),
        ('IssuedCN -startswith "host-25"', flags, [250, scene.EXPIRED, scene.REVOKED]),
    ]:
        call = partial(job.session.call, "certificates", query_string=query, **more)
        job.does(f"certificates where {query} {more or ''}", call, ids, (200, expected))
    job.does(
        "the values of a certificate in a list",
        partial(
            job.session.call,
            "certificates",
            query_string='IssuedCN -eq "www.example.com"',
            include_locations=True,
            include_metadata=True,
            include_has_private_key=True,
        ),
        lambda answer: [certificate_row(it) for it in answer.decoded],
        [certificate_of(job, scene.WWW)],
    )


def ids(answer: Answer) -> Any:
    return answer.status, [it.id for it in answer.decoded]


def pages(job: Job) -> None:
    """Every certificate once, and the page past the end is empty."""
    seen: list[int] = []
    for page, size in enumerate([100, 100, 50, 0], start=1):
        call = partial(job.session.call, "certificates", page_returned=page, return_limit=100)
        answer = job.does(f"page {page} of the certificates", call, lambda answer: len(answer.decoded), size)
        seen += [it.id for it in answer.decoded] if answer else []
    if sorted(seen) != list(range(1, scene.VISIBLE + 1)):
        job.problems.append(f"the pages do not hold every certificate once: {sorted(seen)}")
    descending = job.session.model("Ascending")(1)
    job.does(
        "certificates sorted by their name, descending",
        partial(job.session.call, "certificates", sort_field="IssuedCN", sort_ascending=descending, return_limit=2),
        lambda answer: [it.issued_cn for it in answer.decoded],
        ["www.example.com", "plain.example.com"],
    )


def one_certificate(job: Job) -> None:
    call = partial(job.session.call, "certificate", scene.WWW, include_locations=True, include_metadata=True)
    expected = {**certificate_of(job, scene.WWW), "private_key": False}  # it shows only where it is asked for
    answer = job.does("certificate by id", call, lambda answer: certificate_row(answer.decoded), expected)
    job.keeps("certificate", answer)
    metadata = answer.decoded.metadata.additional_properties if answer else {}
    job.notices("metadata names in another spelling", metadata == {"owner": "web"})


def locations(job: Job) -> None:
    expected = sorted(
        (it["store"], it["machine"], it["path"], it["type"], it["alias"]) for it in places(job, scene.PLAIN)
    )

    def rows(answer: Answer) -> Any:
        found = [it for group in answer.decoded.details for it in group.locations]
        return sorted((it.store_id, it.client_machine, it.store_path, it.store_type_id, it.alias) for it in found)

    answer = job.does("locations", partial(job.session.call, "locations", scene.PLAIN), rows, expected)
    job.keeps("locations", answer)


def stores(job: Job) -> None:
    if not job.session.has("stores"):
        modules = job.session.modules("certificate_store")
        reading = {it for it in modules if "_get_" in it} - {"certificate_store_get_certificate_store_inventory"}
        job.notices("no call for the list of stores", not reading)
        return
    raw = job.fakes.read("CertificateStores")
    unscheduled = all(row["InventorySchedule"] is None for row in raw)
    job.deviates(
        "stores without a schedule in the list", partial(job.session.call, "stores"), AttributeError, unscheduled
    )
    described = [(it["Id"], it["ClientMachine"], it["Storepath"], it["CertStoreType"]) for it in raw]
    expected = [(it["id"], it["machine"], it["path"], it["type"]) for it in job.state["stores"]]
    if sorted(described) != sorted(expected):
        job.problems.append(f"stores: expected {expected!r}, the fake answers {described!r}")
    query = 'ClientMachine -eq "nobody.example.com"'
    job.does("stores by query", partial(job.session.call, "stores", query_string=query), ids, (200, []))
    one = job.fakes.read(f"CertificateStores/{scene.JKS}")
    call = partial(job.session.call, "store", scene.JKS)
    job.deviates("a store without a password", call, AttributeError, one["Password"] is None)


def inventory(job: Job) -> None:
    held = {it["id"]: it["held"] for it in job.state["stores"]}
    for store in [scene.JKS, scene.IIS]:
        call = partial(job.session.call, "inventory", store)
        expected = [entry_of(job, it) for it in held[store]]
        answer = job.does(
            f"inventory of {store}", call, lambda answer: [entry_row(it) for it in answer.decoded], expected
        )
        job.keeps("inventory", answer)
    names: list[str] = []
    for page in (1, 2, 3, 4):
        call = partial(job.session.call, "inventory", scene.JKS, page_returned=page, return_limit=2)
        size = [2, 2, 1, 0][page - 1]
        answer = job.does(f"page {page} of an inventory", call, lambda answer: len(answer.decoded), size)
        names += [it.name for it in answer.decoded] if answer else []
    if sorted(names) != sorted(it["alias"] for it in held[scene.JKS]):
        job.problems.append(f"the pages of an inventory do not hold every entry once: {names}")
    inventory_with_parameters(job, held[scene.PEM])


def inventory_with_parameters(job: Job, held: list[Row]) -> None:
    """One client types the values of parameters and metadata as objects, the other one spells their names anew."""
    call = partial(job.session.call, "inventory", scene.PEM)
    raw = {it["Name"]: it for it in job.fakes.read(f"CertificateStores/{scene.PEM}/Inventory")}
    texts = raw["www.pem"]["Parameters"] == {"PrivateKeyEntry": "Yes"}
    if job.session.client == "v1":
        metadata = raw["www.pem"]["Certificates"][0]["Metadata"] == {"Owner": "web"}
        job.deviates("parameters and metadata of an inventory as objects", call, AttributeError, texts and metadata)
        return

    def rows(answer: Answer) -> Any:
        return {it.name: it.parameters.additional_properties for it in answer.decoded}

    expected = {"www.pem": {"privateKeyEntry": "Yes"}, "plain.pem": {}}
    answer = job.does("inventory with parameters", call, rows, expected)
    job.notices("parameter names in another spelling", answer is not None and texts)


def store_types(job: Job) -> None:
    raw = job.fakes.read("CertificateStoreTypes")
    if "write_store_types_by_schema" in job.state["modes"]:
        store_types_by_schema(job)
        return
    words = all(isinstance(it["PasswordOptions"]["Style"], str) for it in raw)
    for name, call in [
        ("store types with words for numbers", partial(job.session.call, "store types")),
        ("a store type with words for numbers", partial(job.session.call, "store type", 104)),
    ]:
        job.deviates(name, call, ValueError, words)


def store_types_by_schema(job: Job) -> None:
    known = {it["number"]: (it["short_name"], it["name"]) for it in job.state["store_types"]}

    def row(it: Any) -> Any:
        return it.short_name, it.name

    job.does(
        "store types",
        partial(job.session.call, "store types"),
        lambda answer: sorted(row(it) for it in answer.decoded),
        sorted(known.values()),
    )
    one_type = partial(job.session.call, "store types", query_string='ShortName -eq "PEM"')
    job.does("store types by query", one_type, lambda answer: [row(it) for it in answer.decoded], [known[2]])
    call = partial(job.session.call, "store type", 104)

    def seen(answer: Answer) -> Any:
        return (*row(answer.decoded), [it.name for it in answer.decoded.entry_parameters])

    job.does("store type by number", call, seen, (*known[104], ["SiteName"]))


def refusals(job: Job) -> None:
    """They reach the caller as statuses, with nothing decoded."""

    def refused(answer: Answer) -> Any:
        return (answer.status, answer.decoded)

    job.does("a certificate that is not there", partial(job.session.call, "certificate", 9999), refused, (404, None))
    stranger = type(job.session)(job.session.client, job.fakes, password="not-the-password")
    job.does("a wrong password", partial(stranger.call, "certificates"), refused, (401, None))


def tokens(job: Job) -> None:
    """OAuth. One client gets a token for every call; the other one has only the one that it was given."""
    query = 'IssuedCN -eq "www.example.com"'
    call = partial(job.session.call, "certificates", query_string=query)
    job.does("certificates with a token", call, ids, (200, [scene.WWW]))
    given = len(job.fakes.requests("identity provider"))
    job.fakes.expire_tokens()
    if job.session.client == "v1":
        job.does("an expired token", call, lambda answer: (answer.status, answer.decoded), (401, None))
        return
    job.does("certificates after the token's end", call, ids, (200, [scene.WWW]))
    refused = [it for it in job.fakes.requests() if it["status"] == 401]
    more = len(job.fakes.requests("identity provider")) - given
    job.notices("a token for every call", (given, more, refused) == (1, 1, []))


def certificate_of(job: Job, number: int) -> Row:
    known = next(it for it in job.state["certificates"] if it["id"] == number)
    places_ = [
        (it["store"], it["machine"], it["path"], it["type"], it["alias"], it["level"]) for it in places(job, number)
    ]
    members = ("id", "common_name", "thumbprint", "serial_number", "private_key")
    spelled = {spelling(job, name): value for name, value in known["metadata"].items()}
    return {
        **{name: known[name] for name in members},
        "not_after": moment(known["not_after"]),
        "metadata": spelled,
        "locations": sorted(places_),
    }


def certificate_row(row: Any) -> Row:
    places_ = [
        (it.cert_store_id, it.store_machine, it.store_path, it.store_type, it.alias, it.chain_level)
        for it in row.locations
    ]
    return {
        "id": row.id,
        "common_name": row.issued_cn,
        "thumbprint": row.thumbprint,
        "serial_number": row.serial_number,
        "private_key": row.has_private_key,
        "not_after": row.not_after.timestamp(),
        "metadata": row.metadata.additional_properties,
        "locations": sorted(places_),
    }


def spelling(job: Job, name: str) -> str:
    """As the client gives it to its user: a deviation of the second one."""
    return name[:1].lower() + name[1:] if job.session.client == "v11" else name


def places(job: Job, certificate: int) -> list[Row]:
    """Where the state has a certificate, as leaf or in a chain."""
    return [
        {
            **{name: store[name] for name in ("machine", "path", "type")},
            "store": store["id"],
            "alias": it["alias"],
            "level": level,
        }
        for store in job.state["stores"]
        for it in store["held"]
        for level, id_ in enumerate([it["certificate"], *it["chain"]])
        if id_ == certificate
    ]


def entry_of(job: Job, entry: Row) -> Row:
    known = {it["id"]: it for it in job.state["certificates"]}
    certificates = [known[id_] for id_ in [entry["certificate"], *entry["chain"]]]
    return {
        "alias": entry["alias"],
        "certificates": [
            (it["id"], it["thumbprint"], it["serial_number"], moment(it["not_after"])) for it in certificates
        ],
        "parameters": entry["parameters"],
    }


def entry_row(row: Any) -> Row:
    return {
        "alias": row.name,
        "certificates": [(it.id, it.thumbprint, it.serial_number, it.not_after.timestamp()) for it in row.certificates],
        "parameters": row.parameters.additional_properties,
    }
