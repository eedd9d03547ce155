#!/usr/bin/env python3
"""Runs a program as confined as a unit says, as far as that goes without systemd.

  tests/confined.py UNIT [--root DIR] [--user ID] -- PROGRAM…
  tests/confined.py UNIT --list        the system calls that it allows

Of the unit are taken: SystemCallFilter and SystemCallErrorNumber, RestrictAddressFamilies, MemoryDenyWriteExecute,
RestrictNamespaces, RestrictRealtime, RestrictSUIDSGID, NoNewPrivileges, the empty CapabilityBoundingSet, LimitNOFILE, UMask. Not: what hides
or locks parts of the file system and of /proc. What a group of calls holds is asked of systemd-analyze.
"""

import argparse
import configparser
import ctypes
import errno
import os
import resource
import socket
import subprocess
import sys

import seccomp

PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP = 38, 24
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
NAMESPACES = 0x7E020080  # all CLONE_NEW…
libc = ctypes.CDLL(None, use_errno=True)


class Unit(dict):
    """Settings that stand several times are all kept."""

    def __setitem__(self, key, value):
        if key in self and isinstance(value, list):
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def read_unit(path):
    parser = configparser.RawConfigParser(strict=False, dict_type=Unit, empty_lines_in_values=False)
    parser.optionxform = str
    parser.read(path)
    return {key: value.split("\n") for key, value in parser.items("Service")}


def calls_of(group):
    """The system calls of a group, groups within it too."""
    if not group.startswith("@"):
        return {group}
    lines = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", group], capture_output=True, text=True, check=True).stdout.splitlines()
    words = [line.strip() for line in lines[1:] if line.startswith(" ") and not line.strip().startswith("#")]
    return set().union(*(calls_of(word) for word in words)) if words else set()


def allowed_calls(unit):
    allowed = calls_of("@default")
    for line in unit["SystemCallFilter"]:
        found = set().union(*(calls_of(word) for word in line.lstrip("~").split()))
        allowed = allowed - found if line.startswith("~") else allowed | found
    return allowed


def on(unit, name):
    return unit.get(name, ["no"])[-1] in ("yes", "true")


def load_filter(unit, allowed):
    refused = seccomp.ERRNO(getattr(errno, unit["SystemCallErrorNumber"][-1]))
    rules = seccomp.SyscallFilter(refused)
    # As systemd: a call is allowed by its name, and a second filter refuses some of its arguments.
    for call in sorted(allowed | {"execve"}):
        try:
            rules.add_rule(seccomp.ALLOW, call)
        except (RuntimeError, ValueError):
            pass  # of another architecture
    more = seccomp.SyscallFilter(seccomp.ALLOW)
    denied = seccomp.ERRNO(errno.EPERM)
    if on(unit, "MemoryDenyWriteExecute"):
        both = PROT_WRITE | PROT_EXEC
        more.add_rule(denied, "mmap", seccomp.Arg(2, seccomp.MASKED_EQ, both, both))
        more.add_rule(denied, "mprotect", seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, PROT_EXEC))
        more.add_rule(denied, "pkey_mprotect", seccomp.Arg(2, seccomp.MASKED_EQ, PROT_EXEC, PROT_EXEC))
        more.add_rule(denied, "shmat", seccomp.Arg(2, seccomp.MASKED_EQ, SHM_EXEC, SHM_EXEC))
    if on(unit, "RestrictNamespaces"):
        more.add_rule(denied, "unshare")
        more.add_rule(denied, "setns")
        for flag in (1 << bit for bit in range(32)):
            if NAMESPACES & flag:
                more.add_rule(denied, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
        more.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    if on(unit, "RestrictRealtime"):
        for policy in (1, 2, 6):
            more.add_rule(denied, "sched_setscheduler", seccomp.Arg(1, seccomp.EQ, policy))
    if on(unit, "RestrictSUIDSGID"):
        for bit in (0o4000, 0o2000):
            for call, place in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2)):
                more.add_rule(denied, call, seccomp.Arg(place, seccomp.MASKED_EQ, bit, bit))
    families = {getattr(socket, name).value for name in " ".join(unit["RestrictAddressFamilies"]).split()}
    for family in range(0, 46):
        if family not in families:
            more.add_rule(seccomp.ERRNO(errno.EAFNOSUPPORT), "socket", seccomp.Arg(0, seccomp.EQ, family))
    more.load()
    rules.load()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("unit")
    options.add_argument("--root")
    options.add_argument("--user", type=int)
    options.add_argument("--list", action="store_true")
    cut = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    chosen, program = options.parse_args(sys.argv[1:cut]), sys.argv[cut + 1:]
    unit = read_unit(chosen.unit)
    allowed = allowed_calls(unit)  # while systemd-analyze is within reach
    if chosen.list:
        print("\n".join(sorted(allowed)))
        return
    files = int(unit["LimitNOFILE"][-1])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard), min(files, hard)))
    os.umask(int(unit["UMask"][-1], 8))
    if chosen.root:
        os.chdir(chosen.root)
        os.chroot(".")
    os.chdir("/")
    if "CapabilityBoundingSet" in unit and os.geteuid() == 0:
        for capability in range(64):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails beyond the last
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if chosen.user is not None:
        os.setgroups([])
        os.setgid(chosen.user)
        os.setuid(chosen.user)
    load_filter(unit, allowed)
    os.execvp(program[0], program)


if __name__ == "__main__":
    main()
