"""Passwords of sender accounts at rest: Fernet (AES-128-CBC with HMAC) under a key made from SECRET_KEY."""

import base64
import hashlib

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


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"bedel secrets" + settings.SECRET_KEY.encode()).digest()))
