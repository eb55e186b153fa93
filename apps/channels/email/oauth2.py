"""Asks for the access token with which an account logs in: OAuth 2.0, the refresh token grant (RFC 6749, section 6)."""

import http.client
import ipaddress
import json
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TypeGuard
from urllib.parse import urlencode, urlsplit

from apps.channels.outcomes import AccountProblem, gettext_noop, shortened

MAX_ANSWER = 65_536
# Used where the answer does not say how long the token holds (section 5.1 only recommends that it does).
UNTOLD_SECONDS = 300
_LONGEST_SECONDS = 86_400
_TOKEN = re.compile(r"[\x20-\x7e]{1,16384}")  # appendix A.12 and A.17
_WRONG_CLIENT = ("invalid_client", "unauthorized_client")


@dataclass(frozen=True, slots=True)
class Token:
    """What was given: `refresh_token` is the one to use from now on, a new one or that which was sent."""

    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(repr=False)


def refresh_access_token(
    token_url: str, client_id: str, client_secret: str, refresh_token: str, timeout: float = 15
) -> Token:
    """A new access token for `refresh_token`; without `client_secret` the client is a public one.

    Raises AccountProblem with a sentence for the office: about the address, the network, or what was answered.
    """
    host = _trusted_host(token_url)
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": client_id}
    if client_secret:
        form["client_secret"] = client_secret
    status, body = _post(token_url, host, urlencode(form, errors="replace").encode(), timeout)
    answer = _json_object(body)
    if status != http.client.OK:
        raise _refusal(host, status, answer)
    return _token(host, answer, refresh_token)


def is_trusted_address(token_url: str) -> bool:
    """Whether secrets may go to this address: by https, or to this machine itself."""
    try:
        parts = urlsplit(token_url)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(token_url))
        )
    except ValueError:
        return False


def _trusted_host(token_url: str) -> str:
    if not is_trusted_address(token_url):
        raise AccountProblem(gettext_noop("The token address must begin with https:// and name a server."))
    return urlsplit(token_url).hostname or ""


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The secrets go to the address that was typed in, and nowhere else."""

    def redirect_request(self, *_arguments):
        return None


def _post(url: str, host: str, form: bytes, timeout: float) -> tuple[int, bytes]:
    """Status and body of the answer, whatever the status is. Raises AccountProblem."""
    proxies = urllib.request.ProxyHandler({} if _is_loopback(url) else None)
    opener = urllib.request.build_opener(_NoRedirect, proxies)
    try:
        request = urllib.request.Request(url, form, {"Accept": "application/json"})
        try:
            response = opener.open(request, timeout=timeout)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return response.status, _body(response, host, time.monotonic() + timeout)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        sentence = gettext_noop("No access token: %(host)s cannot be reached: %(reason)s")
        raise AccountProblem(sentence, host=host, reason=shortened(str(reason))) from error


def _body(response, host: str, deadline: float) -> bytes:
    """The body, piece by piece: neither its length nor its slowness is the server's to choose."""
    body = b""
    while piece := response.read1(MAX_ANSWER):
        body += piece
        if len(body) > MAX_ANSWER:
            raise AccountProblem(gettext_noop("No access token: the answer of %(host)s is too long."), host=host)
        if time.monotonic() > deadline:
            raise TimeoutError("timed out")
    return body


def _json_object(body: bytes) -> dict:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(host: str, status: int, answer: dict) -> AccountProblem:
    """What an error response (section 5.2) means for the person who set up the account."""
    code = answer.get("error")
    said = shortened(" ".join(str(answer[key]) for key in ("error", "error_description") if answer.get(key)))
    reply = said[:300] or f"HTTP {status}"
    if code == "invalid_grant":
        sentence = gettext_noop(
            "%(host)s accepts the refresh token no longer. Sign in again and type the new refresh token. (%(reply)s)"
        )
    elif code in _WRONG_CLIENT:
        sentence = gettext_noop("%(host)s does not accept the client id or the client secret: %(reply)s")
    elif 300 <= status < 400:
        sentence = gettext_noop("No access token: %(host)s says that the token address is another one (%(reply)s).")
    else:
        sentence = gettext_noop("No access token: %(host)s answers %(reply)s")
    return AccountProblem(sentence, host=host, reply=reply)


def _token(host: str, answer: dict, refresh_token: str) -> Token:
    """The token in a successful response (section 5.1)."""
    access_token, kind = answer.get("access_token"), answer.get("token_type", "bearer")
    if not _is_token(access_token) or not isinstance(kind, str) or kind.lower() != "bearer":
        raise AccountProblem(gettext_noop("No access token: the answer of %(host)s has none in it."), host=host)
    rotated = answer.get("refresh_token")
    return Token(access_token, _seconds(answer.get("expires_in")), rotated if _is_token(rotated) else refresh_token)


def _is_token(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


def _seconds(value: object) -> int:
    """`expires_in`; some services write the number as a text."""
    try:
        seconds = int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return UNTOLD_SECONDS
    return min(max(seconds, 0), _LONGEST_SECONDS)
