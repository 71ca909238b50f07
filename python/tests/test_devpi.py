"""The plugin of devpi-client without devpi-client: a stand-in for its hub, and programs that are scripts of each test."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pathlib
import stat
import sys
import tempfile
import types
import unittest
from unittest import mock

from devpi_tokens_agent import devpi_auth, devpi_commands, devpi_upload, programs

ROOT = "http://devpi.example/"


class Script(unittest.TestCase):
    """A folder with a devpi-tokens that is a script."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for patch in (
            mock.patch.object(programs.sysconfig, "get_path", return_value=str(self.folder)),
            mock.patch.dict(os.environ, {"PATH": "/nowhere"}, clear=True),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def program(self, body: str) -> None:
        path = self.folder / devpi_auth.PROGRAM
        seen = f"open({str(self.folder / 'seen')!r}, 'a').write(json.dumps([sys.argv[1:], sys.stdin.read()]) + '\\n')"
        path.write_text(f"#!{sys.executable}\nimport json, sys\n{seen}\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def seen(self) -> list:
        path = self.folder / "seen"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class Hub:
    """As much of devpi's hub as the commands use."""

    def __init__(self, folder: pathlib.Path, agrees: bool = True):
        self.lines: list[str] = []
        self.asked: list[str] = []
        self.agrees = agrees
        self.clientdir = folder
        self.current_path = folder / "current.json"
        self.line = self.info = self.lines.append
        self.current = types.SimpleNamespace(
            root_url=types.SimpleNamespace(url=ROOT), index=ROOT + "alice/dev", get_auth_user=lambda: "alice"
        )

    def requires_login(self):
        pass

    def ask_confirm(self, question):
        self.asked.append(question)
        return self.agrees

    def fatal(self, message):
        self.lines.append(message)
        raise SystemExit(1)


def arguments(**given):
    names = "user output allowed expires indexes projects not_before file token".split()
    return types.SimpleNamespace(**{**dict.fromkeys(names), **given})


class CommandsTest(Script):
    def run_command(self, command, hub, **given) -> str:
        """Runs it, and gives what went to stderr."""
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors), contextlib.suppress(SystemExit):
            command(hub, arguments(**given))
        return errors.getvalue()

    def test_a_new_token_stands_alone_on_standard_output(self):
        self.program("print('devpi-x'); sys.stderr.write('it ends soon\\n')")
        hub = Hub(self.folder)
        said = self.run_command(devpi_commands.token_create, hub, expires="1 year", allowed=["pkg_read , upload"])
        self.assertEqual(hub.lines, ["devpi-x"])
        self.assertEqual(said, "it ends soon\n")
        place = ["--as=alice", f"--clientdir={self.folder}", "--no-input", f"--server={ROOT}", "--allow-http"]
        words = ["create", "--allowed=pkg_read , upload", "--expires=1 year", *place]
        self.assertEqual(self.seen(), [[words, ""]])

    def test_a_token_reaches_the_program_by_standard_input(self):
        self.program("print('devpi-y')")
        said = self.run_command(devpi_commands.token_derive, Hub(self.folder), expires="1d", token="devpi-secret")
        self.assertEqual(self.seen(), [[["derive", "--no-input", "--expires=1d", "--file=-"], "devpi-secret\n"]])
        self.assertIn("warning: --token", said)
        with mock.patch.object(sys, "stdin", io.StringIO("devpi-piped\nmore\n")):
            self.run_command(devpi_commands.token_derive, Hub(self.folder), expires="1d", file="-")
        with mock.patch.object(devpi_commands.getpass, "getpass", return_value="devpi-typed"):
            self.run_command(devpi_commands.token_derive, Hub(self.folder), expires="1d")
        self.assertEqual([given for _, given in self.seen()[1:]], ["devpi-piped\n", "devpi-typed\n"])

    def test_what_looks_like_a_mistake_is_asked_about(self):
        self.program("print('devpi-z')")
        there = self.folder / "there"
        there.touch()
        for given, word in ({"allowed": ["pypi_submit"]}, "--yes"), ({"output": str(there)}, "--force"):
            hub = Hub(self.folder, agrees=False)
            self.run_command(devpi_commands.token_create, hub, **given)
            self.assertEqual((hub.lines, len(hub.asked), self.seen()), (["Aborted"], 1, []))
            self.run_command(devpi_commands.token_create, Hub(self.folder), **given)
            self.assertIn(word, self.seen()[0][0])
            (self.folder / "seen").unlink()

    def test_a_failure_ends_devpi_with_the_words_of_the_program(self):
        hub = Hub(self.folder)
        self.run_command(devpi_commands.token_list, hub)
        self.assertIn("is not there", hub.lines[0])
        self.program("sys.stderr.write('devpi-tokens: no\\n  try\\n'); sys.exit(77)")
        hub = Hub(self.folder)
        self.run_command(devpi_commands.token_list, hub)
        self.assertEqual(hub.lines, ["devpi-tokens: no\n  try"])

    def test_restrictions_command_no_terminal(self):
        self.program("print(json.dumps({'user': 'a', 'tokens': {'x': {'restrictions': ['k=\\x1b[31m']}}}))")
        hub = Hub(self.folder)
        self.run_command(devpi_commands.token_list, hub)
        self.assertEqual(hub.lines[1:], ["    x", "        restrictions:", r"            k=\x1b[31m"])


class Current:
    """As much of devpi's state as the look-ups use."""

    def __init__(self, index=ROOT + "alice/dev", username=None, session=None):
        self.index, self.username, self.session = index, username, session
        self.root_url = types.SimpleNamespace(url=ROOT)

    def get_auth(self, url=None, username=None):
        return self.session


class CredentialsTest(Script):
    def setUp(self):
        super().setUp()
        devpi_auth.Running.told.clear()
        self.program("print(json.dumps({'user': 'alice', 'token': 'devpi-abc', 'expires': 1}))")

    def found(self, command, current=None, url=None, username=None, **args):
        running = types.SimpleNamespace(command=command, **args)
        with mock.patch.object(devpi_auth.Running, "args", running):
            return devpi_auth.credential(current or Current(), url, username)

    def words(self) -> list[list[str]]:
        return [words for words, _ in self.seen()]

    def test_each_command_asks_for_its_kind(self):
        for command, kind in devpi_auth.KINDS.items():
            with mock.patch.object(devpi_upload, "of_folder", return_value="pkg"):
                self.assertEqual(self.found(command), ("alice", "abc"))
            words = ["get", ROOT + "alice/dev", "--json", f"--for={kind}"]
            self.assertEqual(self.words()[-1], words + (["--project=pkg"] if kind == "upload" else []))

    def test_other_commands_are_left_alone(self):
        for command in ("login", "logoff", "user", "index", "passwd", "token-create", "getjson", None):
            self.assertIsNone(self.found(command))
        with mock.patch.object(devpi_auth.Running, "args", None):
            self.assertIsNone(devpi_auth.credential(Current(), None, None))
        self.assertEqual(self.seen(), [])

    def test_an_address_that_is_named_is_asked_about(self):
        self.found("use", url=ROOT + "alice/other")
        self.found("use", Current(index=None))
        self.found("remove", spec_or_url=ROOT + "bob/dev/+f/1/2/pkg.whl")
        self.assertEqual([words[1] for words in self.words()], [ROOT + "alice/other", ROOT, ROOT + "bob/dev/"])
        self.assertIsNone(self.found("remove", spec_or_url="http://devpi.example.org/alice/dev/+f/1/2/pkg.whl"))
        self.assertEqual(len(self.seen()), 3)

    def test_who_is_named_is_meant_and_nobody_else(self):
        self.program("sys.exit(1)")
        cases = [
            (Current(), None, [None]),
            (Current(username="alice"), None, ["alice", None]),
            (Current(username="alice", session=("alice", "s")), None, ["alice"]),
            (Current(username="alice"), "bob", ["bob"]),
        ]
        for current, username, asked in cases:
            self.assertEqual(devpi_auth.users(current, username), asked)
            self.assertIsNone(self.found("use", current, username=username))
        with mock.patch.dict(os.environ, {"DEVPI_USER": "carol"}):
            self.assertEqual(devpi_auth.users(Current(username="alice"), None), ["carol"])

    def test_a_failure_is_nothing_and_is_told_once(self):
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            for body in ("sys.exit(1)", "print('{}')", "print('[1]')", "sys.stderr.write('locked\\n'); sys.exit(75)"):
                self.program(body)
                self.assertIsNone(self.found("list"))
                self.assertIsNone(self.found("list"))
            (self.folder / devpi_auth.PROGRAM).unlink()
            self.assertIsNone(self.found("list"))
        self.assertEqual(errors.getvalue().count("locked"), 1)


class UploadTest(unittest.TestCase):
    def test_the_project_of_a_file(self):
        for name, project in {
            "my_pkg-1.0-py3-none-any.whl": "my_pkg",
            "my-pkg-1.0.tar.gz": "my-pkg",
            "zope.interface-5.0.zip": "zope.interface",
            "pkg-1.0.doc.zip": "pkg",
            "my-pkg.docs.zip": "my-pkg",
            "pkg-1.0-beta.tar.gz": None,
            "pkg.tar.gz": None,
            "--user=x-1.0.tar.gz": None,
            "notes.txt": None,
        }.items():
            self.assertEqual(devpi_upload.of_file(name), project, name)

    def test_files_and_folders_narrow_an_upload_and_an_unknown_one_does_not(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "b-1.0.tar.gz").write_bytes(b"12345")
            (folder / "a-1.0-py3-none-any.whl").write_bytes(b"1")
            (folder / "readme.txt").write_bytes(b"1")
            args = types.SimpleNamespace(path=[name])
            self.assertEqual(devpi_upload.options(args), ["--bytes=6", "--project=a", "--project=b"])
            (folder / "odd.zip").write_bytes(b"1")
            self.assertEqual(devpi_upload.options(args), ["--bytes=7"])

    def test_the_project_of_a_folder(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            self.assertIsNone(devpi_upload.of_folder(folder))
            (folder / "setup.cfg").write_text("[metadata]\nname = old\n")
            self.assertEqual(devpi_upload.of_folder(folder), "old")
            (folder / "pyproject.toml").write_text("[project]\nname = 'new'\n")
            self.assertEqual(devpi_upload.of_folder(folder), "new")


if __name__ == "__main__":
    unittest.main()
