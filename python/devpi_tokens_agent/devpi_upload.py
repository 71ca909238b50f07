"""Which projects ``devpi upload`` uploads, by its arguments and the working folder."""

from __future__ import annotations

import configparser
import pathlib
import re
from typing import Optional

#: What devpi looks for in folders.
ARCHIVES = (".egg", ".tar", ".tar.bz2", ".tar.gz", ".tgz", ".whl", ".zip")

#: The most that the agent takes in one question.
MOST = 256

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
DOCUMENTATION = re.compile(r"(?P<name>.+?)(?:-v?\d[^-]*)?\.docs?")


def options(args) -> list[str]:
    """What narrows the token: the projects, and the size, as a large upload takes its time. No project where one of
    them is not known: then the token is for all of them, and for a shorter time."""
    paths = [pathlib.Path(path).expanduser() for path in getattr(args, "path", None) or ()]
    if not paths:
        name = of_folder(pathlib.Path())
        return [] if name is None else [f"--project={name}"]
    files = list(all_files(paths))
    words = [f"--bytes={sum(file.stat().st_size for file in files)}"]
    names = {of_file(file.name) for file in files}
    if None not in names and len(names) <= MOST:
        words += [f"--project={name}" for name in sorted(filter(None, names))]
    return words


def all_files(paths):
    """The files, and those in folders."""
    for path in paths:
        if path.is_dir():
            yield from (file for file in path.rglob("*") if file.name.endswith(ARCHIVES) and file.is_file())
        elif path.is_file():
            yield path


def of_file(name: str) -> Optional[str]:
    """The project of a wheel, a source distribution or a documentation; ``None`` where its name does not tell."""
    ending = max((ending for ending in ARCHIVES if name.lower().endswith(ending)), key=len, default=None)
    if ending is None:
        return None
    stem = name[: -len(ending)]
    documentation = DOCUMENTATION.fullmatch(stem)
    if documentation:
        return checked(documentation["name"])
    if ending in (".whl", ".egg"):
        return checked(stem.split("-")[0])
    project, _, version = stem.rpartition("-")
    # With a version that has dashes itself, nobody knows where it begins.
    if not re.match(r"v?\d", version) or re.search(r"-v?\d", project):
        return None
    return checked(project)


def of_folder(folder: pathlib.Path) -> Optional[str]:
    """The project that is built in this folder; ``None`` where it is not written down."""
    try:
        import tomllib
    except ImportError:
        # Of devpi-client itself, before Python 3.11.
        import tomli as tomllib
    name = None
    try:
        found = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        name = found.get("project", {}).get("name") or found.get("tool", {}).get("poetry", {}).get("name")
    except (OSError, ValueError, AttributeError):
        pass
    if name is None:
        setup = configparser.ConfigParser(interpolation=None)
        try:
            setup.read(folder / "setup.cfg", encoding="utf-8")
        except (configparser.Error, ValueError):
            return None
        name = setup.get("metadata", "name", fallback=None)
    return checked(name)


def checked(name) -> Optional[str]:
    """The name, if it is one."""
    return name if isinstance(name, str) and NAME.fullmatch(name) else None
