"""Correcting a score on its page: by mouse, by keyboard alone, on a phone, and while somebody else does."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.conftest import EMAIL, PASSWORD, Drummer, Upload
from tests.browser.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 360, "height": 740}
_BEAT_S = 0.5


def _rock() -> list[dict[str, object]]:
    """Two bars of rock at 120 bpm with the ride, then an empty bar and one more stroke."""
    strokes = [("ride", eighth / 2) for eighth in range(16)]
    strokes += [("kick", beat) for beat in (0, 2, 4, 6)] + [("snare", beat) for beat in (1, 3, 5, 7)]
    strokes.append(("kick", 12))
    return [
        {"instrument": instrument, "onset_s": beat * _BEAT_S, "velocity": 90} for instrument, beat in strokes
    ]


class Chart:
    """A score of the drummer's, and what the API says of it."""

    def __init__(self, page: Page, answer: dict[str, Any]) -> None:
        self.page = page
        self.path = f"/scores/{answer['id']}/"
        self.url = f"/api/v1/notations/{answer['id']}/"

    def read(self) -> dict[str, Any]:
        return dict(self.page.request.get(self.url).json())

    def hits(self, bar: int) -> list[tuple[str, str]]:
        hits = [hit for hit in self.read()["score"]["hits"] if hit["bar"] == bar]
        hits.sort(key=lambda hit: Fraction(hit["position"]))
        return [(hit["position"], hit["instrument"]) for hit in hits]

    def id_of(self, bar: int, position: str, instrument: str) -> str:
        place = (bar, position, instrument)
        hits = self.read()["score"]["hits"]
        return str(
            next(hit["id"] for hit in hits if (hit["bar"], hit["position"], hit["instrument"]) == place)
        )


@pytest.fixture
def chart(page: Page) -> Chart:
    """A fresh chart without a recording, open for editing."""
    return _open_chart(page)


@pytest.fixture
def contested_chart(context: BrowserContext) -> Chart:
    """The same where the server will say no, which browsers put into their console as an error."""
    return _open_chart(context.new_page())


def _csrf_token(context: BrowserContext) -> str:
    return next(str(cookie["value"]) for cookie in context.cookies() if cookie["name"] == "csrftoken")


def _open_chart(page: Page) -> Chart:
    token = _csrf_token(page.context)
    answer = page.request.post(
        "/api/v1/notations/from-events/",
        data=json.dumps({"tempo_bpm": 120, "events": _rock()}),
        headers={"Content-Type": "application/json", "X-CSRFToken": token},
    )
    assert answer.ok, answer.text()
    chart = Chart(page, answer.json())
    page.goto(chart.path)
    _edit(page)
    return chart


def _edit(page: Page) -> None:
    page.get_by_role("button", name="Edit", exact=True).click()
    expect(page.locator("[data-score-svg]")).to_be_focused()


def _press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def _saved(page: Page) -> None:
    expect(page.locator("[data-editor-state-text]")).to_have_text("Saved")


def _where(page: Page) -> str:
    return page.locator("[data-editor-where]").text_content() or ""


def test_a_note_is_chosen_with_the_mouse_and_changed_and_the_change_stays(chart: Chart) -> None:
    page = chart.page
    ride = chart.id_of(1, "1/2", "ride")

    page.locator(f"#{ride} use").first.click()
    expect(page.locator(f"#{ride}.is-chosen")).to_have_count(1)
    page.get_by_role("button", name="Crash", exact=True).click()
    _saved(page)
    page.reload()
    page.locator(".score-bar").first.wait_for()

    assert ("1/2", "crash") in chart.hits(1)
    assert ("1/2", "ride") not in chart.hits(1)


def test_shift_click_chooses_more_and_a_click_between_notes_sets_the_caret(chart: Chart) -> None:
    page = chart.page
    first, second = chart.id_of(1, "0", "ride"), chart.id_of(1, "1/2", "ride")

    page.locator(f"#{first} use").first.click()
    page.locator(f"#{second} use").first.click(modifiers=["Shift"])
    expect(page.locator(".is-chosen")).to_have_count(2)
    area = page.locator("#bar-2 .bar-area").bounding_box()
    assert area is not None
    page.mouse.click(area["x"] + area["width"] * 0.99, area["y"] + area["height"] / 2)

    expect(page.locator(".is-chosen")).to_have_count(0)
    assert _where(page) == "Bar 2, beat 4 a"


def test_everything_can_be_done_by_keyboard_and_undone(chart: Chart) -> None:
    page = chart.page
    before = chart.hits(1)

    _press(page, "ArrowRight", "c")  # the ride's second stroke
    _saved(page)
    assert ("1/2", "crash") in chart.hits(1)
    _press(page, "ArrowRight", "ArrowDown", "g")  # from ride to snare, on beat 2
    _saved(page)
    expect(page.locator("[data-editor-where]")).to_have_text("Bar 1, beat 2: Snare, ghost note · 90")
    _press(page, "Alt+ArrowRight")
    _saved(page)
    assert ("5/4", "snare") in chart.hits(1)
    _press(page, "Delete")
    _saved(page)
    assert ("5/4", "snare") not in chart.hits(1)
    _press(page, ",", "k", "Shift+S")  # one 16th back there is the ride
    _saved(page)
    assert {instrument for position, instrument in chart.hits(1) if position == "1"} == {"kick", "snare"}

    for _ in range(6):
        _press(page, "Control+z")
        _saved(page)
    assert chart.hits(1) == before
    _press(page, "Control+Shift+z")
    _saved(page)
    assert ("1/2", "crash") in chart.hits(1)


def test_fast_typing_loses_nothing_and_batches_what_waits(chart: Chart) -> None:
    page = chart.page
    posts: list[int] = []
    page.on("request", lambda request: posts.append(1) if request.url.endswith("/commands/") else None)
    area = page.locator("#bar-3 .bar-area").bounding_box()
    assert area is not None
    page.mouse.click(area["x"] + 1, area["y"] + area["height"] / 2)
    assert _where(page) == "Bar 3, beat 1"
    held: list[Route] = []
    page.route("**/commands/", lambda route: held.append(route))  # the answer to the first is long in coming

    for instrument in ("k", "h", "s", "h", "k", "h", "s", "h"):
        _press(page, instrument, ".", ".")
    (first,) = held
    page.route("**/commands/", lambda route: route.continue_())
    first.continue_()
    _saved(page)

    assert [instrument for _, instrument in chart.hits(3)] == [
        "kick", "hihat_closed", "snare", "hihat_closed", "kick", "hihat_closed", "snare", "hihat_closed",
    ]  # fmt: skip
    assert len(posts) < 8
    expect(page.locator("#bar-3 .note")).to_have_count(8)


def test_a_mark_goes_to_equal_bars_when_asked(chart: Chart) -> None:
    page = chart.page
    page.locator(f"#{chart.id_of(1, '1', 'snare')} use").first.click()

    page.get_by_label("Apply to").select_option("equal bars")
    page.get_by_role("button", name="Accent", exact=True).click()
    _saved(page)

    accented = [
        (hit["bar"], hit["position"]) for hit in chart.read()["score"]["hits"] if "accent" in hit["marks"]
    ]
    assert accented == [(1, "1"), (2, "1")]


def test_what_cannot_be_done_is_refused_with_a_reason_and_nothing_is_changed(contested_chart: Chart) -> None:
    chart = contested_chart
    page = chart.page
    before = chart.hits(1)

    _press(page, "Shift+B")  # a ride's bell beside the ride: there is one cymbal

    expect(page.locator("[data-editor-state]")).to_have_attribute("data-tone", "refused")
    expect(page.locator("[data-editor-state-text]")).to_contain_text("ride")
    assert chart.hits(1) == before


def test_somebody_else_was_faster_and_both_changes_are_kept(
    contested_chart: Chart, context: BrowserContext
) -> None:
    chart = contested_chart
    page = chart.page
    other = context.new_page()
    other.goto(chart.path)
    _edit(other)
    _press(other, "ArrowRight", "c")
    _saved(other)

    _press(page, "Delete")  # the ride on beat 1, of a revision that is no longer the newest
    dialog = page.get_by_role("dialog", name="Somebody else was faster")
    expect(dialog).to_contain_text("ride → crash")
    expect(dialog).to_contain_text("bar 1: delete ride on 1")
    assert ("0", "ride") in chart.hits(1)
    dialog.get_by_role("button", name="Show their version").click()
    expect(page.locator(f"#{chart.id_of(1, '1/2', 'crash')}")).to_have_count(1)
    page.get_by_role("button", name="Do mine again").click()
    _saved(page)

    assert ("0", "ride") not in chart.hits(1)
    assert ("1/2", "crash") in chart.hits(1)


def test_without_a_connection_changes_wait_and_are_sent_on_request(
    contested_chart: Chart, context: BrowserContext
) -> None:
    chart = contested_chart
    page = chart.page
    page.route("**/commands/", lambda route: route.abort())

    _press(page, "c")
    expect(page.locator("[data-editor-state-text]")).to_contain_text("1 change not saved")
    expect(page.locator(".coming--cross")).to_have_count(1)  # drawn where it will stand
    _press(page, "Escape")
    expect(page.locator("[data-editor]")).to_be_visible()
    assert ("0", "ride") in chart.hits(1)
    page.unroute("**/commands/")
    page.get_by_role("button", name="Try again").click()
    _saved(page)

    assert ("0", "crash") in chart.hits(1)


def test_a_change_that_fails_after_leaving_is_shown_and_can_still_be_saved(contested_chart: Chart) -> None:
    chart = contested_chart
    page = chart.page
    held: list[Route] = []
    page.route("**/commands/", lambda route: held.append(route))

    with page.expect_request("**/commands/"):
        _press(page, "c")
    _press(page, "Escape")
    expect(page.locator("[data-editor]")).to_be_hidden()
    expect(page.locator("[data-editor-announce]")).to_have_text("Editing ended.")
    held[0].abort()
    expect(page.get_by_role("alert")).to_contain_text("Not everything is saved; press Edit to try again.")
    page.unroute("**/commands/")
    _edit(page)
    expect(page.get_by_role("alert")).to_be_hidden()
    page.get_by_role("button", name="Try again").click()
    _saved(page)

    assert ("0", "crash") in chart.hits(1)


def test_keys_change_nothing_while_the_focus_is_on_a_link_or_a_menu(chart: Chart) -> None:
    page = chart.page
    before = chart.hits(1)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

    for elsewhere in (page.locator(".crumbs a"), page.locator(".score-head summary")):
        elsewhere.focus()
        expect(elsewhere).to_be_focused()
        _press(page, "Delete", "c", "Shift+K", "g", "+")
    page.locator("[data-score-svg]").focus()
    assert sent == []
    _press(page, "Delete")
    _saved(page)

    assert chart.hits(1) == [hit for hit in before if hit != ("0", "ride")]


def test_leaving_the_editor_is_said_where_it_can_be_heard(chart: Chart) -> None:
    page = chart.page

    _press(page, "Escape")

    expect(page.locator("[data-editor]")).to_be_hidden()
    spoken = page.locator("[data-editor-announce]")
    expect(spoken).to_have_text("Editing ended.")
    assert spoken.evaluate("(region) => region.checkVisibility()")


def test_a_drawing_that_comes_late_does_not_replace_a_newer_one(chart: Chart) -> None:
    page = chart.page
    first, second = chart.id_of(1, "0", "ride"), chart.id_of(1, "1/2", "ride")
    held: list[Route] = []
    page.route("**/timing*", lambda route: route.continue_() if held else held.append(route))
    drawn: list[str] = []
    page.on("request", lambda request: drawn.append(request.url) if "revision=" in request.url else None)

    page.locator(f"#{first} use").first.click()
    _press(page, "Delete")
    _saved(page)
    page.locator(f"#{second} use").first.click()
    _press(page, "Delete")
    expect(page.locator(f"#{second}")).to_have_count(0)
    with page.expect_response("**/timing*"):
        held[0].continue_()
    page.wait_for_timeout(500)  # in which the older drawing would come

    expect(page.locator(f"#{second}")).to_have_count(0)
    assert [url.rpartition("revision=")[2] for url in drawn] == ["3"]


def test_a_browser_that_stores_nothing_saves_all_the_same(chart: Chart) -> None:
    page = chart.page
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('it is full') } }")

    _press(page, "c")
    _saved(page)
    _press(page, "ArrowRight", "c")
    _saved(page)

    crashes = [position for position, instrument in chart.hits(1) if instrument == "crash"]
    assert crashes == ["0", "1/2"]


def test_after_signing_in_again_in_another_tab_what_waits_is_saved(
    contested_chart: Chart, context: BrowserContext
) -> None:
    chart = contested_chart
    page = chart.page
    token = _csrf_token(context)
    context.clear_cookies(name="sessionid")

    _press(page, "c")
    expect(page.locator("[data-editor-state-text]")).to_contain_text("You are signed out")
    other = context.new_page()
    other.goto("/dashboard/")  # asks who it is
    other.locator("input[name=login]").fill(EMAIL)
    other.locator("main input[type=password]").fill(PASSWORD)
    other.locator("main form button[type=submit]").first.click()
    other.wait_for_url("**/dashboard/")
    assert _csrf_token(context) != token
    page.get_by_role("button", name="Try again").click()
    _saved(page)

    assert ("0", "crash") in chart.hits(1)


def test_going_back_to_a_revision_and_writing_anew(chart: Chart) -> None:
    page = chart.page
    before = chart.hits(1)
    _press(page, "Delete")
    _saved(page)

    page.get_by_role("button", name="Revisions").click()
    page.get_by_role("button", name="Go back to revision 1").click()
    expect(page.locator("[data-editor-announce]")).to_contain_text("back to revision 1")
    assert chart.hits(1) == before
    page.get_by_role("button", name="Rewrite …").click()
    page.get_by_label("Meter").fill("3/4")
    page.get_by_role("button", name="Write it anew").click()
    expect(page.locator("#bar-5")).to_have_count(1)
    _saved(page)

    assert chart.read()["score"]["bars"][0]["beats"] == 3


def test_a_phone_has_room_for_tools_and_music(
    chart: Chart, site: Site, browser: Browser, drummer: Drummer
) -> None:
    options = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    phone = browser.new_context(base_url=site.url, storage_state=drummer.storage_state, **options)  # type: ignore[arg-type]
    page = phone.new_page()
    page.goto(chart.path)
    page.locator(".score-bar").first.wait_for()
    page.get_by_role("button", name="Edit", exact=True).tap()
    ride = chart.id_of(1, "1", "ride")
    page.locator(f"#{ride} use").first.tap()
    page.get_by_role("button", name="Crash", exact=True).tap()
    _saved(page)

    assert ("1", "crash") in chart.hits(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    heights = page.evaluate(
        "[...document.querySelectorAll('.editor .tool')].map((tool) => tool.offsetHeight)"
    )
    assert min(heights) >= 40
    tools = page.locator("[data-editor]").bounding_box()
    assert tools is not None
    assert tools["height"] < PHONE["height"] / 4
    phone.close()


def test_the_player_goes_on_while_notes_are_changed(page: Page, upload: Upload) -> None:
    page.goto(upload.score_url)
    page.locator(".score-bar").first.wait_for()
    page.wait_for_function("document.querySelector('audio').readyState >= 2")
    _edit(page)
    page.locator("[data-play]").click()  # and the keys still belong to the score
    page.locator(".is-sounding").first.wait_for()

    _press(page, "Delete")
    _saved(page)
    deleted_at_s = page.evaluate("document.querySelector('audio').currentTime")
    page.locator(".is-sounding").first.wait_for()

    assert page.evaluate("document.querySelector('audio').paused") is False
    page.wait_for_function(
        "(before) => document.querySelector('audio').currentTime > before", arg=deleted_at_s
    )
    _press(page, "Control+z")
    _saved(page)
    _press(page, "Space", "Escape")
    expect(page.locator("[data-editor]")).to_be_hidden()
    expect(page.get_by_role("button", name="Edit", exact=True)).to_be_focused()


def test_every_tool_has_a_name_and_shows_its_focus(chart: Chart) -> None:
    page = chart.page

    nameless = page.evaluate(
        """() => [...document.querySelectorAll('.editor button, .editor select')].filter((tool) =>
            !(tool.ariaLabel || tool.textContent.trim() || tool.labels?.[0]?.textContent.trim())).length"""
    )
    page.locator("[data-editor] button").first.focus()
    unseen = []
    for _ in range(45):
        page.keyboard.press("Tab")
        unseen += page.evaluate(
            """() => [document.activeElement]
                .filter((held) => held.closest('.editor') && getComputedStyle(held).outlineStyle === 'none')
                .map((held) => held.outerHTML)"""
        )

    assert nameless == 0
    assert unseen == []
    assert page.locator("[data-editor-announce]").get_attribute("aria-live") == "polite"
