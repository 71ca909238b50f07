"""A backend of Python's ``keyring`` that asks the devpi-tokens agent.

It runs ``devpi-tokens-helper``, which answers for devpi servers that the person is logged in to and for nothing else.
A look-up that fails in any way is a miss, and ``keyring`` asks its next backend: a client must never stop because of
this one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Optional

from keyring.backend import KeyringBackend
from keyring.credentials import Credential, SimpleCredential

from devpi_tokens_agent import programs

PROGRAM = "devpi-tokens-helper"

#: Seconds. The agent gives a person 60 s to unlock the desktop keyring or to confirm a token.
TIMEOUT = 75

#: Set for the helper and all that it starts. Were a ``keyring`` command among that, it would load this backend again.
GUARD = "DEVPI_TOKENS_BACKEND"


class DevpiTokensKeyring(KeyringBackend):
    """Reads credentials from the agent; stores nothing."""

    #: Above every store of passwords, below keyring's chainer (10), which asks all backends in turn.
    priority = 9.5  # type: ignore[assignment]

    def get_credential(self, service: str, username: Optional[str]) -> Optional[Credential]:
        """The credential for a URL or a bare ``host:port``, or ``None`` where it is not ours."""
        return _ask(service, username)

    def get_password(self, service: str, username: str) -> Optional[str]:
        """The password alone, for that user."""
        credential = _ask(service, username)
        return None if credential is None else credential.password

    def set_password(self, service: str, username: str, password: str) -> None:
        """Leaves storing to the next backend."""
        raise NotImplementedError("the devpi-tokens agent stores no passwords")

    def delete_password(self, service: str, username: str) -> None:
        """Leaves deleting to the next backend."""
        raise NotImplementedError("the devpi-tokens agent deletes no passwords")


def _ask(service: str, username: Optional[str]) -> Optional[SimpleCredential]:
    # Whatever happens here is a miss: pip and twine end with a traceback on an exception.
    try:
        # Neither a service nor a user may pass for an option.
        words = [service, username] if username else [service]
        if os.environ.get(GUARD) or any(word.startswith("-") for word in words):
            return None
        helper = programs.find(PROGRAM)
        if helper is None:
            return None
        command = [helper, "keyring", "get", "--mode", "creds", "--output", "json", *words]
        return _parse(_run(command))
    except Exception as error:
        _say(f"{PROGRAM}: no answer ({type(error).__name__})\n")
        return None


def _run(command: list[str]) -> Optional[bytes]:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=TIMEOUT,
        env={**os.environ, GUARD: "1"},
        check=False,
    )
    _say(done.stderr.decode("utf-8", "replace"))
    return done.stdout if done.returncode == 0 else None


def _parse(answer: Optional[bytes]) -> Optional[SimpleCredential]:
    if answer is None:
        return None
    fields = json.loads(answer)
    username, password = fields["username"], fields["password"]
    if not (isinstance(username, str) and isinstance(password, str) and password):
        return None
    return SimpleCredential(username, password)


def _say(text: str) -> None:
    # A program without a terminal, such as one of pythonw, has no stderr; a client may have closed it.
    try:
        if text and sys.stderr is not None:
            sys.stderr.write(text)
    except (OSError, ValueError):
        pass
