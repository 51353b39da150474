"""The guard of the fetching process: whatever code runs there, it reaches only what a link may reach.

A reader of pages follows addresses that the page's author chose, through code that is not ours. So the rules
are not asked of it but put under it: an audit hook, which Python calls from within ``connect`` itself and
which nothing in the process can take away again, judges each address as it is about to be connected to. Names
are refused there: they are resolved in one place, which hands out checked addresses only.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from accounts.core.errors import DrumError
from media.core.links.addresses import AddressRules, Resolver, addresses_of, check_address, system_resolver
from media.core.links.errors import LinkAddressNotAllowed

_PROGRAMS = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.system",
        "pty.spawn",
        "subprocess.Popen",
    }
)
_CHANGES = frozenset(
    {
        "os.link",
        "os.mkdir",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.symlink",
        "os.truncate",
        "shutil.rmtree",
    }
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Forbidden(PermissionError):
    """What the guard raises. An ``OSError``, so that code that can do without goes on without."""


class Guard:
    """Judges connections, programs and files of this process, from :meth:`install` to its end.

    ``refused`` notes that an address was refused, for what is told in the end.
    """

    def __init__(self, rules: AddressRules, folder: Path, resolve: Resolver = system_resolver) -> None:
        self._rules, self._resolve = rules, resolve
        self._folder = folder.resolve()
        self._granted: set[str] = set()  # addresses of hosts that the rules name
        self.refused = False

    def install(self) -> None:
        """Begin. There is no way back: call it in a process of its own."""
        judges: dict[str, Callable[[tuple[Any, ...]], None]] = {
            "socket.connect": self._judge_connect,
            "socket.sendmsg": self._judge_sendmsg,
            "socket.sendto": self._refuse_address,
            "socket.bind": self._refuse_address,
            "open": self._judge_open,
            **dict.fromkeys(_PROGRAMS, _refuse_program),
            **dict.fromkeys(_CHANGES, self._judge_change),
        }

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            judge = judges.get(event)
            if judge is not None:
                judge(arguments)

        # The system's resolver connects in C, which raises no event; Python's door to it is ours.
        self._ask_system = socket.getaddrinfo
        socket.getaddrinfo = self._getaddrinfo
        sys.addaudithook(hook)

    def resolve(self, host: str, port: int) -> list[str]:
        """Return checked addresses of ``host``; raises ``Forbidden`` or ``socket.gaierror``."""
        try:
            addresses = addresses_of(host, port, self._rules, self._answers_of)
        except LinkAddressNotAllowed as error:
            self.refused = True
            raise Forbidden(f"{host} may not be visited") from error
        except DrumError as error:
            raise socket.gaierror(socket.EAI_NONAME, f"{host} has no address") from error
        if self._rules.trusts_host(host):
            self._granted.update(addresses)
        return addresses

    def _answers_of(self, host: str, port: int) -> list[str]:
        if self._resolve is system_resolver:
            found = self._ask_system(host, port, type=socket.SOCK_STREAM)
            return list(dict.fromkeys(str(answer[4][0]) for answer in found))
        return list(self._resolve(host, port))

    def _getaddrinfo(
        self, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> list[tuple[Any, ...]]:
        name = host.decode("ascii") if isinstance(host, bytes) else host
        if not isinstance(name, str) or not str(port).isdigit() or type not in (0, socket.SOCK_STREAM):
            self.refused = True
            raise Forbidden("only names of hosts and numbers of ports are looked up")
        answers: list[tuple[Any, ...]] = []
        for address in self.resolve(name, int(port)):
            of_six = ":" in address
            own_family = socket.AF_INET6 if of_six else socket.AF_INET
            if family in (0, own_family):
                where = (address, int(port), 0, 0) if of_six else (address, int(port))
                answers.append((own_family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where))
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, f"{name} has no such address")
        return answers

    def _judge_connect(self, arguments: tuple[Any, ...]) -> None:
        connecting, where = arguments[0], arguments[1]
        allowed = (
            connecting.family in (socket.AF_INET, socket.AF_INET6)
            and isinstance(where, tuple)
            and isinstance(where[0], str)
            and where[1] in self._rules.ports
            and not any(where[3:])  # a scope
            and (where[0] in self._granted or self._is_public(where[0]))
        )
        if not allowed:
            self._refuse_address(arguments)

    def _is_public(self, address: str) -> bool:
        try:
            check_address(address, self._rules)
        except LinkAddressNotAllowed:
            return False
        return True

    def _judge_sendmsg(self, arguments: tuple[Any, ...]) -> None:
        if len(arguments) > 1 and arguments[1] is not None:
            self._refuse_address(arguments)

    def _refuse_address(self, arguments: tuple[Any, ...]) -> None:
        self.refused = True
        raise Forbidden("this address may not be visited")

    def _judge_open(self, arguments: tuple[Any, ...]) -> None:
        path, mode, flags = arguments
        writes = any(sign in mode for sign in "wax+") if isinstance(mode, str) else flags & _WRITING
        if writes and not isinstance(path, int):
            self._check_place(path)

    def _judge_change(self, arguments: tuple[Any, ...]) -> None:
        for path in arguments:
            if isinstance(path, str | bytes | os.PathLike):
                self._check_place(path)

    def _check_place(self, path: Any) -> None:
        place = Path(os.fsdecode(path)).absolute()
        if place == Path(os.devnull):
            return
        # The place's folder, as the system will find it: links on the way are followed.
        if not (place.parent.resolve() / place.name).is_relative_to(self._folder):
            raise Forbidden("nothing is written outside of the process's own folder")


def _refuse_program(arguments: tuple[Any, ...]) -> None:
    raise Forbidden("no other program is run")
