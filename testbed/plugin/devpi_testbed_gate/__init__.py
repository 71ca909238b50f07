"""Closes reads the way nginx and devpi-lockdown do together, for machines where nginx cannot be had.

devpi-server finds it through the dist-info folder beside it, so it only has to be on PYTHONPATH: nothing is installed,
and the beds with nginx never see it. It writes the same access log as the nginx of the bed.
"""

import json
import os
import time

from devpi_lockdown.main import authcheck_view
from pluggy import HookimplMarker
from pyramid.httpexceptions import HTTPException, HTTPNoContent, HTTPUnauthorized
from pyramid.tweens import EXCVIEW

hookimpl = HookimplMarker("devpiserver")


@hookimpl
def devpiserver_pyramid_configure(config, pyramid_config):
    # Below the transaction, which looking up a user needs; above the views of exceptions, whose status is what is seen.
    pyramid_config.add_tween(
        "devpi_testbed_gate.gate", under="devpi_server.views.tween_keyfs_transaction", over=EXCVIEW)


def gate(handler, registry):
    log = os.open(os.environ["DEVPI_TESTBED_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def answer(request):
        if request.path == "/+testbed":
            return HTTPNoContent()
        try:
            closed = authcheck_view(None, request)
        except HTTPException as refused:  # a token that is expired, out of scope or forged
            return refused
        if closed.status_code == 200:
            return handler(request)
        if closed.status_code == 401:
            return HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="pypi"'})
        return closed

    def logged(request):
        # Before it is answered: devpi writes into the headers of a log-in.
        line = {
            "method": request.method,
            "uri": request.environ.get("REQUEST_URI") or request.path_qs,
            "authorization": request.headers.get("Authorization", ""),
            "devpi_auth": request.headers.get("X-Devpi-Auth", ""),
            "agent": request.headers.get("User-Agent", ""),
        }
        status, size = 500, 0
        try:
            response = answer(request)
            status, size = response.status_code, response.content_length or 0
            return response
        except Exception as error:
            status = getattr(error, "status_code", 500)
            raise
        finally:
            line.update(time="%.3f" % time.time(), status=str(status), bytes=str(size))
            os.write(log, json.dumps(line).encode() + b"\n")

    return logged
