"""The user of a management command: found by the address, or made with a password that is asked for."""

import sys
from getpass import getpass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email

from apps.accounts.models import User


def find_or_make_user(email: str, name: str) -> User:
    """The user with this login. A new one gets the password typed twice, or the first line of what is piped in.

    Raises CommandError when the address is none, or the password will not do.
    """
    existing = User.objects.filter(email=email.strip().lower()).first()
    if existing:
        return existing
    try:
        validate_email(email.strip())
        password = _ask_for_password(email)
        validate_password(password)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    return User.objects.create_user(email, password, name=name)


def _ask_for_password(email: str) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass(f"Password for {email}: ")
    if getpass("The same again: ") != password:
        raise CommandError("The two passwords differ.")
    return password
