"""Prints tokens.json: tokens made by pymacaroons 0.13.0, the library that devpi-tokens itself uses.

Run it with pymacaroons installed. The vid of a third-party caveat is random, so that one text differs in each run.
"""
import json

import pymacaroons

KEY = "the key of the test vectors"
INDEXES = ",".join(sorted("team-%d/stable" % number for number in range(20)))

CASES = [
    ("a token without caveats", "alice-abcDEF23", [], ["expires=1795000000"]),
    (
        "all five restrictions",
        "alice-abcDEF23",
        ["allowed=pkg_read,upload", "expires=1826000000"],
        [
            "allowed=upload",
            "expires=1795000000",
            "indexes=alice/dev",
            "not_before=1794999000",
            "projects=my-pkg,pkg",
        ],
    ),
    ("a user with a dash", "ci-bot-ZYXwvu98", ["expires=never"], ["allowed=pkg_read"]),
    ("a caveat of more than 127 bytes", "alice-abcDEF23", ["expires=never"], ["indexes=" + INDEXES]),
    ("indexes sorted as text", "alice-abcDEF23", [], ["indexes=a-b/x,a.b/x,a/x"]),
]


def token(identifier, caveats, version=pymacaroons.MACAROON_V2):
    macaroon = pymacaroons.Macaroon(identifier=identifier, key=KEY, version=version)
    for caveat in caveats:
        macaroon.add_first_party_caveat(caveat)
    return macaroon


vectors = {
    "key": KEY,
    "derived": [
        {
            "name": name,
            "identifier": identifier,
            "root": token(identifier, root).serialize(),
            "root_caveats": root,
            "added": added,
            "derived": token(identifier, root + added).serialize(),
        }
        for name, identifier, root, added in CASES
    ],
}
vectors["format_1"] = token("alice-abcDEF23", ["expires=never"], pymacaroons.MACAROON_V1).serialize()
third = token("alice-abcDEF23", ["expires=never"])
third.add_third_party_caveat("https://auth.example", "its key", "expires=1")
vectors["third_party"] = third.serialize()
third = token("alice-abcDEF23", ["expires=never"], pymacaroons.MACAROON_V1)
third.add_third_party_caveat("https://auth.example", "its key", "expires=1")
vectors["format_1_third_party"] = third.serialize()
print(json.dumps(vectors, indent=2))
