"""Images under the names that Dockerfile and docker-compose.yml ask for, which a registry's would have to be downloaded for.

An image is accounts, folders and an environment; programs and libraries are those of this machine, which a runtime lends
to each container, to be read only (as others lend drivers). So `python:3.13-slim` is the Python of these tests, without
newsfold, and `redis:7-alpine` the redis-server of this machine; what is done to them and with them is Docker's work.
"""

from __future__ import annotations

import io
import json
import sys
import sysconfig
import tarfile
from pathlib import Path

SITE = Path(sysconfig.get_path("purelib"))
PREFIX = "opt/python"
# pip, which reaches no index from a container, finds what newsfold needs in what is lent.
PIP = f'#!/bin/sh\nPIP_NO_INDEX=1 PIP_NO_BUILD_ISOLATION=0 exec /{PREFIX}/bin/python -m pip "$@"\n'
# The image of Redis is built without the protected mode, which would refuse the other containers.
REDIS = '#!/bin/sh\nexec /usr/bin/redis-server "$@" --protected-mode no\n'
FOLDERS = {"tmp": 0o1777, "data": 0o755, "home": 0o755, "root": 0o755, "var/lib": 0o755}
TEXTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/login.defs": "USERGROUPS_ENAB yes\n",
    f"{PREFIX}/pyvenv.cfg": f"home = {Path(sys.executable).resolve().parent}\n",
    f"{PREFIX}/lib/python{{}}.{{}}/site-packages/lent.pth".format(*sys.version_info): f"{SITE}\n",
}
RUNTIME = """#!/bin/sh
exec "{python}" -I -S -c '
import json, os, sys
words = sys.argv[1:]
if "--bundle" in words:
    path = words[words.index("--bundle") + 1] + "/config.json"
    config = json.load(open(path))
    config["mounts"][:0] = [dict(type="bind", source=lent, destination=lent, options=["rbind", "ro"]) for lent in {lent}]
    json.dump(config, open(path, "w"))
os.execvp("runc", ["runc", *words])' "$@"
"""


def runtime() -> str:
    """A program that starts containers as runc does, with this machine's programs in them."""
    system = [path for path in map(Path, ("/usr", "/bin", "/sbin", "/lib", "/lib64")) if path.exists()]
    lent = [str(path) for path in (*system, Path(sys.base_prefix), SITE) if not path.is_symlink()]
    return RUNTIME.format(python=sys.executable, lent=json.dumps(lent))


def image() -> bytes:
    """The archive of an image's files."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, mode in FOLDERS.items():
            _add(tar, name, tarfile.DIRTYPE, mode)
        for path in map(Path, ("/bin", "/sbin", "/lib", "/lib64")):
            if path.is_symlink():
                _add(tar, path.name, tarfile.SYMTYPE, link=str(path.readlink()))
        for name in ("python", "python3"):
            _add(tar, f"{PREFIX}/bin/{name}", tarfile.SYMTYPE, link=str(Path(sys.executable).resolve()))
        for name, text in (("pip", PIP), ("redis-server", REDIS)):
            _add(tar, f"{PREFIX}/bin/{name}", tarfile.REGTYPE, text=text)
        for name, text in TEXTS.items():
            _add(tar, name, tarfile.REGTYPE, text=text)
    return content.getvalue()


def _add(tar: tarfile.TarFile, name: str, kind: bytes, mode: int = 0o755, link: str = "", text: str = "") -> None:  # fmt: skip
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname, info.size = kind, mode, link, len(text.encode())
    tar.addfile(info, io.BytesIO(text.encode()))
