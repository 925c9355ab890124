"""Environments of their own that have what this one has, so that pip finds it there and asks nobody."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

SITE = Path(sysconfig.get_path("purelib"))
# pip that reaches no index: it runs in builds, too, with the setuptools that is lent.
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def lent(folder: Path) -> Path:
    """An environment in a folder; its newsfold is none or one that is installed into it, as links to sources are not lent."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "lent.pth").write_text(f"{SITE}\n", encoding="utf-8")
    program = folder / "bin" / "pip"
    program.write_text(f'#!/bin/sh\nexec "{folder}/bin/python" -m pip "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return folder
