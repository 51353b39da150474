"""Pictures of the pages in three widths and two schemes, for looking at: ``script/screenshots [DIR]``."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import django
from playwright.sync_api import Browser, Page

from tests.browser.site import Site, chromium

WIDTHS_PX = {390: 844, 820: 1180, 1440: 900}
SCHEMES = ("light", "dark")


def main() -> None:
    """Start a site with the demo account, and photograph its pages."""
    parser = argparse.ArgumentParser(prog="script/screenshots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="default: a temporary folder")
    parser.add_argument("--site", help="URL of a running site with the demo account (default: start one)")
    arguments = parser.parse_args()
    django.setup()  # the demo account is described beside the models
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="drumsite-screenshots-"))
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, tempfile.TemporaryDirectory() as var_dir:
        if arguments.site:
            photograph(browser, arguments.site.rstrip("/"), folder)
        else:
            site = Site(Path(var_dir))
            try:
                site.start()
                site.manage("seed_demo")
                photograph(browser, site.url, folder)
            finally:
                site.stop()
    print(folder)


def photograph(browser: Browser, url: str, folder: Path) -> None:
    """Write ``PAGE-WIDTH-SCHEME.png`` for every page, width and scheme."""
    state = _signed_in(browser, url)
    for width, height in WIDTHS_PX.items():
        for scheme in SCHEMES:
            viewport = {"width": width, "height": height}
            options = {"viewport": viewport, "color_scheme": scheme, "base_url": url}
            stranger = browser.new_context(**options)  # type: ignore[arg-type]
            for name, path in (("landing", "/"), ("signup", "/account/signup/"), ("missing", "/nowhere/")):
                _shoot(stranger.new_page(), path, folder / f"{name}-{width}-{scheme}.png")
            stranger.close()
            context = browser.new_context(storage_state=state, **options)  # type: ignore[arg-type]
            page = context.new_page()
            _shoot(page, "/dashboard/", folder / f"dashboard-{width}-{scheme}.png")
            _shoot(page, "/account/", folder / f"account-{width}-{scheme}.png")
            page.goto("/dashboard/")
            score = page.locator("a[href^='/scores/']").first.get_attribute("href")
            assert score is not None
            _shoot_score(page, score, folder / f"score-{width}-{scheme}.png")
            job = page.get_by_role("link", name="How it was made").get_attribute("href")
            assert job is not None
            _shoot(page, job, folder / f"job-{width}-{scheme}.png")
            context.close()


def _signed_in(browser: Browser, url: str) -> object:
    from transcription.demo import EMAIL, PASSWORD

    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.goto("/account/login/")
    page.locator("input[type=email], input[name=login]").first.fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/dashboard/")
    state = context.storage_state()
    context.close()
    return state


def _shoot(page: Page, path: str, file: Path) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=file, full_page=True)


def _shoot_score(page: Page, path: str, file: Path) -> None:
    """The score while it is played, two bars in; and the window alone, with the player at its foot."""
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.locator(".score-bar").nth(2).click()
    page.get_by_role("button", name="Play", exact=True).click()
    page.locator(".is-sounding").first.wait_for()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.screenshot(path=file)
    page.screenshot(path=file.with_stem(f"{file.stem}-whole"), full_page=True)


if __name__ == "__main__":
    main()
