"""A Postfix of its own that takes mail for every domain below .example and keeps it in one folder, or refuses it."""

import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from .dovecot import dovecot_logins
from .running import HOST, child, free_port, listens, program, wait_until

# 550 for a mailbox that does not exist, 450 for one that is busy, 552 for one that is full.
REFUSALS = {
    "unknown@": "550 5.1.1 No mailbox here by that name",
    "busy@": "450 4.2.1 Mailbox busy, try again",
    "full@": "552 5.2.2 Mailbox full",
}

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
setgid_group = postdrop
daemon_directory = {daemons}
command_directory = /usr/sbin
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = mail.school.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relay_domains =
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = regexp:{folder}/domains
virtual_mailbox_maps = regexp:{folder}/mailboxes
virtual_mailbox_base = {folder}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_recipient_restrictions = check_recipient_access regexp:{folder}/refused, {permit}, reject
header_checks = regexp:{folder}/header_checks
smtpd_peername_lookup = no
disable_dns_lookups = yes
biff = no
"""

_TLS = """
smtpd_tls_security_level = may
smtpd_tls_chain_files = {certificate}
smtpd_tls_auth_only = yes
"""

_LOGIN = """
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {login}
"""

_MASTER = """
{host}:{port} inet n - n - - smtpd
{tls}{host}:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    port: int
    maildir: Path
    tls_port: int = 0

    def mails(self) -> list[bytes]:
        """What was delivered until now, in the order of arrival."""
        files = sorted((self.maildir / "new").glob("*"), key=lambda path: path.stat().st_mtime_ns)
        return [path.read_bytes() for path in files]


@contextmanager
def postfix_server(
    refusals: dict[str, str] = REFUSALS,
    *,
    certificate: Path | None = None,
    passwords: dict[str, str] | None = None,
    **settings: object,
) -> Iterator[Postfix]:
    """A running Postfix. Recipients that begin with a key of `refusals` get that reply.

    With a `certificate` (and its key in one file) it speaks STARTTLS, and TLS from the start on `tls_port`; with
    `passwords` only those who log in may send. `settings` go into its main.cf.
    """
    postfix = program("postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts only as root.")
    with tempfile.TemporaryDirectory(prefix="bedel-postfix-") as name, ExitStack() as stack:
        folder, log = Path(name), Path(name) / "log"
        folder.chmod(0o755)
        server = Postfix(free_port(), folder / "mail" / "all", free_port() if certificate else 0)
        login = stack.enter_context(dovecot_logins(folder / "dovecot", passwords)) if passwords else None
        _write_files(folder, refusals)
        (folder / "etc" / "main.cf").write_text(_main(folder, certificate, login, settings))
        tls = "" if certificate else "#"
        master = _MASTER.format(host=HOST, port=server.port, tls_port=server.tls_port, tls=tls)
        (folder / "etc" / "master.cf").write_text(master)
        process = stack.enter_context(child([postfix, "-c", str(folder / "etc"), "start-fg"], log))
        wait_until(lambda: listens(server.port), process, log)
        yield server


def _write_files(folder: Path, refusals: dict[str, str]) -> None:
    owner = pwd.getpwnam("postfix")
    for sub in ("etc", "queue", "data", "mail"):
        (folder / sub).mkdir()
    for sub in ("data", "mail"):
        os.chown(folder / sub, owner.pw_uid, owner.pw_gid)
    (folder / "domains").write_text("/\\.example$/ accepted\n")
    (folder / "mailboxes").write_text("/@/ all/\n")
    (folder / "refused").write_text("".join(f"/^{begin}/ {reply}\n" for begin, reply in refusals.items()))
    (folder / "header_checks").write_text("/^To:.*distrusted@/ REJECT Looks like junk\n")


def _main(folder: Path, certificate: Path | None, login: Path | None, settings: dict[str, object]) -> str:
    owner = pwd.getpwnam("postfix")
    daemons = next(path for path in ("/usr/lib/postfix/sbin", "/usr/libexec/postfix") if Path(path).is_dir())
    permit = "permit_sasl_authenticated" if login else "permit_mynetworks"
    main = _MAIN.format(folder=folder, daemons=daemons, uid=owner.pw_uid, gid=owner.pw_gid, permit=permit)
    if certificate:
        main += _TLS.format(certificate=certificate)
    if login:
        main += _LOGIN.format(login=login)
    return main + "".join(f"{name} = {value}\n" for name, value in settings.items())
