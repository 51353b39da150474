"""A real site in a folder of its own, and a browser to look at it with."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
_STARTS_WITHIN_S = 120.0
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A test's browser has no sandbox to ask for in a container, no GPU, and nothing to say to the world.
_CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Site:
    """A server with its embedded workers on a free port, all of its data under ``var_dir``."""

    def __init__(self, var_dir: Path, **settings: str) -> None:
        self._var_dir = var_dir
        self._settings = settings  # environment variables beside those of every test's site
        self._log = var_dir / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{_free_port()}"

    def manage(self, *arguments: str) -> str:
        """Run a management command over the site's data and return what it printed."""
        finished = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=self._environment(), capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        if finished.returncode:
            raise RuntimeError(f"manage.py {' '.join(arguments)}: {finished.stderr}")
        return finished.stdout

    def start(self) -> None:
        """Migrate, serve, and wait until the site answers."""
        self._var_dir.mkdir(parents=True, exist_ok=True)
        self.manage("migrate", "--no-input", "--verbosity", "0")
        port = self.url.rpartition(":")[2]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "serve", "--port", port],
                env=self._environment(), stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        give_up_at = time.monotonic() + _STARTS_WITHIN_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                self.stop()
                raise RuntimeError(f"the site did not start:\n{self.log()}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop the server as an operator would; insist when it does not listen."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        """Return what the server has written."""
        return self._log.read_text("utf-8", "replace")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _environment(self) -> dict[str, str]:
        environment = {**os.environ}
        for name in ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "MEDIA_ROOT", "EMBEDDED_WORKER"):
            environment.pop(name, None)  # everything in one process and one folder
        return environment | {
            "VAR_DIR": str(self._var_dir),
            "SITE_URL": self.url,
            "DOTENV": os.devnull,
            "PRODUCTION": "0",
            "DJANGO_SETTINGS_MODULE": "drumsite.settings",
            **self._settings,
        }


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the machine's Chromium without a window."""
    path = chromium_path()
    if path is None:
        raise RuntimeError("Chromium is missing: install it, or name it with CHROMIUM=/path/to/chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


def chromium_path() -> str | None:
    """Return where Chromium is; the environment's CHROMIUM comes first."""
    names = (os.environ.get("CHROMIUM", ""), *_CHROMIUM_NAMES)
    return next((found for name in names if name and (found := shutil.which(name))), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
