"""What requests need of a ``report.json``, which is much longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from shared.decoding import decode_json
from shared.mfa.report import FileEntry, WindowSummary, damaged_report, refuse_newer_report

if TYPE_CHECKING:
    from shared.mfa.assessment import ReportMeta


class ReportHead(msgspec.Struct):
    """The parts of a ``report.json`` that are needed here."""

    window: WindowSummary
    files: dict[str, FileEntry]
    tenant_id: str | None = None
    tenant_name: str | None = None
    source: str = ""
    generated_at: str = ""
    directory_notes: dict[str, str] = {}

    @property
    def meta(self) -> ReportMeta:
        """Whose report it is, and when it was made."""
        from shared.mfa.assessment import ReportMeta  # loads much code, for searches only

        return ReportMeta(self.tenant_id, self.tenant_name, self.source, self.generated_at)


def read_head(content: bytes) -> ReportHead:
    """Read it from a stored report; raises `NewerError` or `DamagedError` if that is impossible."""
    refuse_newer_report(content)
    return decode_json(content, ReportHead, damaged_report)
