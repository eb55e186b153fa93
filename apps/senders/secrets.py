"""Passwords of sender accounts at rest: Fernet (AES-128-CBC with HMAC) under a key made from SECRET_KEY."""

import base64
import hashlib
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class SecretUnreadable(Exception):
    """The stored secret was written under another SECRET_KEY: it has to be typed in again."""


def encrypt(text: str) -> str:
    """`text` encrypted for the database; the empty text stays empty."""
    return _fernet().encrypt(text.encode()).decode() if text else ""


def decrypt(stored: str) -> str:
    """The text that was given to encrypt(). Raises SecretUnreadable."""
    try:
        return _fernet().decrypt(stored.encode()).decode() if stored else ""
    except InvalidToken:
        raise SecretUnreadable from None


def secret(column: str) -> Any:
    """A property of a model that reads and writes the encrypted text in `column`."""

    def read(row: Any) -> str:
        return decrypt(getattr(row, column))

    def write(row: Any, value: str) -> None:
        setattr(row, column, encrypt(value))

    return property(read, write)


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"bedel secrets" + settings.SECRET_KEY.encode()).digest()))
