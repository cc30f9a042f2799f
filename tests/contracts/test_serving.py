"""What serving a report asks of a storage account."""

from __future__ import annotations

from typing import Any

import pytest

from shared.service.http.recent_reports import RecentReports
from tests.contracts.store_backends import AzureBackend
from tests.contracts.store_examples import DAY, FILES, TENANT, save_old_report

PAGE = "report.html"


@pytest.mark.azurite
def test_an_etag_reads_no_blob_and_a_file_is_read_once(azurite) -> None:
    from azure.core.pipeline.transport import RequestsTransport

    sent = []

    class Counting(RequestsTransport):  # type: ignore[misc]  # comes without types
        def send(self, request: Any, **options: Any) -> Any:
            sent.append(request.url)
            return super().send(request, **options)

    backend = AzureBackend(azurite)
    save_old_report(backend.open())
    reports = RecentReports(backend.open(transport=Counting()))

    assert reports.latest_ending(TENANT) == DAY
    etag = reports.etag(TENANT, DAY, PAGE)
    assert [url.startswith(azurite.tables_url) for url in sent] == [True, True]

    for _ in range(3):
        read = reports.file(TENANT, DAY, PAGE)
        assert read
        assert (read.content, read.etag) == (FILES[PAGE], etag)
    assert [url.startswith(azurite.blobs_url) for url in sent] == [False, False, False, True]
    backend.close()
