"""The plugin of devpi-client: the commands ``devpi token-…``, and the agent's tokens for what devpi does.

Only the standard library and pluggy, which devpi-client brings, are imported here: a plugin that cannot be imported
breaks every devpi command.
"""

from __future__ import annotations

import contextlib
from importlib import metadata

from pluggy import HookimplMarker

from devpi_tokens_agent import devpi_auth, devpi_commands

hookimpl = HookimplMarker("devpiclient")

#: The entry point of the plugin that brought these commands first. Two plugins with one command break argparse.
FIRST = "devpi-tokens"


@hookimpl
def devpiclient_subcommands():
    """Called before devpi has read its arguments, and before it has anything that could ask for credentials."""
    # Names that devpi-client may change: then its commands work as they do without this plugin.
    with contextlib.suppress(Exception):
        devpi_auth.install()
    if any(found.name == FIRST for found in _plugins()):
        return []
    module = devpi_commands.__name__
    return [(add, name, f"{module}:{handler}") for name, (add, handler) in devpi_commands.COMMANDS.items()]


def _plugins():
    points = metadata.entry_points()
    # Python 3.9 answers with a dictionary.
    if hasattr(points, "select"):
        return points.select(group="devpi_client")
    return points.get("devpi_client", ())
