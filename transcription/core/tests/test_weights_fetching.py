"""Weights come by themselves, whole and verified, whatever the server does; or it is said why not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from media.core.errors import StorageFull
from media.core.tests.full_disk import no_file_over
from transcription.core.engines import Engine
from transcription.core.models import ENGINES
from transcription.core.tests.weights_server import (
    HASTY,
    SHA256,
    WEIGHTS,
    Trouble,
    WeightsServer,
    serving,
    toy,
)
from transcription.core.weight_errors import (
    UnknownModel,
    WeightsDamaged,
    WeightsFetchingDisabled,
    WeightsMissing,
    WeightsNotFound,
    WeightsUnreachable,
)
from transcription.core.weights_store.ensuring import FetchProgress, ensure_weights
from transcription.core.weights_store.store import WeightStore

OTHER = WEIGHTS[::-1]


@pytest.fixture
def server() -> Iterator[WeightsServer]:
    with serving() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    return WeightStore(folder=tmp_path / "models", patience=HASTY)


@pytest.fixture
def engine(server: WeightsServer, monkeypatch: pytest.MonkeyPatch) -> Engine:
    return register(monkeypatch, toy(server.url))


def register(monkeypatch: pytest.MonkeyPatch, engine: Engine) -> Engine:
    monkeypatch.setitem(ENGINES, engine.name, engine)
    return engine


def names_in(store: WeightStore) -> set[str]:
    return {path.name for path in store.folder.iterdir()} if store.folder.exists() else set()


def half_fetched(store: WeightStore, server: WeightsServer, name: str = "toy") -> None:
    """Leave half of the file behind, as a process does that is stopped."""

    def stop(progress: FetchProgress) -> None:
        if progress.done_bytes >= len(WEIGHTS) // 2:
            raise KeyboardInterrupt

    server.troubles = [Trouble(cut_after=len(WEIGHTS) // 2)]
    with pytest.raises(KeyboardInterrupt):
        ensure_weights(name, store, stop)
    server.troubles = []
    server.requests.clear()


def test_what_is_not_here_is_fetched_once_and_kept(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    first = ensure_weights("toy", store)
    second = ensure_weights("toy", store)

    assert first.path.read_bytes() == WEIGHTS
    assert (first.engine, first.sha256s, first.fingerprint) == (engine, (SHA256,), SHA256)
    assert second == first
    assert [request["path"] for request in server.requests] == ["/models/nets/toy.th"]
    assert not {name for name in names_in(store) if ".part" in name}


def test_progress_is_told_in_bytes_and_as_a_fraction_of_all(
    server: WeightsServer, store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, toy(server.url, names=("a.th", "b.th")))
    told: list[FetchProgress] = []

    ensure_weights("toy", store, told.append)

    assert [progress.fraction for progress in told] == sorted(progress.fraction for progress in told)
    assert told[-1] == FetchProgress("b.th", len(WEIGHTS), len(WEIGHTS), 1.0)
    assert FetchProgress("a.th", len(WEIGHTS), len(WEIGHTS), 0.5) in told


def test_only_the_parts_that_were_asked_for_are_fetched(
    server: WeightsServer, store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, toy(server.url, names=("aa-1.th", "bb-2.th", "cc-3.th")))

    found = ensure_weights("toy", store, parts=("cc", "aa"))

    assert [path.name for path in found.paths] == ["aa-1.th", "cc-3.th"]
    assert len(server.requests) == 2
    with pytest.raises(UnknownModel, match="toy/dd"):
        ensure_weights("toy", store, parts=("dd",))


def test_a_connection_that_is_cut_is_taken_up_where_it_broke(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    # More often than attempts in vain are allowed: each of these brings something.
    server.troubles = [Trouble(cut_after=200_000)] * 5

    found = ensure_weights("toy", store)

    assert found.path.read_bytes() == WEIGHTS
    assert server.ranges == ["", *(f"bytes={done}-" for done in range(200_000, 1_000_001, 200_000))]
    assert {request.get("if-range", '"one"') for request in server.requests} == {'"one"'}


def test_a_server_that_stalls_is_asked_again(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    server.troubles = [Trouble(stall_after=500_000)]

    assert ensure_weights("toy", store).path.read_bytes() == WEIGHTS
    assert server.ranges == ["", "bytes=500000-"]


def test_a_process_that_was_stopped_is_taken_up_by_the_next(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    half_fetched(store, server)

    found = ensure_weights("toy", store)

    assert found.path.read_bytes() == WEIGHTS
    assert server.ranges == [f"bytes={len(WEIGHTS) // 2}-"]


def test_a_whole_part_that_was_never_put_in_place_is_not_fetched_again(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    def stop_at_the_end(progress: FetchProgress) -> None:
        if progress.fraction == 1.0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_weights("toy", store, stop_at_the_end)

    assert ensure_weights("toy", store).path.read_bytes() == WEIGHTS
    assert len(server.requests) == 1


def test_a_server_without_ranges_begins_anew(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    half_fetched(store, server)
    server.troubles = [Trouble(ignore_range=True)]

    assert ensure_weights("toy", store).path.read_bytes() == WEIGHTS


def test_a_server_without_ranges_that_always_cuts_is_given_up(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    server.always = Trouble(ignore_range=True, cut_after=300_000)

    with pytest.raises(WeightsUnreachable, match="300000 of 1048576"):
        ensure_weights("toy", store)
    assert len(server.requests) == 1 + HASTY.attempts


def test_a_file_that_changed_between_two_attempts_is_fetched_from_its_start(
    server: WeightsServer, store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, toy(server.url, hashlib.sha256(OTHER).hexdigest()))
    half_fetched(store, server)
    server.content, server.etag = OTHER, '"two"'

    assert ensure_weights("toy", store).path.read_bytes() == OTHER
    assert server.ranges == [f"bytes={len(WEIGHTS) // 2}-"]  # If-Range made the server send all of it


def test_two_halves_of_two_files_are_noticed_and_fetched_from_the_start(
    server: WeightsServer, store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, toy(server.url, hashlib.sha256(OTHER).hexdigest()))
    half_fetched(store, server)
    server.content = OTHER  # and the server says, wrongly, that it is still the same

    assert ensure_weights("toy", store).path.read_bytes() == OTHER
    assert server.ranges == [f"bytes={len(WEIGHTS) // 2}-", ""]


def test_a_file_that_is_shorter_now_than_our_part_is_fetched_from_its_start(
    server: WeightsServer, store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = WEIGHTS[:1000]
    register(monkeypatch, toy(server.url, hashlib.sha256(short).hexdigest()))
    half_fetched(store, server)
    server.content = short

    assert ensure_weights("toy", store).path.read_bytes() == short


def test_wrong_content_is_refused_and_nothing_of_it_stays(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    server.content = OTHER

    with pytest.raises(WeightsDamaged) as refused:
        ensure_weights("toy", store)

    assert refused.value.code == "weights_damaged"
    assert len(server.requests) == 1
    assert names_in(store) == {"toy.th.lock"}


def test_a_server_in_trouble_is_asked_until_it_is_well(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    server.troubles = [Trouble(status=500), Trouble(status=503, retry_after="0")]

    assert ensure_weights("toy", store).path.read_bytes() == WEIGHTS
    assert len(server.requests) == 3


def test_a_server_in_trouble_for_too_long_is_given_up_and_left_in_peace_for_a_while(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    server.always = Trouble(status=503)
    with pytest.raises(WeightsUnreachable, match="HTTP 503") as refused:
        ensure_weights("toy", store)
    asked = len(server.requests)
    server.always = None

    with pytest.raises(WeightsUnreachable, match="a few minutes ago"):
        ensure_weights("toy", store)

    assert refused.value.code == "weights_unreachable"
    assert asked == len(server.requests) == HASTY.attempts
    assert ensure_weights("toy", store, insist=True).path.exists()  # a person may
    assert ensure_weights("toy", store).path.exists()


def test_another_mirror_is_asked_at_once(
    engine: Engine, server: WeightsServer, store: WeightStore, tmp_path: Path
) -> None:
    server.troubles = [Trouble(status=503)] * HASTY.attempts
    with pytest.raises(WeightsUnreachable):
        ensure_weights("toy", store)

    assert ensure_weights("toy", replace(store, mirror_url=server.url + "other")).path.exists()


def test_nobody_at_the_address_is_unreachable(store: WeightStore, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, toy("http://127.0.0.1:9/"))

    with pytest.raises(WeightsUnreachable, match=r"from http://127\.0\.0\.1:9/nets/toy\.th"):
        ensure_weights("toy", store)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_file_that_is_not_there_is_not_asked_for_again(
    engine: Engine, server: WeightsServer, store: WeightStore, status: int
) -> None:
    server.always = Trouble(status=status)

    with pytest.raises(WeightsNotFound, match=f"HTTP {status}") as refused:
        ensure_weights("toy", store)

    assert refused.value.code == "weights_not_found"
    assert len(server.requests) == 1


def test_the_time_for_all_attempts_is_limited(engine: Engine, server: WeightsServer, tmp_path: Path) -> None:
    server.bytes_a_second = 100_000  # ten seconds for all of it
    store = WeightStore(folder=tmp_path, patience=replace(HASTY, total_s=0.5))

    with pytest.raises(WeightsUnreachable, match="too long"):
        ensure_weights("toy", store)


def test_cancelling_leaves_no_file_under_the_final_name(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    half_fetched(store, server)

    assert "toy.th" not in names_in(store)
    assert "toy.th.part" in names_in(store)


def test_a_full_disk_is_said_to_be_full_and_gets_its_room_back(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    with no_file_over(300_000), pytest.raises(StorageFull):
        ensure_weights("toy", store)

    assert names_in(store) == {"toy.th.lock"}
    assert ensure_weights("toy", store).path.read_bytes() == WEIGHTS


def test_what_can_never_fit_is_not_begun(
    store: WeightStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "nets").mkdir()
    with (tmp_path / "nets" / "toy.th").open("wb") as file:
        file.truncate(2**43)  # eight terabytes of holes
    register(monkeypatch, toy(f"file://{tmp_path}/"))

    with pytest.raises(StorageFull):
        ensure_weights("toy", store)
    assert "toy.th.part" not in names_in(store)


def test_a_damaged_file_is_fetched_again(engine: Engine, server: WeightsServer, store: WeightStore) -> None:
    path = ensure_weights("toy", store).path
    path.write_bytes(OTHER)

    assert ensure_weights("toy", store).path.read_bytes() == WEIGHTS
    assert len(server.requests) == 2


def test_another_version_in_the_registry_replaces_the_old_file(
    engine: Engine, server: WeightsServer, store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_weights("toy", store)
    register(monkeypatch, toy(server.url, hashlib.sha256(OTHER).hexdigest()))
    server.content = OTHER

    assert ensure_weights("toy", store).path.read_bytes() == OTHER


def test_where_only_the_first_digits_are_published_a_later_change_is_noticed(
    server: WeightsServer, store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = SHA256[:1]
    twin = next(
        content
        for content in (WEIGHTS + bytes([n]) for n in range(256))
        if hashlib.sha256(content).hexdigest().startswith(prefix)
    )
    register(monkeypatch, toy(server.url, prefix))
    path = ensure_weights("toy", store).path
    path.unlink()
    server.content = twin

    with pytest.raises(WeightsDamaged):
        ensure_weights("toy", store)

    assert ensure_weights("toy", store, anew=True).path.read_bytes() == twin  # somebody says that it is right


def test_fetching_anew_that_fails_leaves_what_is_here(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    ensure_weights("toy", store)
    server.always = Trouble(status=404)

    with pytest.raises(WeightsNotFound):
        ensure_weights("toy", store, anew=True)
    with pytest.raises(WeightsFetchingDisabled):
        ensure_weights("toy", replace(store, may_fetch=False), anew=True)

    assert ensure_weights("toy", store).path.read_bytes() == WEIGHTS


def test_files_that_were_put_there_by_hand_are_verified_and_used(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    store.folder.mkdir()
    (store.folder / "toy.th").write_bytes(WEIGHTS)

    assert ensure_weights("toy", store).sha256s == (SHA256,)
    assert server.requests == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_can_only_be_read_serves_what_is_in_it(
    engine: Engine, server: WeightsServer, store: WeightStore
) -> None:
    store.folder.mkdir()
    (store.folder / "toy.th").write_bytes(WEIGHTS)
    store.folder.chmod(0o555)
    try:
        assert ensure_weights("toy", store).sha256s == (SHA256,)
        (store.folder / "toy.th").chmod(0o644)
        (store.folder / "toy.th").write_bytes(OTHER)
        with pytest.raises(WeightsUnreachable, match="MODEL_DIR may not be written to"):
            ensure_weights("toy", store)
    finally:
        store.folder.chmod(0o755)


def test_a_site_that_never_fetches_says_so(engine: Engine, server: WeightsServer, tmp_path: Path) -> None:
    store = WeightStore(folder=tmp_path, may_fetch=False, patience=HASTY)
    with pytest.raises(WeightsFetchingDisabled) as refused:
        ensure_weights("toy", store)
    (tmp_path / "toy.th").write_bytes(OTHER)
    with pytest.raises(WeightsDamaged):
        ensure_weights("toy", store)
    (tmp_path / "toy.th").write_bytes(WEIGHTS)

    assert ensure_weights("toy", store).path == tmp_path / "toy.th"
    assert refused.value.code == "weights_fetching_disabled"
    assert server.requests == []


def test_a_mirror_stands_in_for_every_published_address(
    server: WeightsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(monkeypatch, toy("https://weights.invalid/demucs/"))
    store = WeightStore(folder=tmp_path, mirror_url=server.url + "copy", patience=HASTY)

    assert ensure_weights("toy", store).path.read_bytes() == WEIGHTS
    assert server.requests[0]["path"] == "/models/copy/nets/toy.th"


def test_a_mirror_may_be_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, toy("https://weights.invalid/demucs/"))
    (tmp_path / "mirror" / "nets").mkdir(parents=True)
    store = WeightStore(folder=tmp_path / "models", mirror_url=f"file://{tmp_path}/mirror", patience=HASTY)
    with pytest.raises(WeightsNotFound):
        ensure_weights("toy", store)
    (tmp_path / "mirror" / "nets" / "toy.th").write_bytes(WEIGHTS)

    assert ensure_weights("toy", store).path.read_bytes() == WEIGHTS


def test_a_name_that_no_model_has_is_unknown(store: WeightStore) -> None:
    with pytest.raises(UnknownModel, match="htdemucs_7") as refused:
        ensure_weights("htdemucs_7", store)

    assert refused.value.code == "unknown_model"
    assert "htdemucs" in refused.value.details["known"]  # type: ignore[operator]


def test_shipped_weights_are_verified_where_they_lie(store: WeightStore) -> None:
    found = ensure_weights("crnn", store)

    assert found.path == ENGINES["crnn"].path
    assert found.fingerprint == ENGINES["crnn"].sha256
    assert not store.folder.exists()


class TestOwnNetwork:
    def test_a_local_file_is_used_where_it_lies(self, tmp_path: Path) -> None:
        network = tmp_path / "my net.h5"
        network.write_bytes(b"network")
        sha256 = hashlib.sha256(b"network").hexdigest()
        for uri in (str(network), network.as_uri()):
            store = WeightStore(folder=tmp_path / "models", own_uri=uri, own_sha256=sha256)

            assert ensure_weights("keras-cnn", store).path == network
        changed = WeightStore(folder=tmp_path / "models", own_uri=str(network), own_sha256=SHA256)
        with pytest.raises(WeightsDamaged):
            ensure_weights("keras-cnn", changed)

    def test_a_local_file_that_is_not_there_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsMissing, match="keras-cnn"):
            ensure_weights("keras-cnn", WeightStore(folder=tmp_path, own_uri=str(tmp_path / "gone.h5")))

    def test_without_one_it_is_the_network_that_is_shipped(self, tmp_path: Path) -> None:
        found = ensure_weights("keras-cnn", WeightStore(folder=tmp_path))

        assert found.path == ENGINES["keras-cnn"].path

    def test_it_is_fetched_and_what_came_first_must_come_again(
        self, server: WeightsServer, tmp_path: Path
    ) -> None:
        uri = server.url + "net.h5?version=3"
        store = WeightStore(folder=tmp_path, own_uri=uri, mirror_url="http://127.0.0.1:9", patience=HASTY)

        found = ensure_weights("keras-cnn", store)
        found.path.unlink()
        server.content = OTHER

        assert (found.path.suffix, found.fingerprint) == (".h5", SHA256)
        assert server.requests[0]["path"] == "/models/net.h5?version=3"  # the mirror is for published ones
        with pytest.raises(WeightsDamaged):
            ensure_weights("keras-cnn", store)
        assert ensure_weights("keras-cnn", store, anew=True).path.read_bytes() == OTHER

    def test_another_address_is_another_network(self, server: WeightsServer, tmp_path: Path) -> None:
        first = ensure_weights(
            "keras-cnn", WeightStore(tmp_path, own_uri=server.url + "a.h5", patience=HASTY)
        )
        server.content = OTHER
        second = ensure_weights(
            "keras-cnn", WeightStore(tmp_path, own_uri=server.url + "b.h5", patience=HASTY)
        )

        assert first.path != second.path
        assert second.path.read_bytes() == OTHER

    def test_a_name_and_a_password_are_sent_and_never_shown(
        self, server: WeightsServer, tmp_path: Path
    ) -> None:
        uri = server.url.replace("http://", "http://me:p%40ss@") + "net.h5"
        store = WeightStore(folder=tmp_path, own_uri=uri, patience=HASTY)
        server.troubles = [Trouble(status=404)]
        with pytest.raises(WeightsNotFound) as refused:
            ensure_weights("keras-cnn", store)

        ensure_weights("keras-cnn", store)

        assert server.requests[-1]["authorization"] == "Basic bWU6cEBzcw=="
        told = f"{refused.value} {refused.value.details} {store!r} {store.engine('keras-cnn')!r}"
        assert "p%40ss" not in told + "".join(p.read_text() for p in tmp_path.glob("*.json"))

    def test_a_redirect_is_followed_without_the_password(self, server: WeightsServer, tmp_path: Path) -> None:
        uri = server.url.replace("http://", "http://me:pass@") + "net.h5"
        server.troubles = [Trouble(status=302, location=server.url + "elsewhere.h5")]

        ensure_weights("keras-cnn", WeightStore(folder=tmp_path, own_uri=uri, patience=HASTY))

        assert server.requests[1]["path"] == "/models/elsewhere.h5"
        assert "authorization" not in server.requests[1]

    def test_a_redirect_to_what_is_no_web_server_is_refused(
        self, server: WeightsServer, tmp_path: Path
    ) -> None:
        server.troubles = [Trouble(status=302, location="ftp://127.0.0.1/net.h5")]

        with pytest.raises(WeightsNotFound, match="not safe"):
            ensure_weights(
                "keras-cnn", WeightStore(folder=tmp_path, own_uri=server.url + "net.h5", patience=HASTY)
            )

    def test_a_file_of_unknown_length_and_hash_is_refused_for_it_may_be_half(
        self, server: WeightsServer, tmp_path: Path
    ) -> None:
        uri = server.url + "net.h5"
        server.always = Trouble(no_length=True)

        with pytest.raises(WeightsUnreachable, match="how long"):
            ensure_weights("keras-cnn", WeightStore(tmp_path, own_uri=uri, patience=HASTY))
        known = WeightStore(tmp_path, own_uri=uri, own_sha256=SHA256, patience=HASTY)
        assert ensure_weights("keras-cnn", known).path.read_bytes() == WEIGHTS
