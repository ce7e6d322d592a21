"""Programs of the system that tests cannot do without: installed where that is allowed, never passed over."""

import os
import shutil
import subprocess

import pytest

INSTALL = ("apt-get", "install", "-y", "--no-install-recommends")


def need_program(path: str, *packages: str, variable: str) -> str:
    """Return the path of a program, or the one that a variable names; install Debian's packages of it, or fail and say
    how to."""
    path = os.environ.get(variable, path)
    may_install = variable not in os.environ and os.geteuid() == 0 and shutil.which("apt-get")
    if not shutil.which(path) and may_install:
        subprocess.run(["apt-get", "update"], check=False)
        subprocess.run([*INSTALL, *packages], check=False)
    if not shutil.which(path):
        command = " ".join(["sudo", *INSTALL, *packages])
        pytest.fail(f"{path} is missing: run `{command}`, or set {variable} to its path")
    return path
