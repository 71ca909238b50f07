"""The commands ``devpi token-…``: they ask and answer as devpi's own do, and ``devpi-tokens`` does the work.

Tokens go to the program by standard input, never as an argument. What a script reads, a new token, stands alone on
standard output; what the program says beside it goes to standard error.
"""

from __future__ import annotations

import contextlib
import datetime
import getpass
import json
import os
import subprocess
import sys
from typing import Optional

from devpi_tokens_agent import programs

PROGRAM = "devpi-tokens"

#: Seconds. The program has shorter limits of its own for each request.
TIMEOUT = 180

#: The permissions that devpi-server knows and grants to tokens.
PUBLIC = (
    "del_entry",
    "del_project",
    "del_verdata",
    "index_create",
    "index_delete",
    "index_modify",
    "pkg_read",
    "toxresult_upload",
    "upload",
)

#: Those that it knows and refuses to every token. They are not offered.
HIDDEN = ("user_create", "user_delete", "user_login", "user_modify")


# The arguments of each command, in front of it: the first sentence of the description is its line in `devpi --help`.


def create_arguments(parser):
    """Make a new token on the server. It is narrowed to what the options name, and can be narrowed further later."""
    _user_argument(parser)
    _output_arguments(parser)
    _narrowing_arguments(parser, expires="1 year")


def token_create(hub, args):
    hub.requires_login()
    words = ["create", *_narrowing(hub, args), *_output(hub, args), *_user(args), *_acting(hub)]
    _give(hub, args, _run(hub, words))


def delete_arguments(parser):
    """Delete a token on the server. All that was derived from it ends with it."""
    _user_argument(parser)
    parser.add_argument("token_id", help="the id of the token, as token-list and token-inspect show it")


def token_delete(hub, args):
    hub.requires_login()
    hub.line(_run(hub, ["delete", *_user(args), *_acting(hub), "--", args.token_id]))


def derive_arguments(parser):
    """Make a narrower token from a token, without the server. Restrictions can be added, and none can be taken away:
    the server checks each of them."""
    _token_arguments(parser)
    _output_arguments(parser)
    _narrowing_arguments(parser, expires=None)


def token_derive(hub, args):
    narrowing = _narrowing(hub, args)
    if not narrowing:
        hub.fatal("No restrictions provided: name at least one of -a, -e, -i, -p, --not-before")
    words, token = _token(hub, args)
    _give(hub, args, _run(hub, ["derive", "--no-input", *narrowing, *_output(hub, args), *words], token))


def inspect_arguments(parser):
    """Show what a token says. The server is not asked."""
    _token_arguments(parser)


def token_inspect(hub, args):
    words, token = _token(hub, args)
    if token is None:
        # It is read twice: a pipe can be read once.
        told = json.loads(_run(hub, ["inspect", "--no-input", "--json", *words]))
        text = _run(hub, ["inspect", "--no-input", *words])
    else:
        told = json.loads(_run(hub, ["inspect", "--no-input", "--json", *words], token))
        text = _run(hub, ["inspect", "--no-input", *words], token)
    rows = [("user", told["user"]), ("id", told["id"])]
    rows += [("restriction", _with_date(restriction)) for restriction in told["restrictions"]]
    hub.info("Token info:")
    for name, value in rows:
        hub.line(f"    {name:<11}: {printable(value)}")
    hub.info("In words:")
    for line in text.splitlines():
        hub.line(f"    {line}")


def list_arguments(parser):
    """List the tokens of a user on the server."""
    _user_argument(parser)


def token_list(hub, args):
    hub.requires_login()
    told = json.loads(_run(hub, ["list", "--json", *_user(args), *_acting(hub)]))
    user, tokens = told["user"], told["tokens"]
    if not tokens:
        hub.info(f"No tokens for '{user}'")
        return
    hub.info(f"Tokens for '{user}':")
    for token, about in sorted(tokens.items()):
        hub.info(f"    {token}")
        if about["restrictions"]:
            hub.line("        restrictions:")
        for restriction in about["restrictions"]:
            hub.line(f"            {printable(restriction)}")


def login_arguments(parser):
    """Log in with a token. It is kept in devpi's own files, as it is, until ``devpi logoff``."""
    _token_arguments(parser)


def token_login(hub, args):
    if not hub.current.root_url:
        hub.fatal("not connected to a server, see 'devpi use'")
    words, token = _token(hub, args)
    user = json.loads(_run(hub, ["inspect", "--no-input", "--json", *words], token))["user"]
    place = [f"--clientdir={hub.clientdir}", *_server(hub)]
    _run(hub, ["token-login", "--no-input", *words, *place], token)
    _choose(hub, user)
    at = f" at '{hub.current.index}'" if hub.current.index else ""
    hub.info(f"logged in '{user}'{at}")


COMMANDS = {
    "token-create": (create_arguments, "token_create"),
    "token-delete": (delete_arguments, "token_delete"),
    "token-derive": (derive_arguments, "token_derive"),
    "token-inspect": (inspect_arguments, "token_inspect"),
    "token-list": (list_arguments, "token_list"),
    "token-login": (login_arguments, "token_login"),
}


def _user_argument(parser):
    parser.add_argument("-u", "--user", help="whose tokens (default: who is logged in)")


def _token_arguments(parser):
    parser.add_argument("-f", "--file", help="read the token from this file, - is standard input (default: ask for it)")
    parser.add_argument("--token", help="the token itself; it shows in lists of processes and in logs: prefer --file")


def _output_arguments(parser):
    parser.add_argument("-o", "--output", help="write the token to this file, which only you can read")


def _narrowing_arguments(parser, expires):
    parser.add_argument(
        "-a",
        "--allowed",
        action="append",
        help="comma separated list of allowed permissions, can be given more than once. Others than these, which "
        f"devpi-server knows, are taken once you confirm them: {', '.join(PUBLIC)}",
    )
    parser.add_argument(
        "-e",
        "--expires",
        default=expires,
        help="when it ends: a time from now (years, M for months, weeks, days, hours, minutes, seconds), a date, an "
        "epoch timestamp, or never" + (f" (default: {expires})" if expires else ""),
    )
    for short, name in ("-i", "indexes"), ("-p", "projects"):
        parser.add_argument(
            short,
            f"--{name}",
            action="append",
            help=f"comma separated list of the {name} that it is for, can be given more than once (default: all)",
        )
    parser.add_argument("--not-before", help="from when on it is valid, written as for --expires")


def _narrowing(hub, args) -> list[str]:
    words = []
    for name in "allowed", "indexes", "projects":
        words += [f"--{name}={items}" for items in getattr(args, name) or ()]
    if args.expires is not None:
        words.append(f"--expires={args.expires}")
    if args.not_before is not None:
        words.append(f"--not-before={args.not_before}")
    allowed = {item.strip() for items in args.allowed or () for item in items.split(",")}
    unknown = sorted(allowed.difference(PUBLIC, HIDDEN))
    if unknown:
        names = printable(", ".join(unknown))
        if not hub.ask_confirm(f"devpi-server knows no such permissions: {names}\nUse them all the same"):
            hub.fatal("Aborted")
        words.append("--yes")
    return words


def _output(hub, args) -> list[str]:
    if not args.output:
        return []
    words = [f"--output={args.output}"]
    if os.path.lexists(args.output):
        if not hub.ask_confirm(f"There is already a file at '{args.output}'.\nReplace it"):
            hub.fatal("Aborted")
        words.append("--force")
    return words


def _user(args) -> list[str]:
    return [] if args.user is None else [f"--user={args.user}"]


def _acting(hub) -> list[str]:
    """Who asks which server: devpi's own session there is used."""
    user = hub.current.get_auth_user()
    return [f"--as={user}", f"--clientdir={hub.clientdir}", "--no-input", *_server(hub)]


def _server(hub) -> list[str]:
    # devpi speaks to this server already, with or without TLS: where it is not encrypted, that was decided before.
    words = [f"--server={hub.current.root_url.url}", "--allow-http"]
    # What devpi trusts in.
    bundles = (os.environ.get(name, "") for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
    bundle = next(filter(os.path.isfile, bundles), None)
    return words if bundle is None else [*words, f"--ca-file={bundle}"]


def _token(hub, args) -> tuple[list[str], Optional[str]]:
    """The words that say where the token is, and the token where that is standard input."""
    if args.file and args.file != "-":
        if not os.path.exists(args.file):
            hub.fatal("The file for the token doesn't exist.")
        return [f"--file={args.file}"], None
    if args.file:
        token = sys.stdin.readline()
    elif args.token:
        _note("warning: --token shows the token in lists of processes: use -f FILE, or -f - and a pipe")
        token = args.token
    else:
        token = getpass.getpass("token: ")
    return ["--file=-"], token.strip()


def _choose(hub, user):
    """Chooses the user also in the settings of a virtual environment, which are not in devpi's usual folder."""
    if hub.current_path != hub.clientdir / "current.json":
        # Read anew: the running command's own copy does not have the token, and would take it away again.
        type(hub.current)(hub.auth_path, hub.current_path).reconfigure({"username": user})


def _run(hub, words: list[str], token: Optional[str] = None) -> str:
    """What the program prints; where it fails, devpi ends with its words."""
    program = programs.find(PROGRAM)
    if program is None:
        hub.fatal(f"the program {PROGRAM} is not there: install devpi-tokens-agent again")
    try:
        given = "" if token is None else f"{token}\n"
        done = subprocess.run(
            [program, *words],
            input=given.encode("utf-8", "surrogateescape"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=TIMEOUT,
            # Whoever reads devpi's output looks for a server's words as they came, in one line.
            env={**os.environ, "COLUMNS": "10000"},
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        # Not its text, which holds the arguments.
        hub.fatal(f"{PROGRAM} {words[0]} cannot be run: {type(error).__name__}")
    said = done.stderr.decode("utf-8", "replace").rstrip()
    if done.returncode:
        hub.fatal(said or f"{PROGRAM} {words[0]} ended with {done.returncode}")
    _note(said)
    return done.stdout.decode("utf-8", "replace").rstrip()


def _give(hub, args, token: str):
    if args.output is None:
        hub.line(token)


def _note(text: str):
    if text and sys.stderr is not None:
        print(text, file=sys.stderr)


def _with_date(restriction: str) -> str:
    key, _, value = restriction.partition("=")
    if key in ("expires", "not_before"):
        with contextlib.suppress(ValueError, OverflowError, OSError):
            then = datetime.datetime.fromtimestamp(int(value), tz=datetime.timezone.utc)
            return f"{restriction} ({then.astimezone()})"
    return restriction


def printable(text: str) -> str:
    """The text with whatever could command a terminal spelt out."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
