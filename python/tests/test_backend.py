"""The backend against a helper that is a script of each test."""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import stat
import sys
import tempfile
import unittest
from unittest import mock

import keyring.backend
from keyring.backends import chainer

from devpi_tokens_agent import backend, programs

URL = "https://devpi.example/alice/dev/"


class Store(keyring.backend.KeyringBackend):
    """A store of passwords that stands behind ours."""

    priority = 5
    kept: list[tuple[str, ...]] = []

    def get_password(self, service, username):
        return "stored"

    def set_password(self, service, username, password):
        self.kept.append(("set", service, username, password))

    def delete_password(self, service, username):
        self.kept.append(("delete", service, username))


class BackendTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.scripts = mock.patch.object(programs.sysconfig, "get_path", return_value=str(self.folder))
        self.scripts.start()
        self.addCleanup(self.scripts.stop)
        self.environment = mock.patch.dict(os.environ, {"PATH": "/nowhere", "HOME": str(self.folder)})
        self.environment.start()
        self.addCleanup(self.environment.stop)
        self.ring = backend.DevpiTokensKeyring()

    def helper(self, body: str, folder: pathlib.Path | None = None) -> None:
        path = (folder or self.folder) / backend.PROGRAM
        path.write_text(f"#!{sys.executable}\nimport json, os, sys, time\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def miss(self) -> str:
        """Asks both ways, expects nothing, and gives what went to stderr."""
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            self.assertIsNone(self.ring.get_credential(URL, None))
            self.assertIsNone(self.ring.get_password(URL, "alice"))
        return errors.getvalue()

    def test_the_helper_is_asked_for_a_credential_as_json(self):
        seen = self.folder / "seen"
        self.helper(
            f"open({str(seen)!r}, 'a').write(json.dumps([sys.argv[1:], sys.stdin.read()]) + '\\n')\n"
            "print(json.dumps({'username': 'alice', 'password': 'token'}))"
        )
        credential = self.ring.get_credential(URL, None)
        self.assertEqual((credential.username, credential.password), ("alice", "token"))
        self.assertEqual(self.ring.get_password(URL, "alice"), "token")
        self.assertEqual(self.ring.get_credential(URL, "").password, "token")
        asked = '["keyring", "get", "--mode", "creds", "--output", "json", "%s"%s], ""]'
        plain = "[" + asked % (URL, "")
        self.assertEqual(seen.read_text().splitlines(), [plain, "[" + asked % (URL, ', "alice"'), plain])

    def test_no_helper_is_a_quiet_miss(self):
        self.assertEqual(self.miss(), "")

    def test_the_helper_on_the_path_is_the_second_choice(self):
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        self.helper("print('{\"username\": \"a\", \"password\": \"path\"}')", elsewhere)
        with mock.patch.dict(os.environ, {"PATH": str(elsewhere)}):
            self.assertEqual(self.ring.get_password(URL, "a"), "path")
            self.helper("print('{\"username\": \"a\", \"password\": \"beside\"}')")
            self.assertEqual(self.ring.get_password(URL, "a"), "beside")

    def test_exit_1_is_a_miss_and_its_line_reaches_the_person(self):
        self.helper("sys.stderr.write('the vault is locked\\n'); print('{}'); sys.exit(1)")
        self.assertEqual(self.miss(), "the vault is locked\n" * 2)

    def test_an_answer_that_is_none_is_a_miss_and_is_not_repeated(self):
        for answer in ["", "secret", "[]", "{}", '{"username": "a", "password": 1}', '{"username": "a", "password": ""}']:
            with self.subTest(answer):
                self.helper(f"sys.stdout.write({answer!r})")
                self.assertNotIn("secret", self.miss())
        self.helper("os.write(1, b'\\xff\\xfe\\x80'); os.write(2, b'\\xff')")
        self.miss()

    def test_a_helper_that_cannot_run_or_hangs_is_a_miss(self):
        (self.folder / backend.PROGRAM).write_text("#!/nowhere/python\n")
        (self.folder / backend.PROGRAM).chmod(0o755)
        self.assertIn("no answer", self.miss())
        self.helper("time.sleep(60)")
        with mock.patch.object(backend, "TIMEOUT", 0.2):
            self.assertIn("no answer (TimeoutExpired)", self.miss())
        self.helper("os.kill(os.getpid(), 9)")
        self.miss()

    def test_odd_services_are_misses_too(self):
        self.helper("print('{\"username\": \"a\", \"password\": \"b\"}')")
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertIsNone(self.ring.get_credential("a\0b", None))
            self.assertIsNone(self.ring.get_credential(None, None))
            self.assertIsNone(self.ring.get_credential("--help", None))
            self.assertIsNone(self.ring.get_credential(URL, "--output=x"))

    def test_a_closed_stderr_harms_nothing(self):
        self.helper("sys.stderr.write('x'); print('{\"username\": \"a\", \"password\": \"b\"}')")
        closed = io.StringIO()
        closed.close()
        for stream in [None, closed]:
            with mock.patch.object(sys, "stderr", stream):
                self.assertEqual(self.ring.get_password(URL, "a"), "b")

    def test_the_backend_does_not_ask_itself(self):
        self.helper("print(json.dumps({'username': 'a', 'password': os.environ['DEVPI_TOKENS_BACKEND']}))")
        self.assertEqual(self.ring.get_password(URL, "a"), "1")
        with mock.patch.dict(os.environ, {"DEVPI_TOKENS_BACKEND": "1"}):
            self.assertEqual(self.miss(), "")

    def test_storing_and_misses_fall_through_to_the_next_backend(self):
        ring = chainer.ChainerBackend()
        with mock.patch.object(chainer.ChainerBackend, "backends", [self.ring, Store()]):
            ring.set_password("s", "u", "p")
            ring.delete_password("s", "u")
            self.assertEqual(Store.kept, [("set", "s", "u", "p"), ("delete", "s", "u")])
            self.assertEqual(ring.get_password("s", "u"), "stored")
            self.assertEqual(ring.get_credential("s", "u").password, "stored")

    def test_it_comes_before_stores_and_after_the_chainer(self):
        self.assertTrue(9 < backend.DevpiTokensKeyring.priority < 10)
        self.assertTrue(backend.DevpiTokensKeyring.viable)
        self.assertIn(backend.DevpiTokensKeyring, keyring.backend.KeyringBackend.get_viable_backends())


if __name__ == "__main__":
    unittest.main()
