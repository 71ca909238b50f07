"""Somebody at a terminal: runs a command there, waits for each prompt and types an answer.

Arguments: a JSON list of pairs (what is waited for, what is typed), then the command. With a third word, "each time", an
answer is typed whenever its prompt comes until the next one's does, or never; with "unseen" when nothing is echoed.
What the terminal showed goes to standard output. Ends as the command did, by 128 and the signal where one ended it.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

SECONDS = 60
ROWS, COLUMNS = 24, 80

answers = json.loads(sys.argv[1])
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    # What runs tests may ignore signals, and what is ignored is inherited.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.execvp(sys.argv[2], sys.argv[2:])


def answer(new):
    """What is typed at the prompt in this; none where it is waited for yet."""
    for ahead, (prompt, typed, *how) in enumerate(answers):
        is_repeated = how == ["each time"]
        if prompt.encode() in new:
            del answers[: ahead if is_repeated else ahead + 1]
            if how == ["unseen"]:
                await_silence()
            return typed.encode()
        if not is_repeated:
            break
    return None


def await_silence():
    """A program shows its prompt first; nobody is so fast, and nothing tells of the change."""
    while termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < end:
        time.sleep(0.001)


shown = b""
seen = 0
end = time.monotonic() + SECONDS
while True:
    typed = answer(shown[seen:])
    if typed is not None:
        seen = len(shown)
        os.write(terminal, typed)
        end = time.monotonic() + SECONDS
    ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
    if not ready:
        sys.exit("waited in vain for {!r} in {!r}".format(answers[:1], shown))
    try:
        more = os.read(terminal, 65536)
    except OSError:  # The other side is closed.
        break
    if not more:
        break
    shown += more
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.stdout.flush()
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
