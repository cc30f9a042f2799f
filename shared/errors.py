"""
Every error that crosses rooms, by what the caller should do about it.

    MfaStatusError
    ├── UsageError                 print the message and stop (exit 2): a person must fix something
    │   ├── BadSettingError        a setting is missing or invalid
    │   ├── ClockError             this machine's clock is wrong
    │   └── BadInputError          a file or an argument is invalid
    ├── SourceError                a slice was not read completely
    │   ├── SourceDeniedError      do not retry: a person must change something first
    │   │   └── OutOfReachError    the source no longer has the day, or never had it
    │   ├── SourceIncompleteError  retry the whole slice later
    │   ├── OutOfOrderError        read the slice again, as a log that is not newest first
    │   └── OutOfTimeError         what could be kept is kept; the rest goes back into the queue
    ├── StoreError                 the store cannot be read or written
    │   ├── DamagedError           what is stored cannot be read: treat it as not there
    │   └── ConflictError          another writer came first: read again, then decide
    │       └── NewerError         a newer release wrote it: leave it alone, say so, go on
    ├── TooOftenError              try again after the seconds that it gives
    └── DeliveryError              a mail or a page was not delivered; its report is still stored
        └── DeliveryUncertainError it may have been delivered: repeat it only if that is harmless

Each message is one sentence: what is wrong, where, and what is expected instead.
"""

from __future__ import annotations

from typing import Self


class MfaStatusError(Exception):
    """The root: catches everything that this project raises on purpose."""


class UsageError(MfaStatusError):
    """The operator must change something before trying again."""


class BadSettingError(UsageError):
    """A setting is missing or invalid; the message names it, its value and what is expected."""


class ClockError(UsageError):
    """The clock of this machine differs from Graph's: nothing may be entered by it."""


class BadInputError(UsageError):
    """A file or an argument is invalid."""


class SourceError(MfaStatusError):
    """A slice was not read completely."""


class SourceDeniedError(SourceError):
    """The source refuses access; only a person can change that, by a licence or consent, say."""


class OutOfReachError(SourceDeniedError):
    """The day is older than what the source holds: an empty answer would prove nothing."""


class SourceIncompleteError(SourceError):
    """The source broke off; the whole slice must be read again later."""


class OutOfOrderError(SourceError):
    """A log does not come newest first, so nothing of it is complete before all of it is read."""


class OutOfTimeError(SourceError):
    """The execution's time is nearly used up; what could not be kept must be read again."""


class StoreError(MfaStatusError):
    """The store cannot be read or written."""


class DamagedError(StoreError):
    """
    What is stored cannot be read, now or later: it is not there, and must be made again.

    It must never stop anything else. Storage that does not answer is a plain `StoreError`.
    """


class ConflictError(StoreError):
    """Another writer came first; read again, then decide."""


class NewerError(ConflictError):
    """A newer release of this app wrote it: this one can neither read it nor may replace it."""

    @classmethod
    def of(cls, what: str, version: int, ours: int) -> Self:
        """The error for a stored file; `what` begins the sentence, up to its version."""
        return cls(f"{what} {version}, of a newer release; this one reads {ours}.")


class TooOftenError(MfaStatusError):
    """Something was requested too often; it may be requested again after some seconds."""

    def __init__(self, sentence: str, retry_after_seconds: int) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds


class DeliveryError(MfaStatusError):
    """A mail or a page was not delivered; the report it shows is still stored."""


class DeliveryUncertainError(DeliveryError):
    """A mail may or may not have been delivered; sending it again might deliver it twice."""
