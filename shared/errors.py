"""
Every error this project raises on purpose, by what the caller should do about it.

    MfaStatusError
    ├── UsageError                 say the sentence, stop (exit 2): a person must change something
    │   ├── BadSettingError        a setting is missing or wrong
    │   └── BadInputError          a file or an argument is not what it must be
    ├── SourceError                a slice could not be read whole; nothing of it was stored
    │   ├── SourceDeniedError      do not retry: a licence or a consent is missing
    │   ├── SourceIncompleteError  retry the whole slice later
    │   └── OutOfTimeError         halve the slice and hand both halves back to the queue
    ├── StoreError                 what is kept cannot be read or written
    │   ├── DamagedError           what is kept is not what was written: it must be made again
    │   └── ConflictError          somebody else wrote first: read again, then decide
    └── DeliveryError              a mail or page did not go out; what it says is still stored
        └── DeliveryUncertainError it may have gone out: repeat only where that is harmless

Each message is one sentence: what was wrong, where, and what is expected instead.
"""


class MfaStatusError(Exception):
    """The root: catching it means catching everything this project raises on purpose."""


class UsageError(MfaStatusError):
    """The operator must change something before trying again."""


class BadSettingError(UsageError):
    """A setting is missing or wrong; the message names it, what was given and what is expected."""


class BadInputError(UsageError):
    """A file or an argument is not what it must be."""


class SourceError(MfaStatusError):
    """A slice could not be read whole; nothing of it was stored."""


class SourceDeniedError(SourceError):
    """The source refuses for lack of a licence or a consent; only a person can change that."""


class SourceIncompleteError(SourceError):
    """The source broke off; the whole slice is to be read again later."""


class OutOfTimeError(SourceError):
    """The execution's time is nearly used up; the slice is to be halved and read again."""


class StoreError(MfaStatusError):
    """What is kept cannot be read or written."""


class DamagedError(StoreError):
    """What is kept is not what was written; trying again will not mend it, making it anew will."""


class ConflictError(StoreError):
    """Somebody else wrote first; read again, then decide."""


class TooOftenError(MfaStatusError):
    """It was asked for too often; it may be asked for again after so many seconds."""

    def __init__(self, sentence: str, retry_after_seconds: int) -> None:
        super().__init__(sentence)
        self.retry_after_seconds = retry_after_seconds


class DeliveryError(MfaStatusError):
    """A page or a mail did not go out; the report it shows is stored all the same."""


class DeliveryUncertainError(DeliveryError):
    """A mail may or may not have gone out; sending it again might send it twice."""
