"""What the clients change, compared with snapshots of the fake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any
from urllib.parse import quote

import scene
from job import Job, moment
from vendors import Answer

Row = dict[str, Any]

RESULTS = {"unknown": 0, "success": 2, "warning": 3, "failure": 4}
STATUSES = {"in_process": 2, "completed": 3, "acknowledged": 4, "completed_will_retry": 5}


def changes(job: Job) -> None:
    add(job)
    overwrite(job)
    remove(job)
    job_fields(job)
    schedules(job)
    unschedule(job)
    failed_run(job)
    running_job(job)


def add(job: Job) -> None:
    body = job.session.addition(10, scene.JKS, "added", include_private_key=True, overwrite=False)
    job.does("add", partial(job.session.send, "add", body), one_job(job, "add", scene.JKS, "added"), (200, "waiting"))
    job.fakes.run_jobs()
    expect(job, "what was added is held", held(job, scene.JKS, "added"), 10)
    call = partial(job.session.call, "inventory", scene.JKS, return_limit=100)
    if job.session.client == "v1":
        raw = {it["Name"]: it["Parameters"] for it in job.fakes.read(f"CertificateStores/{scene.JKS}/Inventory")}
        evidence = raw.get("added") == {"PrivateKeyEntry": "Yes"}
        job.deviates("parameters and metadata of an inventory as objects", call, AttributeError, evidence)
        return
    job.does(
        "the inventory after the addition",
        call,
        lambda answer: [it.certificates[0].id for it in answer.decoded if it.name == "added"],
        [10],
    )


def overwrite(job: Job) -> None:
    body = job.session.addition(12, scene.JKS, "added", overwrite=True)
    job.does("add in another's place", partial(job.session.send, "add", body), status, 200)
    job.fakes.run_jobs()
    expect(job, "what was overwritten is held", held(job, scene.JKS, "added"), 12)
    body = job.session.addition(14, scene.JKS, "nowhere", overwrite=True)
    refused = partial(job.session.send, "add", body)
    job.does("an overwriting addition of an alias that is not there", refused, status, 400)


def remove(job: Job) -> None:
    body = job.session.removal(scene.JKS, "added")
    job.does(
        "remove",
        partial(job.session.send, "remove", body),
        one_job(job, "remove", scene.JKS, "added"),
        (200, "waiting"),
    )
    removal = last_job(job)["id"]
    call = partial(job.session.call, "scheduled")
    answer = job.does("scheduled jobs", call, lambda answer: scheduled_row(answer, removal), scheduled_of(job, removal))
    job.keeps("scheduled", answer)
    job.does("the history of a waiting job", history(job, removal), lambda answer: answer.decoded, [])
    job.fakes.run_jobs()
    expect(job, "what was removed is held", held(job, scene.JKS, "added"), None)
    call = history(job, removal)
    answer = job.does("the history of a removal", call, lambda answer: history_rows(answer), runs_of(job, removal))
    job.keeps("history", answer)
    job.does(
        "the inventory after the removal",
        partial(job.session.call, "inventory", scene.JKS, return_limit=100),
        lambda answer: [it.name for it in answer.decoded if it.name == "added"],
        [],
    )


def job_fields(job: Job) -> None:
    """One client types the values of job fields as objects."""
    fields = job.session.model("AddJobFields")()
    fields["SiteName"] = "Shop"
    body = job.session.addition(10, scene.IIS, "with-a-field", job_fields=fields)
    call = partial(job.session.send, "add", body)
    if job.session.client == "v1":
        job.deviates("job fields as objects", call, AttributeError, True)
        return
    job.does("add with a job field", call, status, 200)
    job.fakes.run_jobs()
    expect(job, "what was added with a job field is held", held(job, scene.IIS, "with-a-field"), 10)
    job.does(
        "the inventory with the job field",
        partial(job.session.call, "inventory", scene.IIS),
        lambda answer: [it.parameters["siteName"] for it in answer.decoded if it.name == "with-a-field"],
        ["Shop"],
    )


def schedules(job: Job) -> None:
    schedule, make = job.session.model("Schedule"), job.session.model
    noon = datetime(2026, 3, 20, 12, tzinfo=UTC)
    for name, given, expected in [
        ("interval", schedule(interval=make("Interval")(minutes=90)), {"Interval": {"Minutes": 90}}),
        ("daily", schedule(daily=make("Time")(time=noon)), {"Daily": {"Time": "2026-03-20T12:00:00Z"}}),
    ]:
        body = job.session.scheduling([scene.PEM, scene.IIS], given)
        call = partial(job.session.send, "schedule", body)

        def stored(answer: Answer) -> Any:
            return (answer.status, inventory_schedule(job, scene.PEM), inventory_schedule(job, scene.IIS))

        job.does(f"schedule inventories: {name}", call, stored, (204, expected, expected))
    call = partial(job.session.send, "schedule", job.session.scheduling([scene.JKS], job.session.immediately()))
    job.does("schedule an inventory immediately", call, one_job(job, "inventory", scene.JKS, ""), (204, "waiting"))
    job.fakes.run_jobs()
    expect(job, "the immediate inventory", last_job(job)["state"], "succeeded")

    elsewhere = make("Time")(time=datetime(2026, 3, 20, 14, tzinfo=timezone(timedelta(hours=2))))
    sent = elsewhere.to_dict()
    job.notices("the offset of a time is dropped", next(iter(sent.values())) == "2026-03-20T14:00:00Z")


def unschedule(job: Job) -> None:
    unscheduling = job.session.model("Unschedule")
    first, second = waiting_removal(job, "more-0"), waiting_removal(job, "more-1")
    call = partial(job.session.send, "unschedule", unscheduling(job_ids=[first]))
    job.does("unschedule by id", call, states(job, first, second), (204, "unscheduled", "waiting"))
    call = partial(job.session.send, "unschedule", unscheduling(query='JobType -contains "Management"'))
    job.does("unschedule by query", call, states(job, second), (204, "unscheduled"))
    job.fakes.run_jobs()
    aliases = [it["alias"] for it in store_of(job, scene.JKS)["held"]]
    expect(job, "what was unscheduled is held", sorted(set(aliases) & {"more-0", "more-1"}), ["more-0", "more-1"])


def failed_run(job: Job) -> None:
    """A removal of an alias that the store does not have fails; it is run again, fails again, and is acknowledged."""
    id_ = waiting_removal(job, "not-there")
    job.fakes.run_jobs()
    call, rows = history(job, id_), lambda answer: history_rows(answer)
    answer = job.does("the history of a failed removal", call, rows, runs_of(job, id_))
    if answer is None or len(answer.decoded) != 1 or RESULTS["failure"] != answer.decoded[0].result:
        job.problems.append("a removal of an unknown alias has not failed")
        return
    run = answer.decoded[0].job_history_id
    body = job.session.model("Reschedule")(job_audit_ids=[run])
    call = partial(job.session.send, "reschedule", body)
    job.does("reschedule", call, states(job, id_), (204, "waiting"))
    job.fakes.run_jobs()
    answer = job.does("the history of two runs", history(job, id_), rows, runs_of(job, id_))
    if answer is None or len(answer.decoded) != 2:
        job.problems.append("a rescheduled job has not run again")
        return
    latest = max(it.job_history_id for it in answer.decoded)
    body = job.session.model("Acknowledge")(job_audit_ids=[latest])
    call = partial(job.session.send, "acknowledge", body)

    def statuses(answer: Answer) -> Any:
        return (answer.status, sorted(it["status"] for it in runs(job, id_)))

    job.does("acknowledge", call, statuses, (204, ["acknowledged", "completed"]))
    call = partial(job.session.call, "history", query_string=f'JobId -eq "{id_}" AND Status -eq "4"')
    job.does(
        "the history by job and status", call, lambda answer: [it.job_history_id for it in answer.decoded], [latest]
    )
    ascending(job, id_)


def ascending(job: Job, id_: str) -> None:
    """0 is the vendor's number for ascending, and false to Python: the clients leave it out."""
    query = f'JobId -eq "{id_}"'
    order = job.session.model("Ascending")
    for direction in (1, 0):
        call = partial(
            job.session.call, "history", query_string=query, sort_field="JobHistoryId", sort_ascending=order(direction)
        )

        def rows(answer: Answer) -> Any:
            return [it.job_history_id for it in answer.decoded]

        expected = sorted((row["JobHistoryId"] for row in raw_history(job, query)), reverse=direction == 1)
        job.does(f"the history, SortAscending {direction}", call, rows, expected)
    sent = job.fakes.requests()[-1]["query"].lower()
    job.notices("SortAscending 0 is not sent", "sortfield=" in sent and "sortascending" not in sent)


def running_job(job: Job) -> None:
    """A run that has not ended has no time of its end."""
    body = job.session.removal(scene.SLOW, "waits")
    job.does("remove from a slow store", partial(job.session.send, "remove", body), status, 200)
    id_ = last_job(job)["id"]
    query = f'JobId -eq "{id_}"'
    for _ in range(5):
        raw = raw_history(job, query)
        if raw and raw[0]["OperationEnd"] is None:
            break
    open_ = bool(raw) and raw[0]["OperationEnd"] is None
    call = history(job, id_)
    if job.session.client == "v1":
        job.deviates("a run that has not ended", call, TypeError, open_)
        return

    def seen(answer: Answer) -> Any:
        return [(it.operation_end, int(it.result), int(it.status)) for it in answer.decoded]

    job.does("the history of a running job", call, seen, [(None, RESULTS["unknown"], STATUSES["in_process"])])


def waiting_removal(job: Job, alias: str) -> str:
    body = job.session.removal(scene.JKS, alias)
    seen = one_job(job, "remove", scene.JKS, alias)
    job.does(f"remove {alias}", partial(job.session.send, "remove", body), seen, (200, "waiting"))
    return last_job(job)["id"]


def one_job(job: Job, kind: str, store: str, alias: str) -> Callable[[Answer], Any]:
    """The status, and the state of the newest job, which is of this kind and the one that the answer names."""

    def seen(answer: Answer) -> Any:
        newest = last_job(job)
        told = answer.decoded[0] if answer.status == 200 else newest["id"]
        if (newest["kind"], newest["store"], newest["alias"], newest["id"]) != (kind, store, alias, told):
            return answer.status, newest, answer.decoded
        return answer.status, newest["state"]

    return seen


def states(job: Job, *ids: str) -> Callable[[Answer], Any]:
    """The status, and the states of these jobs."""
    return lambda answer: (answer.status, *(job_of(job, id_)["state"] for id_ in ids))


def status(answer: Answer) -> int:
    return answer.status


def expect(job: Job, title: str, found: Any, expected: Any) -> None:
    if found != expected:
        job.problems.append(f"{title}: expected {expected!r}, found {found!r}")


def store_of(job: Job, store: str) -> Row:
    return next(it for it in job.fakes.snapshot()["stores"] if it["id"] == store)


def held(job: Job, store: str, alias: str) -> int | None:
    return next((it["certificate"] for it in store_of(job, store)["held"] if it["alias"] == alias), None)


def inventory_schedule(job: Job, store: str) -> Any:
    return store_of(job, store)["inventory_schedule"]


def last_job(job: Job) -> Row:
    return job.fakes.snapshot()["jobs"][-1]


def job_of(job: Job, id_: str) -> Row:
    return next(it for it in job.fakes.snapshot()["jobs"] if it["id"] == id_)


def runs(job: Job, id_: str) -> list[Row]:
    return [it for it in job.fakes.snapshot()["runs"] if it["job"] == id_]


def runs_of(job: Job, id_: str) -> Any:
    store = store_of(job, job_of(job, id_)["store"])
    return [
        (
            id_,
            moment(it["start"]),
            moment(it["end"]),
            RESULTS[it["result"]],
            STATUSES[it["status"]],
            it["message"],
            store["machine"],
            store["path"],
        )
        for it in runs(job, id_)
    ]


def history(job: Job, id_: str) -> partial[Answer]:
    return partial(job.session.call, "history", query_string=f'JobId -eq "{id_}"')


def history_rows(answer: Answer) -> Any:
    return [
        (
            it.job_id,
            it.operation_start.timestamp(),
            it.operation_end.timestamp(),
            int(it.result),
            int(it.status),
            it.message,
            it.client_machine,
            it.store_path,
        )
        for it in answer.decoded
    ]


def raw_history(job: Job, query: str) -> list[Row]:
    return job.fakes.read("OrchestratorJobs/JobHistory?QueryString=" + quote(query))


def scheduled_row(answer: Answer, id_: str) -> Any:
    return [(it.id, it.client_machine, it.target, it.schedule.immediate) for it in answer.decoded if it.id == id_]


def scheduled_of(job: Job, id_: str) -> Any:
    store = store_of(job, job_of(job, id_)["store"])
    return [(id_, store["machine"], store["path"], True)]
