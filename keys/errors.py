"""Every error that a person may see says where, what is wrong, and what helps."""

from __future__ import annotations


class HandsealError(Exception):
    """Refused: the message is ``place: fault``; `hint` says what helps (exit code 1)."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class ConfigurationError(HandsealError):
    """The command or its configuration cannot work as given (exit code 2)."""

    exit_code = 2


class UndecidedError(HandsealError):
    """Something could not be checked; neither yes nor no (exit code 3)."""

    exit_code = 3


class FormatError(HandsealError):
    """Bytes or text that are not of the form they must have."""


class SignatureError(HandsealError):
    """A signature that does not hold."""
