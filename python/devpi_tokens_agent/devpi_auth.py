"""The agent's tokens for devpi's own commands: each call of the server carries one for what the command does.

devpi keeps sessions in ``auth.json`` and looks them up in two methods of ``devpi.use.Current``. They are wrapped here:
the agent is asked first, and what devpi has itself is the second choice. Nothing of the agent's is ever stored.

Whatever fails here is as if this plugin were not there.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from typing import Optional

from devpi_tokens_agent import devpi_upload, programs

PROGRAM = "devpi-tokens"

#: Seconds. The agent gives a person 60 s to unlock the desktop keyring or to confirm a token.
TIMEOUT = 75

#: What a command needs. Every other one needs a session by password, or no credentials at all.
KINDS = {
    "use": "read",
    "list": "read",
    "install": "read",
    "upload": "upload",
    "push": "push",
    "test": "toxresult",
    "remove": "remove",
}

#: The exit code of the program where it has nothing, which is nothing to talk about.
NOTHING = 1


class Running:
    """The command that runs in this process."""

    #: Its arguments, as devpi has read them.
    args = None
    #: Whether devpi's own methods are at work, which call each other.
    inside = False
    #: What the person was told already: the agent is asked at every call of the server.
    told: set[str] = set()


def install():
    """Wraps devpi-client, once."""
    from devpi.main import Hub
    from devpi.use import Current

    if hasattr(Current.get_auth, "__wrapped__"):
        return
    # All of them first: where one is missing, nothing is wrapped.
    begin, get_auth, get_auth_user = Hub.__init__, Current.get_auth, Current.get_auth_user

    @functools.wraps(begin)
    def init(hub, *words, **named):
        # The plugin's hook is called before the arguments are read; every command begins with this.
        Running.args = words[0] if words else named.get("args")
        begin(hub, *words, **named)

    @functools.wraps(get_auth)
    def auth(current, url=None, username=None):
        return credential(current, url, username) or get_auth(current, url=url, username=username)

    @functools.wraps(get_auth_user)
    def auth_user(current, username=None):
        found = credential(current, None, username)
        if found is not None:
            return found[0]
        outer, Running.inside = Running.inside, True
        try:
            return get_auth_user(current, username)
        finally:
            Running.inside = outer

    Hub.__init__, Current.get_auth, Current.get_auth_user = init, auth, auth_user


def credential(current, url, username) -> Optional[tuple[str, str]]:
    """A user and a token for the command that runs; nothing where none of our kinds covers it, or the agent has none."""
    try:
        kind = KINDS.get(getattr(Running.args, "command", None))
        where = kind and not Running.inside and target(current, url, Running.args)
        program = where and programs.find(PROGRAM)
        if not program:
            return None
        words = [program, "get", where, "--json", f"--for={kind}"]
        if kind == "upload":
            words += devpi_upload.options(Running.args)
        for user in users(current, username):
            found = ask(words if user is None else [*words, f"--user={user}"])
            if found is not None:
                return found
    except Exception as error:
        say(f"{PROGRAM}: no answer ({type(error).__name__})\n")
    return None


def target(current, url, args) -> Optional[str]:
    """What is asked about: the address given, else the index in use, else the server."""
    root = str(getattr(current.root_url, "url", "") or "")
    spec = getattr(args, "spec_or_url", None) or ""
    if url is None and spec.startswith(("http://", "https://")):
        # devpi sends its credentials wherever this address leads: not those of another server.
        if not root or not spec.startswith(root.rstrip("/") + "/"):
            return None
        names = spec[len(root.rstrip("/")) + 1 :].split("/")[:2]
        return "/".join([root.rstrip("/"), *names, ""])
    where = url if url is not None else current.index or root
    where = str(getattr(where, "url", where))
    return where if where.startswith(("http://", "https://")) else None


def users(current, username) -> list[Optional[str]]:
    """Whose tokens to ask for, in turn. Who was named is meant and nobody else; who logged in to devpi once is not,
    where he has no session any more."""
    chosen = current.username
    named = os.environ.get("DEVPI_USER") or (username if username != chosen else None)
    if named:
        return [named]
    if chosen is None or has_session(current):
        return [chosen]
    return [chosen, None]


def has_session(current) -> bool:
    """Whether devpi is logged in by itself as the user that it has chosen."""
    outer, Running.inside = Running.inside, True
    try:
        return current.username is not None and current.get_auth(username=current.username) is not None
    finally:
        Running.inside = outer


def ask(words: list[str]) -> Optional[tuple[str, str]]:
    """Runs the program."""
    done = subprocess.run(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        timeout=TIMEOUT,
        check=False,
    )
    if done.returncode != NOTHING:
        say(done.stderr.decode("utf-8", "replace"))
    if done.returncode:
        return None
    answer = json.loads(done.stdout)
    user, token = answer["user"], answer["token"]
    if not (isinstance(user, str) and isinstance(token, str) and token):
        return None
    # devpi would try to derive from what begins with the prefix, and warn that it cannot.
    return user, token[len("devpi-") :] if token.startswith("devpi-") else token


def say(text: str):
    """Tells the person, once. Standard output is devpi's."""
    if not text or text in Running.told:
        return
    Running.told.add(text)
    try:
        if sys.stderr is not None:
            sys.stderr.write(text)
    except (OSError, ValueError):
        pass
