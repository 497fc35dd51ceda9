"""The vendor's two Python clients behind one set of names. Nothing of theirs is changed or replaced."""

from __future__ import annotations

import base64
import importlib
import json
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes import ServeFakes


@dataclass(frozen=True)
class Vendor:
    """Where one client keeps what this test uses."""

    package: str
    calls: Mapping[str, str]
    """The module of each call, below `api`."""
    arguments: Mapping[str, str]
    """What stands before the names of paging and query arguments, for each list."""
    models: Mapping[str, str]
    """The class of each body, `module:Class` below `models`."""
    oauth: Callable[[ServeFakes], dict[str, Any]]
    """What the client takes instead of a user and a password."""


def with_a_token(fakes: ServeFakes) -> dict[str, Any]:
    """The first client takes a token, and leaves it to its user to have one."""
    return {"token": fakes.token()}


def with_a_provider(fakes: ServeFakes) -> dict[str, Any]:
    """The second one asks for tokens itself, and trusts what the environment says."""
    os.environ["REQUESTS_CA_BUNDLE"] = fakes.variables["KEYFACTOR_AUTH_CA_CERT"]
    names = {"tokenURL": "TOKEN_URL", "clientId": "CLIENT_ID", "clientSecret": "CLIENT_SECRET"}
    return {"token": "", "idp_args": {it: fakes.variables[f"KEYFACTOR_AUTH_{name}"] for it, name in names.items()}}


V1 = Vendor(
    package="keyfactor_v_1_client",
    calls={
        "endpoints": "status.status_get_endpoints",
        "certificates": "certificate.certificate_query_certificates",
        "certificate": "certificate.certificate_get_certificate",
        "locations": "certificate.certificate_get_certificate_locations",
        "inventory": "certificate_store.certificate_store_get_certificate_store_inventory",
        "store types": "certificate_store_type.certificate_store_type_get_types",
        "store type": "certificate_store_type.certificate_store_type_get_certificate_store_type_0",
        "add": "certificate_store.certificate_store_add_certificate",
        "remove": "certificate_store.certificate_store_remove_certificate",
        "schedule": "certificate_store.certificate_store_schedule",
        "history": "orchestrator_job.orchestrator_job_get_job_history",
        "scheduled": "orchestrator_job.orchestrator_job_get_scheduled_jobs",
        "unschedule": "orchestrator_job.orchestrator_job_unschedule_jobs",
        "reschedule": "orchestrator_job.orchestrator_job_reschedule_jobs",
        "acknowledge": "orchestrator_job.orchestrator_job_acknowledge_jobs",
    },
    arguments={"inventory": "query_", "store types": "cstquery_", "": "pq_"},
    models={
        "AddRequest": "keyfactor_api_models_certificate_stores_add_certificate_request:"
        "KeyfactorApiModelsCertificateStoresAddCertificateRequest",
        "AddLocation": "models_certificate_store_entry:ModelsCertificateStoreEntry",
        "AddJobFields": "models_certificate_store_entry_job_fields:ModelsCertificateStoreEntryJobFields",
        "RemoveRequest": "keyfactor_api_models_certificate_stores_remove_certificate_request:"
        "KeyfactorApiModelsCertificateStoresRemoveCertificateRequest",
        "RemoveLocation": "models_certificate_location_specifier:ModelsCertificateLocationSpecifier",
        "ScheduleRequest": "models_cert_stores_schedule:ModelsCertStoresSchedule",
        "Unschedule": "keyfactor_api_models_orchestrator_jobs_unschedule_job_request:"
        "KeyfactorApiModelsOrchestratorJobsUnscheduleJobRequest",
        "Reschedule": "keyfactor_api_models_orchestrator_jobs_reschedule_job_request:"
        "KeyfactorApiModelsOrchestratorJobsRescheduleJobRequest",
        "Acknowledge": "keyfactor_api_models_orchestrator_jobs_acknowledge_job_request:"
        "KeyfactorApiModelsOrchestratorJobsAcknowledgeJobRequest",
        "Ascending": "orchestrator_job_get_job_history_pq_sort_ascending:OrchestratorJobGetJobHistoryPqSortAscending",
    },
    oauth=with_a_token,
)

V11 = Vendor(
    package="command_v11_client",
    calls={
        "endpoints": "status.get_status_endpoints",
        "certificates": "certificate.get_certificates",
        "certificate": "certificate.get_certificates_id",
        "locations": "certificate.get_certificates_locations_id",
        "stores": "certificate_store.get_certificate_stores",
        "store": "certificate_store.get_certificate_stores_id",
        "inventory": "certificate_store.get_certificate_stores_id_inventory",
        "store types": "certificate_store_type.get_certificate_store_types",
        "store type": "certificate_store_type.get_certificate_store_types_id",
        "add": "certificate_store.post_certificate_stores_certificates_add",
        "remove": "certificate_store.post_certificate_stores_certificates_remove",
        "schedule": "certificate_store.post_certificate_stores_schedule",
        "history": "orchestrator_job.get_orchestrator_jobs_job_history",
        "scheduled": "orchestrator_job.get_orchestrator_jobs_scheduled_jobs",
        "unschedule": "orchestrator_job.post_orchestrator_jobs_unschedule",
        "reschedule": "orchestrator_job.post_orchestrator_jobs_reschedule",
        "acknowledge": "orchestrator_job.post_orchestrator_jobs_acknowledge",
    },
    arguments={"": ""},
    models={
        "AddRequest": "keyfactor_web_keyfactor_api_models_certificate_stores_add_certificate_request:"
        "KeyfactorWebKeyfactorApiModelsCertificateStoresAddCertificateRequest",
        "AddLocation": "csscms_data_model_models_certificate_store_entry:CSSCMSDataModelModelsCertificateStoreEntry",
        "AddJobFields": "csscms_data_model_models_certificate_store_entry_job_fields:"
        "CSSCMSDataModelModelsCertificateStoreEntryJobFields",
        "RemoveRequest": "keyfactor_web_keyfactor_api_models_certificate_stores_remove_certificate_request:"
        "KeyfactorWebKeyfactorApiModelsCertificateStoresRemoveCertificateRequest",
        "RemoveLocation": "csscms_data_model_models_certificate_location_specifier:"
        "CSSCMSDataModelModelsCertificateLocationSpecifier",
        "ScheduleRequest": "csscms_data_model_models_cert_stores_schedule:CSSCMSDataModelModelsCertStoresSchedule",
        "Unschedule": "keyfactor_web_keyfactor_api_models_orchestrator_jobs_unschedule_job_request:"
        "KeyfactorWebKeyfactorApiModelsOrchestratorJobsUnscheduleJobRequest",
        "Reschedule": "keyfactor_web_keyfactor_api_models_orchestrator_jobs_reschedule_job_request:"
        "KeyfactorWebKeyfactorApiModelsOrchestratorJobsRescheduleJobRequest",
        "Acknowledge": "keyfactor_web_keyfactor_api_models_orchestrator_jobs_acknowledge_job_request:"
        "KeyfactorWebKeyfactorApiModelsOrchestratorJobsAcknowledgeJobRequest",
        "Ascending": "keyfactor_common_queryable_extensions_sort_order:KeyfactorCommonQueryableExtensionsSortOrder",
    },
    oauth=with_a_provider,
)

# The same in both.
SHARED_MODELS = {
    "Schedule": "keyfactor_common_scheduling_keyfactor_schedule:KeyfactorCommonSchedulingKeyfactorSchedule",
    "Interval": "keyfactor_common_scheduling_models_interval_model:KeyfactorCommonSchedulingModelsIntervalModel",
    "Time": "keyfactor_common_scheduling_models_time_model:KeyfactorCommonSchedulingModelsTimeModel",
}

VENDORS = {"v1": V1, "v11": V11}

PAGING = (
    "query_string",
    "page_returned",
    "return_limit",
    "sort_field",
    "sort_ascending",
    "include_revoked",
    "include_expired",
)


@dataclass
class Answer:
    """What a call gave: its status, what the client made of the body, and the body."""

    status: int
    decoded: Any
    raw: Any


class Session:
    """One client, connected to a fake over TLS."""

    def __init__(self, client: str, fakes: ServeFakes, password: str | None = None) -> None:
        self.client = client
        self._vendor = VENDORS[client]
        if "KEYFACTOR_USERNAME" in fakes.variables:
            secret = password or fakes.variables["KEYFACTOR_PASSWORD"]
            user = f"{fakes.variables['KEYFACTOR_USERNAME']}:{secret}"
            credentials = {"prefix": "Basic", "token": base64.b64encode(user.encode()).decode()}
        else:
            credentials = {"prefix": "Bearer", **self._vendor.oauth(fakes)}
        self._connection = importlib.import_module(f"{self._vendor.package}.client").AuthenticatedClient(
            base_url=fakes.url(),
            verify_ssl=ssl.create_default_context(cafile=fakes.variables["KEYFACTOR_CA_CERT"]),
            **credentials,
        )

    def has(self, call: str) -> bool:
        return call in self._vendor.calls

    def modules(self, folder: str) -> set[str]:
        """The names of the client's calls in a folder of its `api`."""
        package = importlib.import_module(f"{self._vendor.package}.api.{folder}")
        return {file.stem for path in package.__path__ for file in Path(path).glob("*.py")}

    def call(self, call: str, *path: Any, **arguments: Any) -> Answer:
        """Paging and query arguments have one name for every list; the clients put different words before it."""
        module = importlib.import_module(f"{self._vendor.package}.api.{self._vendor.calls[call]}")
        before = self._vendor.arguments.get(call, self._vendor.arguments[""])
        named = {(before + name if name in PAGING else name): value for name, value in arguments.items()}
        answer = module.sync_detailed(*path, client=self._connection, **named)
        raw = json.loads(answer.content) if answer.content else None
        return Answer(int(answer.status_code), answer.parsed, raw)

    def send(self, call: str, body: Any) -> Answer:
        return self.call(call, json_body=body)

    def model(self, name: str) -> Any:
        module, _, class_ = {**SHARED_MODELS, **self._vendor.models}[name].partition(":")
        return getattr(importlib.import_module(f"{self._vendor.package}.models.{module}"), class_)

    def immediately(self) -> Any:
        return self.model("Schedule")(immediate=True)

    def removal(self, store: str, alias: str) -> Any:
        location = self.model("RemoveLocation")(certificate_store_id=store, alias=alias)
        return self.model("RemoveRequest")(certificate_stores=[location], schedule=self.immediately())

    def addition(self, certificate: int, store: str, alias: str, **members: Any) -> Any:
        location = self.model("AddLocation")(certificate_store_id=store, alias=alias, **members)
        return self.model("AddRequest")(
            certificate_id=certificate, certificate_stores=[location], schedule=self.immediately()
        )

    def scheduling(self, stores: list[str], schedule: Any) -> Any:
        return self.model("ScheduleRequest")(store_ids=stores, schedule=schedule)
