"""One site and one browser for all tests of this package; each test has a window of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page

from media.core.flac import write_flac
from media.core.tests.link_server import Server, running
from tests.browser.site import ROOT, Site, chromium, chromium_path
from transcription.core.demo_song import render_demo_song

EMAIL = "ringo@example.org"
PASSWORD = "paradiddle-diddle"
_WHAT_IS_SEEN = """() => {
    const running = document.querySelector('.stage--running');
    return document.querySelector('.job-panel') && [
        document.querySelector('[data-job-status-text]').textContent.trim(),
        document.querySelector('[data-job-progress]')?.value ?? 1,
        running ? running.dataset.stage : null,
    ];
}"""
# Shared recordings lie beside the repository where there are any.
_REAL_SONG = ROOT.parent / "shared" / "mdb-drums" / "Shadows" / "mix.flac"


# Scoped to the package: while Playwright's loop runs, Django refuses its database to tests of other packages.
@pytest.fixture(scope="package")
def elsewhere() -> Iterator[Server]:
    """Another site, on this machine, to which links may lead."""
    with running() as server:
        yield server


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory, elsewhere: Server) -> Iterator[Site]:
    site = Site(
        tmp_path_factory.mktemp("site"),
        LINK_ALLOWED_NETWORKS="127.0.0.1/32",
        LINK_ALLOWED_PORTS=str(elsewhere.port),
    )
    site.start()
    yield site
    site.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if chromium_path() is None:
        pytest.skip("no Chromium on this machine")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real recording where there is one; else the demo song."""
    if _REAL_SONG.is_file():
        return _REAL_SONG
    path = tmp_path_factory.mktemp("songs") / "mix.flac"
    write_flac(render_demo_song().audio, path)
    return path


@pytest.fixture(scope="package")
def drummer(site: Site, browser: Browser) -> Drummer:
    """Somebody who has just signed up on the page."""
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="Sign up", exact=False).first.click()
    page.locator("input[name=email]").fill(EMAIL)
    for number, field_ in enumerate(page.locator("main input[type=password]").all(), start=1):
        field_.fill(PASSWORD)
        assert number <= 2
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/dashboard/")
    drummer = Drummer(context.storage_state())
    context.close()
    return drummer


@dataclass
class Drummer:
    """A person's cookies."""

    storage_state: object


@dataclass
class Upload:
    """A song on its way from the dashboard to its score, as the person saw it."""

    job_url: str
    score_url: str
    seen: list[tuple[str, float]] = field(default_factory=list)  # status text, progress 0..1
    stages_seen_running: set[str] = field(default_factory=set)
    page_loads: int = 0


@pytest.fixture(scope="package")
def upload(site: Site, browser: Browser, drummer: Drummer, song: Path) -> Upload:
    """Upload a song by the button and watch its job page until the score opens by itself."""
    context = browser.new_context(base_url=site.url, storage_state=drummer.storage_state)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/dashboard/")
    page.locator("input[type=file]").set_input_files(song)
    page.get_by_role("button", name="Write the score").click()
    page.wait_for_url("**/jobs/**")
    upload = Upload(job_url=page.url, score_url="")
    loads: list[str] = []
    page.on("load", lambda _: loads.append(page.url))
    for _ in range(2400):
        if "/scores/" in page.url:
            break
        _look(page, upload)
        page.wait_for_timeout(100)
    page.wait_for_url("**/scores/**", timeout=5_000)
    upload.score_url = page.url
    upload.page_loads = sum("/jobs/" in url for url in loads)
    context.close()
    return upload


def _look(page: Page, upload: Upload) -> None:
    try:
        seen = page.evaluate(_WHAT_IS_SEEN)
    except Error:
        return  # the score page is just being opened
    if seen is None:
        return
    status, progress, stage = seen
    if not upload.seen or upload.seen[-1] != (status, progress):
        upload.seen.append((status, progress))
    if stage:
        upload.stages_seen_running.add(stage)


@pytest.fixture
def context(site: Site, browser: Browser, drummer: Drummer) -> Iterator[BrowserContext]:
    """A window of the signed-in drummer; tests open pages in it."""
    context = browser.new_context(
        base_url=site.url,
        storage_state=drummer.storage_state,  # type: ignore[arg-type]
        viewport={"width": 1280, "height": 800},
    )
    context.set_default_timeout(15_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which no script may fail and nothing may break the security policy."""
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    yield page
    assert troubles == []


@pytest.fixture
def score(page: Page, upload: Upload) -> Page:
    """The score page, ready to play."""
    page.goto(upload.score_url)
    page.locator(".score-bar").first.wait_for(state="attached")
    page.wait_for_function("document.querySelector('audio').readyState >= 2")
    return page
