"""Dovecot's login service alone: who may send by a Postfix of the tests."""

import base64
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .running import child, program, wait_until

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols =
ssl = no
auth_mechanisms = plain login cram-md5
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home=/nonexistent
}}
service auth {{
  unix_listener {folder}/login {{
    mode = 0600
    user = postfix
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


@contextmanager
def dovecot_logins(folder: Path, passwords: dict[str, str]) -> Iterator[Path]:
    """The socket by which Postfix asks whether a user name and password are right. `folder` must not exist."""
    dovecot = program("dovecot")
    folder.mkdir()
    folder.chmod(0o755)
    postfix = pwd.getpwnam("postfix")
    configuration = folder / "dovecot.conf"
    configuration.write_text(_CONFIGURATION.format(folder=folder, uid=postfix.pw_uid, gid=postfix.pw_gid))
    users = "".join(f"{name}:{{PLAIN.b64}}{_encoded(password)}\n" for name, password in passwords.items())
    (folder / "users").write_text(users)
    os.chmod(folder / "users", 0o644)
    log, login = folder / "output", folder / "login"
    with child([dovecot, "-F", "-c", str(configuration)], log) as process:
        wait_until(login.exists, process, log)
        yield login


def _encoded(password: str) -> str:
    return base64.b64encode(password.encode()).decode()
