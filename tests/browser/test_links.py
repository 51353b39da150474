"""Songs from links, as a person at the keyboard or with a phone brings them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from media.core.tests.link_server import Asked, Server
from tests.browser.conftest import Drummer
from tests.browser.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 390, "height": 844}


def test_a_link_is_pasted_by_keyboard_fetched_before_ones_eyes_and_becomes_a_song(
    page: Page, elsewhere: Server, song: Path
) -> None:
    go_on = threading.Event()
    content = song.read_bytes()

    def in_two_halves(asked: Asked) -> None:
        asked.begin(200, {"Content-Type": "audio/flac", "Content-Length": str(len(content))})
        asked.wfile.write(content[: len(content) // 2])
        asked.wfile.flush()
        go_on.wait(15)
        asked.wfile.write(content[len(content) // 2 :])

    elsewhere.routes["/From_afar.flac"] = in_two_halves
    page.goto("/dashboard/")

    page.get_by_label("Link to a song").focus()
    page.keyboard.type(elsewhere.url("/From_afar.flac"))
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")

    row = page.locator("[data-link]")
    expect(row.locator("[data-link-status]")).to_contain_text(" of ")
    assert float(row.locator("progress").evaluate("bar => bar.value")) > 0.3
    go_on.set()
    expect(page.get_by_role("heading", name="From afar")).to_be_visible()
    expect(row).to_have_count(0)


def test_a_link_that_is_refused_says_why_and_is_dismissed(page: Page, elsewhere: Server) -> None:
    url = elsewhere.serves("/words.txt", b"only words " * 100, "text/plain")
    page.goto("/dashboard/")

    page.get_by_label("Link to a song").fill(url)
    page.get_by_label("I may use this song").check()
    page.get_by_role("button", name="Fetch the song").click()

    said = page.locator("[data-link]").get_by_text("There is no audio or video behind this link.")
    expect(said).to_be_visible()
    page.get_by_role("button", name=f"Dismiss {url}").click()
    expect(page.locator("[data-link]")).to_have_count(0)


def test_a_link_works_on_a_phone_without_scripts(site: Site, browser: Browser, drummer: Drummer) -> None:
    plain = browser.new_context(
        base_url=site.url,
        storage_state=drummer.storage_state,  # type: ignore[arg-type]
        java_script_enabled=False,
        viewport=PHONE,
    )
    page = plain.new_page()
    page.goto("/dashboard/")

    page.get_by_label("Link to a song").fill("http://10.0.0.1/song.mp3")
    page.get_by_label("I may use this song").check()
    page.get_by_role("button", name="Fetch the song").click()

    expect(page.get_by_role("alert").filter(has_text="may not visit")).to_be_visible()
    expect(page.get_by_label("Link to a song")).to_have_value("http://10.0.0.1/song.mp3")
    assert page.locator(".link-form").bounding_box()["width"] <= PHONE["width"]  # type: ignore[index]
    plain.close()
