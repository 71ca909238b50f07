"""Reads and restricts tokens with pymacaroons, the implementation that the server uses.

    macaroons.py read            JSON list of tokens (or null) on standard input
    macaroons.py restrict        JSON [token, caveat...] on standard input
"""

import json
import sys

import pymacaroons


def parse(token):
    return pymacaroons.Macaroon.deserialize(token[6:] if token.startswith("devpi-") else token)


def text(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def read(token):
    try:
        macaroon = parse(token)
        return {
            "identifier": text(macaroon.identifier),
            "caveats": [text(caveat.caveat_id) for caveat in macaroon.caveats],
        }
    except Exception:  # passwords, session secrets, garbage: not a token
        return None


given = json.load(sys.stdin)
if sys.argv[1] == "read":
    json.dump([token and read(token) for token in given], sys.stdout)
else:
    macaroon = parse(given[0])
    for caveat in given[1:]:
        macaroon.add_first_party_caveat(caveat)
    json.dump("devpi-" + macaroon.serialize(), sys.stdout)
