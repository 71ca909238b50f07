"""Prints inspect.json: tokens as devpi-tokens and PyPI make them, by pymacaroons 0.13.0, to be shown in words.

Run it with pymacaroons installed. The times are around 1795456860, Mon 23 Nov 2026 18:01 UTC. The vid of a third-party
caveat is random, so that one text differs in each run.
"""
import json

import pymacaroons

KEY = "the key of the test vectors"
UUID = "0b5d7c6e-8f10-4a9a-8e9b-3d6f4b2a1c00"
HOUR, YEAR = "1795460400", "1826992800"
INDEXES = "indexes=" + ",".join(sorted("team-%d/stable" % number for number in range(12)))
ALL = ("del_entry del_project del_verdata index_create index_delete index_modify pkg_read toxresult_upload upload"
       .split())

DEVPI = [
    ("no restriction", []),
    ("what login keeps", ["allowed=" + ",".join(p for p in ALL if "index" not in p), "expires=" + YEAR]),
    ("a read token", ["expires=" + YEAR, "allowed=pkg_read", "expires=" + HOUR, "indexes=alice/base,alice/dev",
                      "not_before=1795456800"]),
    ("an upload token", ["allowed=pkg_read,upload", "expires=" + YEAR, "allowed=upload", "expires=" + HOUR,
                         "indexes=alice/dev", "not_before=1795456800", "projects=my-pkg,pkg"]),
    ("a push token", ["allowed=pkg_read,upload", "expires=" + HOUR]),
    ("a token for test results", ["allowed=pkg_read,toxresult_upload", "expires=" + HOUR]),
    ("a token for removing", ["allowed=del_entry,del_project,del_verdata,pkg_read", "expires=" + HOUR]),
    ("several purposes", ["allowed=pkg_read,toxresult_upload,upload", "expires=never"]),
    ("no usual purpose", ["allowed=index_modify", "expires=never"]),
    ("long lists", ["allowed=pkg_read", "expires=" + HOUR, INDEXES]),
    ("in summer", ["allowed=pkg_read", "expires=1813514400"]),
    ("over", ["allowed=pkg_read", "expires=1795456860"]),
    ("not begun", ["allowed=pkg_read", "expires=" + YEAR, "not_before=1795500000"]),
    ("no permission left", ["allowed=pkg_read", "allowed=upload"]),
    ("no index left", ["indexes=a/x", "indexes=a/y"]),
    ("no project left", ["projects=pkg", "projects=my-pkg"]),
    ("what no token gets", ["allowed=pkg_read,user_login"]),
    ("an unknown key", ["expires=" + HOUR, "colour=red"]),
    ("a known key in another form", ["expires= " + HOUR, "allowed=pkg_read, upload", "indexes=,alice/dev",
                                     "expires=soon"]),
    ("JSON", ['{"version": 1, "permissions": "user"}', "[0, %s, 1795456800]" % HOUR, "[9]"]),
    ("what a terminal would act upon", ["\x1b]52;c;aGk=\x07=\u202ered"]),
]

PYPI = [
    ("no caveat", []),
    ("version and permissions of the user", ['{"version": 1, "permissions": "user"}']),
    ("version and permissions of projects", ['{"version": 1, "permissions": {"projects": ["my-pkg", "pkg"]}}']),
    ("another version", ['{"version": 2, "permissions": "user"}']),
    ("nbf and exp", ['{"nbf": 1795456800, "exp": %s}' % HOUR]),
    ("lists", ["[0, %s, 1795456800]" % HOUR, '[1, ["my-pkg", "pkg"]]', '[2, ["%s"]]' % UUID, '[3, "%s"]' % UUID,
               "[0, 1795456800, 1795500000]", "[9]", "no JSON"]),
    ("what a terminal would act upon", ['[1, ["\\u001b[2J\\u202e"]]']),
]


def macaroon(identifier, caveats, location="", version=pymacaroons.MACAROON_V2):
    made = pymacaroons.Macaroon(location=location, identifier=identifier, key=KEY, version=version)
    for caveat in caveats:
        made.add_first_party_caveat(caveat)
    return made


cases = [(name, "devpi-" + macaroon("alice-abcDEF23", caveats).serialize()) for name, caveats in DEVPI]
old = macaroon("alice-abcDEF23", ["expires=" + HOUR], version=pymacaroons.MACAROON_V1)
cases.append(("the old format", old.serialize()))
third = macaroon("alice-abcDEF23", ["expires=" + HOUR])
third.add_third_party_caveat("https://auth.example", "its key", "expires=1")
cases.append(("another server has to agree", third.serialize()))
cases.extend(
    ("PyPI: " + name, "pypi-" + macaroon(UUID, caveats, "index.example").serialize()) for name, caveats in PYPI
)
old = macaroon(UUID, ['{"version": 1, "permissions": "user"}'], "index.example", pymacaroons.MACAROON_V1)
cases.append(("PyPI: the old format", "pypi-" + old.serialize()))
odd = macaroon("\x1b[2J", [], "\u202eelpmaxe.xedni")
cases.append(("PyPI: an odd location and identifier", "pypi-" + odd.serialize()))
print(json.dumps([{"name": name, "token": token} for name, token in cases], indent=2))
