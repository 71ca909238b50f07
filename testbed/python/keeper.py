"""Runs one command for as long as standard input stays open, then ends it.

The bed holds the other end of that pipe. However the bed ends - dropped, panicked, killed, kept in a `static` that is
never dropped - the pipe closes, so that no server outlives its test.

    keeper.py FOLDER-TO-REMOVE|- COMMAND...
"""

import os
import shutil
import subprocess
import sys
import threading


def main():
    folder, command = sys.argv[1], sys.argv[2:]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def end_with_the_bed():
        while os.read(0, 4096):
            pass
        # Everything it could save lies in a folder that goes away.
        child.kill()

    threading.Thread(target=end_with_the_bed, daemon=True).start()
    code = child.wait()
    if folder != "-" and code < 0:
        shutil.rmtree(folder, ignore_errors=True)
    # Not through the interpreter's own end: the thread may hold standard input.
    os._exit(code if code >= 0 else 0)


main()
