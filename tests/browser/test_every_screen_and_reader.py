"""Narrow screens, dark rooms, keyboards and screen readers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.browser.conftest import Drummer, Upload
from tests.browser.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PLACES = ("landing", "signup", "login", "dashboard", "job", "score", "account")


@pytest.fixture
def place(upload: Upload) -> Callable[[str], str]:
    """Return the URL of a page by its name."""
    urls = {
        "landing": "/", "signup": "/account/signup/", "login": "/account/login/", "dashboard": "/dashboard/",
        "job": upload.job_url, "score": upload.score_url, "account": "/account/",
    }  # fmt: skip
    return urls.__getitem__


@pytest.fixture
def visitor(site: Site, browser: Browser, drummer: Drummer) -> Callable[..., BrowserContext]:
    """Return windows that are signed in where the page needs it."""

    def window(name: str, **options: object) -> BrowserContext:
        state = None if name in ("landing", "signup", "login") else drummer.storage_state
        return browser.new_context(base_url=site.url, storage_state=state, **options)  # type: ignore[arg-type]

    return window


def open_quietly(page: Page, url: str) -> None:
    """Open a page and wait until it has asked for nothing more for 0.1 s.

    Playwright's "networkidle" is the same with half a second, which makes 17 seconds over these tests.
    """
    unanswered: set[Request] = set()
    page.on("request", lambda request: unanswered.add(request))
    page.on("requestfinished", lambda request: unanswered.discard(request))
    page.on("requestfailed", lambda request: unanswered.discard(request))
    page.goto(url)
    quiet = 0
    for _ in range(600):
        quiet = 0 if unanswered else quiet + 1
        if quiet > 2:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{url} goes on asking for {[request.url for request in unanswered]}")


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("width", [320, 390, 820])
def test_no_page_is_wider_than_a_small_screen(
    visitor: Callable[..., BrowserContext], place: Callable[[str], str], name: str, width: int
) -> None:
    page = visitor(name, viewport={"width": width, "height": 844}).new_page()
    open_quietly(page, place(name))

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


@pytest.mark.parametrize("name", PLACES)
def test_dark_scheme_is_dark_with_light_text(
    visitor: Callable[..., BrowserContext], place: Callable[[str], str], name: str
) -> None:
    page = visitor(name, color_scheme="dark").new_page()
    open_quietly(page, place(name))

    background, text = page.evaluate(
        """() => ['backgroundColor', 'color'].map((name) => {
            const [red, green, blue] = getComputedStyle(document.body)[name].match(/[\\d.]+/g).map(Number);
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
        })"""
    )

    assert background < 60
    assert text > 150
    page.context.close()


@pytest.mark.parametrize("name", PLACES)
def test_every_control_has_a_name_and_every_picture_a_text(
    visitor: Callable[..., BrowserContext], place: Callable[[str], str], name: str
) -> None:
    page = visitor(name).new_page()
    open_quietly(page, place(name))

    nameless = page.evaluate(
        """() => [...document.querySelectorAll('input:not([type=hidden]), select, textarea, button, ' +
                                               'a[href], summary, progress, [role=slider]')]
            .filter((control) => {
                const labels = [...(control.labels ?? [])].map((label) => label.textContent);
                const pictures = [...control.querySelectorAll('img[alt]')].map((picture) => picture.alt);
                const by = (control.getAttribute('aria-labelledby') ?? '').split(' ')
                    .map((id) => document.getElementById(id)?.textContent);
                const names = [control.ariaLabel, ...labels, ...pictures, ...by, control.textContent];
                return !names.some((name) => name?.trim());
            })
            .map((control) => control.outerHTML)"""
    )
    untold = page.evaluate("[...document.querySelectorAll('img:not([alt])')].map((img) => img.outerHTML)")

    assert nameless == []
    assert untold == []
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"
    page.context.close()


@pytest.mark.parametrize("name", PLACES)
def test_the_first_tab_offers_to_skip_to_the_content(
    visitor: Callable[..., BrowserContext], place: Callable[[str], str], name: str
) -> None:
    page = visitor(name).new_page()
    page.goto(place(name))

    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    expect(skip).to_be_in_viewport()
    target = skip.get_attribute("href") or ""
    page.keyboard.press("Enter")

    assert target.startswith("#")
    assert page.locator(target).evaluate("(place) => place.matches('main') || place.closest('main') !== null")
    page.context.close()


@pytest.mark.parametrize("name", PLACES)
def test_focus_is_always_seen(
    visitor: Callable[..., BrowserContext], place: Callable[[str], str], name: str
) -> None:
    page = visitor(name).new_page()
    open_quietly(page, place(name))

    unseen = []
    for _ in range(25):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            """() => {
                const held = document.activeElement;
                if (!held || held === document.body) return null;
                // A hidden file field or checkbox may show the focus on what surrounds it.
                const around = [held, held.parentElement, held.closest('label, .dropzone')].filter(Boolean);
                const shown = around.some((element) => {
                    const style = getComputedStyle(element);
                    const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
                    return outlined || style.boxShadow !== 'none';
                });
                return shown ? '' : held.outerHTML.slice(0, 200);
            }"""
        )
        if focus is None:
            break
        if focus:
            unseen.append(focus)

    assert unseen == []
    page.context.close()


@pytest.mark.parametrize("name", ["dashboard", "job", "score"])
def test_without_scripts_the_page_still_says_what_it_has_to_say(
    visitor: Callable[..., BrowserContext], place: Callable[[str], str], name: str
) -> None:
    page: Page = visitor(name, java_script_enabled=False).new_page()
    page.goto(place(name))

    visible = {
        "dashboard": "input[type=file]",
        "job": "[aria-label=Stages]",
        "score": "[data-score-svg] svg",
    }
    expect(page.locator(visible[name]).first).to_be_visible()
    page.context.close()
