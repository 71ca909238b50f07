"""Writes a wheel or an sdist of a pure Python project without any build tool, and prints its path.

    make_dist.py wheel|sdist FOLDER NAME VERSION [DEPENDENCY...]
"""

import base64
import hashlib
import io
import os
import sys
import tarfile
import zipfile

PYPROJECT = """\
[build-system]
requires = [{requires}]
build-backend = "bed_backend"
backend-path = ["."]

[project]
name = "{name}"
version = "{version}"
"""

# An sdist builds itself with this very file, so that a build needs no tool from any index.
BACKEND = """\
import subprocess, sys, os

def made(kind, folder):
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "make_dist.py")
    command = [sys.executable, script, kind, folder, {name!r}, {version!r}] + {dependencies!r}
    return os.path.basename(subprocess.check_output(command).decode().strip())

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return made("wheel", wheel_directory)

def build_sdist(sdist_directory, config_settings=None):
    return made("sdist", sdist_directory)
"""


def metadata(name, version, dependencies):
    lines = ["Metadata-Version: 2.1", "Name: " + name, "Version: " + version, "Summary: made for a test"]
    return "\n".join(lines + ["Requires-Dist: " + d for d in dependencies]) + "\n"


def wheel(folder, name, version, dependencies):
    module = name.replace("-", "_")
    info = "{}-{}.dist-info/".format(module, version)
    files = {
        module + ".py": 'NAME = "{}"\nVERSION = "{}"\n\ndef main():\n    print(NAME)\n'.format(name, version),
        info + "METADATA": metadata(name, version, dependencies),
        # A program: there are installers that install nothing else.
        info + "entry_points.txt": "[console_scripts]\n{} = {}:main\n".format(name, module),
        info + "WHEEL": "Wheel-Version: 1.0\nGenerator: testbed\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += "{},sha256={},{}\n".format(path, digest, len(text.encode()))
    files[info + "RECORD"] = record + info + "RECORD,,\n"
    target = os.path.join(folder, "{}-{}-py3-none-any.whl".format(module, version))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return target


def sdist(folder, name, version, dependencies):
    stem = "{}-{}".format(name.replace("-", "_"), version)
    # What is depended on is also asked for at build time: a build in isolation then runs a second pip.
    requires = ", ".join('"{}"'.format(d) for d in dependencies)
    with open(__file__) as own:
        own = own.read()
    files = {
        "PKG-INFO": metadata(name, version, dependencies),
        "pyproject.toml": PYPROJECT.format(requires=requires, name=name, version=version),
        "bed_backend.py": BACKEND.format(name=name, version=version, dependencies=dependencies),
        "make_dist.py": own,
    }
    target = os.path.join(folder, stem + ".tar.gz")
    with tarfile.open(target, "w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(stem + "/" + path)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return target


kind, folder, name, version = sys.argv[1:5]
print({"wheel": wheel, "sdist": sdist}[kind](folder, name, version, sys.argv[5:]))
