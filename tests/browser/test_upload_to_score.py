"""From a stranger with a song to a score that plays: the whole site in a real browser."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Upload

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 390, "height": 844}


def _audio(page: Page, expression: str) -> Any:
    return page.evaluate(f"document.querySelector('audio').{expression}")


def _timing(page: Page) -> dict[str, Any]:
    data = json.loads(page.locator("#player-data").text_content() or "")
    answer = page.request.get(data["timing_url"])
    return dict(answer.json())


def _until(page: Page, true: Callable[[], bool], *, within_s: float = 10.0) -> None:
    for _ in range(int(within_s / 0.05)):
        if true():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen in time")


def test_progress_moves_by_itself_until_the_score_opens(upload: Upload) -> None:
    fractions = [fraction for _, fraction in upload.seen]

    assert upload.page_loads == 0
    assert len(set(fractions)) >= 3  # nothing, something, everything: the stages of a short song take moments
    assert fractions == sorted(fractions)
    assert len(upload.stages_seen_running) >= 2


def test_a_song_can_be_dropped_anywhere_on_the_page(page: Page, song: Path, upload: Upload) -> None:
    page.goto("/dashboard/")
    transfer = page.evaluate_handle(
        """(content) => {
            const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], 'dropped song.flac', {type: 'audio/flac'}));
            return transfer;
        }""",
        base64.b64encode(song.read_bytes()).decode(),
    )

    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("body", event, {"dataTransfer": transfer})
    expect(page.get_by_text("dropped song.flac")).to_be_visible()
    page.get_by_role("button", name="Write the score").click()

    # The same sound was transcribed before: its stages are reused, so this takes a moment only.
    page.wait_for_url("**/scores/**", timeout=60_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("dropped song")
    assert page.url != upload.score_url


def test_notes_light_up_in_time_with_the_recording(score: Page) -> None:
    due_s = _timing(score)["hits"]

    score.get_by_role("button", name="Play", exact=True).click()
    score.locator(".is-sounding").first.wait_for()
    lit: dict[str, float] = {}
    for _ in range(60):
        now_s, sounding = score.evaluate(
            """() => [document.querySelector('audio').currentTime,
                      [...document.querySelectorAll('.is-sounding')].map((note) => note.id)]"""
        )
        for name in sounding:
            lit.setdefault(name, now_s - due_s[name])
        score.wait_for_timeout(50)

    assert len(lit) >= 8
    assert all(-0.06 <= late_s <= 0.30 for late_s in lit.values()), lit


def test_every_written_note_has_its_time_and_can_light_up(score: Page) -> None:
    due = _timing(score)["hits"]

    ids = score.evaluate("[...document.querySelectorAll('[data-score-svg] .note')].map((note) => note.id)")

    assert len(ids) == len(set(ids))
    assert set(ids) == set(due)


def test_a_click_on_a_bar_jumps_there(score: Page) -> None:
    third = _timing(score)["bars"][2]

    score.locator(f"#{third['id']}").click()

    assert _audio(score, "currentTime") == pytest.approx(third["start_s"], abs=0.05)
    expect(score.locator("[data-bar]")).to_have_text(str(third["number"]))
    expect(score.locator(f"#{third['id']}.is-current, #{third['id']} .is-current")).to_have_count(1)


def test_the_speed_changes_and_the_pitch_does_not(score: Page) -> None:
    score.get_by_role("button", name="Slower").click()
    expect(score.locator("[data-speed-value]")).to_have_text("95 %")

    score.get_by_label("Speed in percent").fill("50")

    assert _audio(score, "playbackRate") == 0.5
    assert _audio(score, "preservesPitch") is True


def test_a_loop_comes_back_to_its_first_bar(score: Page) -> None:
    second = _timing(score)["bars"][1]
    score.get_by_label("Loop from bar").fill(str(second["number"]))
    score.get_by_label("Loop from bar").blur()
    score.get_by_label("Loop to bar").fill(str(second["number"]))
    score.get_by_label("Loop to bar").blur()
    expect(score.get_by_role("button", name="Loop", exact=True)).to_have_attribute("aria-pressed", "true")

    score.evaluate(
        "time_s => { document.querySelector('audio').currentTime = time_s; }", second["end_s"] - 0.4
    )
    score.get_by_role("button", name="Play", exact=True).click()

    _until(score, lambda: _audio(score, "currentTime") < second["end_s"] - 0.5)
    assert _audio(score, "currentTime") >= second["start_s"] - 0.05
    assert _audio(score, "paused") is False


def test_everything_of_the_player_can_be_done_by_keyboard(score: Page) -> None:
    starts_s = [bar["start_s"] for bar in _timing(score)["bars"]]

    for _ in range(3):
        score.keyboard.press("ArrowRight")
    forward_s = _audio(score, "currentTime")
    score.keyboard.press("ArrowLeft")
    back_s = _audio(score, "currentTime")
    assert back_s == pytest.approx(starts_s[1], abs=0.05) or back_s == pytest.approx(starts_s[2], abs=0.05)
    assert min(abs(forward_s - start_s) for start_s in starts_s if start_s > back_s + 0.5) < 0.05
    score.keyboard.press("ArrowDown")
    assert _audio(score, "playbackRate") == pytest.approx(0.95)
    score.keyboard.press("l")
    expect(score.get_by_role("button", name="Loop", exact=True)).to_have_attribute("aria-pressed", "true")
    score.keyboard.press("l")
    score.keyboard.press("Space")
    _until(score, lambda: _audio(score, "paused") is False)
    score.keyboard.press("Space")
    _until(score, lambda: _audio(score, "paused") is True)
    score.keyboard.press("Home")
    assert _audio(score, "currentTime") == 0
    score.keyboard.press("?")
    expect(score.get_by_role("dialog")).to_be_visible()
    score.keyboard.press("Escape")
    expect(score.get_by_role("dialog")).to_be_hidden()


def test_the_pdf_can_be_downloaded_and_read(score: Page) -> None:
    with score.expect_download() as download:
        score.get_by_text("Download", exact=True).click()
        score.get_by_role("link", name="PDF, A4").click()

    pdf = pypdf.PdfReader(io.BytesIO(download.value.path().read_bytes()))

    assert download.value.suggested_filename.endswith(".pdf")
    assert "Kick" in pdf.pages[0].extract_text()
    assert (score.get_by_role("heading", level=1).text_content() or "?") in pdf.pages[0].extract_text()


@pytest.mark.parametrize("fmt", ["MusicXML", "MIDI, as written", "JSON", "SVG"])
def test_every_format_can_be_downloaded(score: Page, fmt: str) -> None:
    score.get_by_text("Download", exact=True).click()
    with score.expect_download() as download:
        score.get_by_role("link", name=fmt, exact=True).click()

    assert len(download.value.path().read_bytes()) > 500


def test_the_recording_is_listed_with_its_score_and_can_be_found(page: Page, upload: Upload) -> None:
    page.goto("/dashboard/")
    score = upload.score_url[upload.score_url.index("/scores/") :]
    expect(page.locator(f"a[href='{score}']").first).to_be_visible()

    page.get_by_label("Search my songs").fill("no such song")
    page.get_by_label("Search my songs").press("Enter")

    page.wait_for_url("**q=no**")
    expect(page.locator(f"a[href='{score}']")).to_have_count(0)


def test_a_new_job_appears_on_an_open_dashboard(context: BrowserContext, page: Page, song: Path) -> None:
    page.goto("/dashboard/")
    page.wait_for_load_state("networkidle")
    other = context.new_page()
    other.goto("/dashboard/")
    other.locator("input[type=file]").set_input_files(
        {"name": "second window.flac", "mimeType": "audio/flac", "buffer": song.read_bytes()}
    )

    other.get_by_role("button", name="Write the score").click()

    expect(page.get_by_role("link", name="second window", exact=True)).to_be_visible(timeout=20_000)


def test_several_songs_are_followed_on_one_page_and_taken_away_at_once(page: Page, song: Path) -> None:
    files = [
        {"name": f"set {number}.flac", "mimeType": "audio/flac", "buffer": song.read_bytes()}
        for number in (1, 2)
    ]
    page.goto("/dashboard/")
    page.locator("input[type=file]").set_input_files(
        [*files, {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Dear drummer,\n"}]  # type: ignore[list-item]
    )

    page.get_by_role("button", name="Write the scores").click()

    page.wait_for_url("**/batches/**", timeout=30_000)
    expect(page.get_by_text("notes.txt")).to_be_visible()
    expect(page.get_by_text("2 of 2 songs ready", exact=True)).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert {"set 1/set 1.pdf", "set 2/set 2.pdf", "report.txt"} <= set(archive.namelist())


def test_a_file_that_is_no_song_is_refused_kindly(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/dashboard/")
    page.locator("input[type=file]").set_input_files(
        {"name": "letter.mp3", "mimeType": "audio/mpeg", "buffer": b"Dear drummer,\n" * 100}
    )

    with page.expect_response("**/upload/") as answer:
        page.get_by_role("button", name="Write the score").click()

    assert answer.value.status == 400
    expect(page.get_by_role("alert").filter(has_text="not audio")).to_be_visible()
