"""What happens when the engraver crashes, hangs, is ended, forked or shared."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from notation.core.engraving.engrave import engrave_screen
from notation.core.engraving.guarded_engraver import GuardedEngraver
from notation.core.engraving.mei import write_mei
from notation.core.errors import EngravingFailed
from notation.core.tests.songs import METAL, make_song

OPTIONS = {"pageWidth": 2100, "breaks": "auto", "xmlIdSeed": 1}
SHORT = {"mei": write_mei(make_song([{"h": "x-x-x-x-"}]).score()), "options": OPTIONS}
# Known to crash Verovio 6.4: a head that its fonts lack.
DEADLY = {**SHORT, "mei": SHORT["mei"].replace('"x"', '"U+E0BE"')}


@pytest.fixture
def engraver():
    engraver = GuardedEngraver()
    yield engraver
    engraver.close()


@pytest.fixture(scope="module")
def endless():
    """A request that takes a third of a second at least."""
    return {"mei": write_mei(make_song(METAL * 20).score()), "options": OPTIONS}


def is_running(pid: int) -> bool:
    """Whether it runs; one that has ended and waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < deadline, "the engraver is still running"
        time.sleep(0.02)


def test_the_same_child_draws_again(engraver):
    (first,) = engraver.draw([SHORT], 20)
    pids = engraver.pids
    (second,) = engraver.draw([SHORT], 20)

    assert first == second
    assert "<svg" in first[0]
    assert engraver.pids == pids
    assert len(pids) == 1


def test_a_crash_is_an_error_and_the_next_request_is_drawn(engraver):
    engraver.draw([SHORT], 20)
    (before,) = engraver.pids

    with pytest.raises(EngravingFailed, match=f"signal {int(signal.SIGSEGV)}") as failed:
        engraver.draw([DEADLY], 20)

    assert failed.value.code == "engraving_failed"
    assert not is_running(before)
    assert engraver.draw([SHORT], 20)
    assert engraver.pids != (before,)


def test_a_request_over_its_time_is_stopped_and_the_next_is_drawn(engraver, endless):
    engraver.draw([SHORT], 20)
    (before,) = engraver.pids
    started = time.monotonic()

    with pytest.raises(EngravingFailed, match="more than"):
        engraver.draw([endless], 0.05)

    assert time.monotonic() - started < 5
    assert not is_running(before)
    assert engraver.draw([SHORT], 20)


def test_refused_music_is_an_error_and_the_child_stays(engraver):
    engraver.draw([SHORT], 20)
    pids = engraver.pids

    with pytest.raises(EngravingFailed, match="did not accept"):
        engraver.draw([{**SHORT, "mei": "<mei/>"}], 20)

    assert engraver.pids == pids


def test_a_child_that_was_ended_while_it_waited_is_replaced(engraver):
    engraver.draw([SHORT], 20)
    (before,) = engraver.pids
    os.kill(before, signal.SIGKILL)
    wait_until_gone(before)

    (pages,) = engraver.draw([SHORT], 20)

    assert "<svg" in pages[0]
    assert engraver.pids != (before,)


def test_an_interrupt_from_the_terminal_is_the_parents_affair(engraver):
    engraver.draw([SHORT], 20)
    pids = engraver.pids

    os.kill(pids[0], signal.SIGINT)

    assert engraver.draw([SHORT], 20)
    assert engraver.pids == pids


def test_many_threads_share_two_children(engraver):
    drawn: list[str] = []
    threads = [
        threading.Thread(target=lambda: drawn.append(engraver.draw([SHORT], 30)[0][0])) for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(drawn) == 8
    assert len(set(drawn)) == 1
    assert 1 <= len(engraver.pids) <= 2


def test_a_forked_process_starts_a_child_of_its_own_and_leaves_the_first_alone(engraver):
    (expected,) = engraver.draw([SHORT], 20)
    (ours,) = engraver.pids
    read, write = os.pipe()

    forked = os.fork()
    if forked == 0:  # nothing may raise out of here, or two processes would run the other tests
        try:
            (drawn,) = engraver.draw([SHORT], 20)
            different = engraver.pids != (ours,)
            os.write(write, b"same" if drawn == expected and different else b"other")
            engraver.close()
        finally:
            os._exit(0)
    os.waitpid(forked, 0)

    assert os.read(read, 16) == b"same"
    assert engraver.draw([SHORT], 20) == [expected]
    assert engraver.pids == (ours,)
    os.close(read)
    os.close(write)


@pytest.mark.parametrize("ending", ["", "os.kill(os.getpid(), signal.SIGKILL)", "os._exit(0)"])
def test_no_child_outlives_its_process(ending):
    program = (
        "import os, signal, sys\n"
        "from notation.core.engraving.guarded_engraver import ENGRAVER\n"
        f"ENGRAVER.draw([{SHORT!r}], 20)\n"
        "print(*ENGRAVER.pids, flush=True)\n" + ending
    )
    root = Path(__file__).resolve().parents[3]

    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False
    )

    wait_until_gone(int(ended.stdout))


def test_a_drawing_is_the_same_from_a_warm_child_and_from_a_fresh_one(engraver):
    engraver.draw(
        [{"mei": write_mei(make_song(METAL).score()), "options": {"unit": 12, "font": "Bravura"}}], 20
    )
    fresh = GuardedEngraver()

    warm_pages, fresh_pages = engraver.draw([SHORT], 20), fresh.draw([SHORT], 20)

    fresh.close()
    assert warm_pages == fresh_pages


def test_one_screen_after_another_is_quick():
    score = make_song([{"h": "x-x-x-x-", "s": "--x---x-"}] * 4).score()
    engrave_screen(score, "phone")

    started = time.process_time()
    first = engrave_screen(score, "phone")

    assert time.process_time() - started < 1.0
    assert first == engrave_screen(score, "phone")
