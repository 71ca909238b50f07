"""Where the programs of this distribution are."""

from __future__ import annotations

import shutil
import sysconfig
from typing import Optional


def find(program: str) -> Optional[str]:
    """The one that was installed with this package, else the one on ``PATH``."""
    beside = shutil.which(program, path=sysconfig.get_path("scripts"))
    return beside or shutil.which(program)
