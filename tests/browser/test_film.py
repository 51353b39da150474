"""A filmed song: its picture plays beside the score, in step with the sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soxr
from playwright.sync_api import Browser, Page, expect

from media.core.audio import Audio
from tests.browser.conftest import Drummer
from tests.browser.site import Site
from transcription.core.demo_song import render_demo_song

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RATE = 48_000
LENGTH_S = 14.0
PICTURES_A_SECOND = 20
STEP = 16  # of grey from one quarter of a second to the next: more than a lossy codec blurs
SOUND, FILM = "document.querySelector('[data-audio]')", "document.querySelector('[data-picture-video]')"
# The grey of what is shown, in quarters of a second, counted modulo 14.
SEEN = f"""() => {{
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 8;
    const pen = canvas.getContext('2d');
    pen.drawImage({FILM}, 0, 0, 8, 8);
    return Math.round((pen.getImageData(4, 4, 1, 1).data[0] - {STEP}) / {STEP});
}}"""


def film(path: Path) -> Path:
    """Write the start of the demo song as WebM, whose picture's grey tells the time."""
    song = render_demo_song().audio
    song = Audio(samples=song.samples[:, : round(LENGTH_S * song.rate)], rate=song.rate)
    sound = np.ascontiguousarray(soxr.resample(song.samples.T, song.rate, RATE).T.astype(np.float32))
    with av.open(path, "w", format="webm") as container:
        picture = container.add_stream("libvpx", rate=PICTURES_A_SECOND, options={"deadline": "realtime"})
        picture.width, picture.height, picture.pix_fmt = 320, 180, "yuv420p"
        layout = "mono" if sound.shape[0] == 1 else "stereo"
        track = container.add_stream("libopus", rate=RATE, layout=layout)
        for number in range(int(song.duration_s * PICTURES_A_SECOND)):
            grey = STEP + STEP * (number * 4 // PICTURES_A_SECOND % 14)
            image = av.VideoFrame.from_ndarray(np.full((180, 320, 3), grey, np.uint8), format="rgb24")
            image.pts = number
            container.mux(picture.encode(image))
        container.mux(picture.encode(None))
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout=layout)
        frame.rate, frame.pts = RATE, 0
        container.mux(track.encode(frame))
        container.mux(track.encode(None))
    return path


@pytest.fixture(scope="module")
def film_url(site: Site, browser: Browser, drummer: Drummer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Upload the film and wait for its score."""
    path = film(tmp_path_factory.mktemp("films") / "film.webm")
    context = browser.new_context(base_url=site.url, storage_state=drummer.storage_state)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/dashboard/")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Write the score").click()
    page.wait_for_url("**/scores/**", timeout=240_000)
    url = page.url
    context.close()
    return url


@pytest.fixture
def filmed(page: Page, film_url: str) -> Page:
    page.goto(film_url)
    page.wait_for_function(f"() => {SOUND}.readyState >= 2 && {FILM}.readyState >= 2")
    expect(page.locator("[data-picture]")).to_be_visible()
    return page


def drift_s(page: Page) -> float:
    return float(page.evaluate(f"{SOUND}.currentTime - {FILM}.currentTime"))


def settled(page: Page) -> Any:
    return page.wait_for_function(
        f"() => !{FILM}.seeking && Math.abs({SOUND}.currentTime - {FILM}.currentTime) < 0.06"
    )


def test_the_picture_follows_a_jump_of_the_sound(filmed: Page) -> None:
    bars = filmed.locator(".score-bar")

    for number in (3, 1, 4):
        bars.nth(number).click()
        settled(filmed)
        filmed.wait_for_timeout(200)  # until the picture of that instant is painted
        quarter = int(filmed.evaluate(f"Math.floor({SOUND}.currentTime * 4)")) % 14
        assert filmed.evaluate(SEEN) in {quarter, (quarter - 1) % 14, (quarter + 1) % 14}
    assert filmed.evaluate(f"{FILM}.muted") is True


def test_the_picture_keeps_step_while_the_sound_plays(filmed: Page) -> None:
    filmed.get_by_role("button", name="Play", exact=True).click()
    settled(filmed)
    drifts = []
    for _ in range(30):
        filmed.wait_for_timeout(100)
        drifts.append(abs(drift_s(filmed)))
    # The median, and not too strictly: a busy machine holds a picture back now and then.
    assert sorted(drifts)[len(drifts) // 2] < 0.12, drifts

    filmed.locator(".score-bar").nth(1).click()  # on the way
    filmed.wait_for_timeout(500)
    settled(filmed)
    filmed.get_by_role("button", name="Pause", exact=True).click()
    filmed.wait_for_function(f"() => {FILM}.paused")


def test_the_picture_slows_down_with_the_sound(filmed: Page) -> None:
    filmed.get_by_label("Speed in percent").fill("50")
    filmed.get_by_role("button", name="Play", exact=True).click()

    filmed.wait_for_timeout(1_000)
    settled(filmed)

    assert filmed.evaluate(f"{FILM}.playbackRate") == pytest.approx(0.5, rel=0.26)


def test_v_and_the_buttons_hide_the_picture_and_the_choice_is_kept(filmed: Page) -> None:
    panel = filmed.locator("[data-picture]")

    filmed.keyboard.press("v")
    expect(panel).to_be_hidden()
    filmed.reload()
    filmed.wait_for_function(f"() => {FILM}.readyState >= 1")
    expect(panel).to_be_hidden()
    filmed.get_by_role("button", name="Picture", exact=True).click()
    expect(panel).to_be_visible()
    panel.hover()
    filmed.get_by_role("button", name="Hide the picture").click()
    expect(panel).to_be_hidden()
    filmed.keyboard.press("v")
    expect(panel).to_be_visible()


def test_the_picture_has_three_sizes(filmed: Page) -> None:
    panel = filmed.locator("[data-picture]")
    panel.hover()

    widths = []
    for _ in range(3):
        filmed.get_by_role("button", name="Change the picture's size").click()
        box = panel.bounding_box()
        assert box is not None
        widths.append(round(box["width"]))

    assert len(set(widths)) == 3


@pytest.mark.parametrize("width", [390, 1280])
def test_the_picture_covers_neither_the_player_nor_the_line_that_sounds(filmed: Page, width: int) -> None:
    filmed.set_viewport_size({"width": width, "height": 800})
    filmed.locator(".score-bar").nth(2).click()
    filmed.wait_for_timeout(800)

    picture = filmed.locator("[data-picture]").bounding_box()
    player = filmed.locator("[data-waveform]").bounding_box()
    assert picture is not None
    assert player is not None

    assert picture["x"] >= 0
    assert picture["x"] + picture["width"] <= width
    assert picture["y"] + picture["height"] <= player["y"]
    assert filmed.evaluate("document.documentElement.scrollWidth") <= width


def test_a_song_without_a_picture_has_no_such_button(score: Page) -> None:
    expect(score.get_by_role("button", name="Picture", exact=True)).to_have_count(0)
    expect(score.locator("video")).to_have_count(0)
