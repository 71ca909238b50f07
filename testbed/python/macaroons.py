"""Reads, makes and restricts tokens with pymacaroons, the implementation that the server uses.

    macaroons.py read            JSON list of tokens (or null) on standard input
    macaroons.py restrict        JSON [token, caveat...] on standard input
    macaroons.py serve           JSON [verb, argument...] a line on standard input, the answer a line on standard output
"""

import json
import sys
import timeit

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


def with_caveats(macaroon, caveats):
    for caveat in caveats:
        macaroon.add_first_party_caveat(caveat)
    return "devpi-" + macaroon.serialize()


def restrict(token, *caveats):
    return with_caveats(parse(token), caveats)


def third_party(token, identifier):
    macaroon = parse(token)
    macaroon.add_third_party_caveat("elsewhere", "the key of elsewhere", identifier)
    return "devpi-" + macaroon.serialize()


def mint(key, identifier, *caveats):
    macaroon = pymacaroons.Macaroon(identifier=identifier, key=key, version=pymacaroons.MACAROON_V2)
    return with_caveats(macaroon, caveats)


def verify(key, token):
    """Whether the token was signed with this key, whatever its caveats say."""
    verifier = pymacaroons.Verifier()
    verifier.satisfy_general(lambda caveat: True)
    try:
        return verifier.verify(parse(token), key)
    except Exception:
        return False


def time_restrict(token, *caveats):
    """How long it takes to add caveats to a token that is parsed already, and to write it, in seconds."""
    parsed = parse(token)
    times = 20
    return timeit.timeit(lambda: with_caveats(parsed.copy(), caveats), number=times) / times


VERBS = {
    "mint": mint,
    "restrict": restrict,
    "third_party": third_party,
    "time_restrict": time_restrict,
    "verify": verify,
}

if sys.argv[1] == "read":
    json.dump([token and read(token) for token in json.load(sys.stdin)], sys.stdout)
elif sys.argv[1] == "restrict":
    json.dump(restrict(*json.load(sys.stdin)), sys.stdout)
else:
    for line in sys.stdin:
        verb, *arguments = json.loads(line)
        print(json.dumps(VERBS[verb](*arguments)), flush=True)
