"""Somebody at a terminal: runs a command there, waits for each prompt and types an answer.

Arguments: a JSON list of pairs (what is waited for, what is typed), then the command.
What the terminal showed goes to standard output. Ends as the command did, by 128 and the signal where one ended it.
"""

import json
import os
import pty
import select
import sys
import time

SECONDS = 60

answers = json.loads(sys.argv[1])
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])

shown = b""
seen = 0
end = time.monotonic() + SECONDS
while True:
    if answers and answers[0][0].encode() in shown[seen:]:
        seen = len(shown)
        os.write(terminal, answers.pop(0)[1].encode())
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
