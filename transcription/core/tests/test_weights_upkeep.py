"""How weights stand on a machine, whether they are whole, and what may go."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from transcription.core.engines import Engine, Package
from transcription.core.models import ENGINES
from transcription.core.tests.weights_server import HASTY, SHA256, WEIGHTS, WeightsServer, serving, toy
from transcription.core.weights_store.ensuring import ensure_weights
from transcription.core.weights_store.locks import only_one
from transcription.core.weights_store.states import Standing, engine_state, engine_states
from transcription.core.weights_store.store import WeightStore
from transcription.core.weights_store.upkeep import STALE_AFTER_S, Verdict, prune, verify_files, was_fetched


@pytest.fixture
def server() -> Iterator[WeightsServer]:
    with serving() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    (tmp_path / "models").mkdir()
    return WeightStore(folder=tmp_path / "models", patience=HASTY)


@pytest.fixture
def engine(server: WeightsServer, monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = toy(server.url, names=("aa-1.th", "bb-2.th"))
    monkeypatch.setitem(ENGINES, "toy", engine)
    return engine


def everything(module: str) -> bool:
    return True


def test_weights_that_come_by_themselves_can_be_asked_for(engine: Engine, store: WeightStore) -> None:
    before = engine_state(engine, store, everything)
    ensure_weights("toy", store)
    after = engine_state(engine, store, everything)

    assert (before.standing, before.present) == (Standing.FETCHED_ON_USE, 0)
    assert before.is_available
    assert before.reason == "The weights are fetched on first use."
    assert (after.standing, after.reason, after.present) == (Standing.READY, "", 2)
    assert after.size_bytes == 2 * len(WEIGHTS)
    assert all(file.is_verified for file in after.files)


def test_the_parts_for_drums_are_enough(
    server: WeightsServer, store: WeightStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    bag = toy(server.url, names=("aa-1.th", "bb-2.th"))
    bag = Engine(bag.name, bag.task, bag.version, bag.licence, bag.source, bag.files, for_drums=("bb",))
    monkeypatch.setitem(ENGINES, "toy", bag)

    ensure_weights("toy", store, parts=bag.for_drums)

    state = engine_state(bag, store, everything)
    assert (state.standing, state.present) == (Standing.READY, 1)


def test_without_fetching_what_is_not_here_is_unavailable(engine: Engine, store: WeightStore) -> None:
    closed = WeightStore(folder=store.folder, may_fetch=False)
    before = engine_state(engine, closed, everything)
    for file in engine.files:
        (store.folder / file.name).write_bytes(WEIGHTS)  # brought by hand

    after = engine_state(engine, closed, everything)

    assert before.standing is Standing.UNAVAILABLE
    assert "switched off" in before.reason
    assert (after.standing, after.reason) == (Standing.READY, "The weights are verified on first use.")


def test_a_package_that_is_not_installed_is_named_with_how_to_install_it(store: WeightStore) -> None:
    states = {
        state.engine.name: state for state in engine_states(store, lambda module: module != "tensorflow")
    }

    assert states["crnn"].standing is Standing.READY
    assert states["keras-cnn"].standing is Standing.UNAVAILABLE
    assert states["keras-cnn"].reason == (
        "TensorFlow is not installed: pip install -r requirements/keras.txt"
    )


def test_a_network_of_ones_own_is_missing_then_there_then_damaged(tmp_path: Path) -> None:
    network = tmp_path / "net.h5"
    given = WeightStore(folder=tmp_path, own_uri=str(network), own_sha256=SHA256)

    def reason(store: WeightStore) -> str:
        return engine_state(store.engine("keras-cnn"), store, everything).reason

    reasons = [reason(given)]
    network.write_bytes(WEIGHTS)
    reasons.append(reason(given))
    network.write_bytes(b"else")
    reasons.append(reason(given))

    assert reasons == [
        "There is no network where MODEL_URI says.",
        "",
        "The weights are damaged: manage.py models verify",
    ]


def test_every_package_of_the_registry_says_how_it_is_installed() -> None:
    packages: set[Package] = {package for engine in ENGINES.values() for package in engine.packages}

    assert all(package.installed_by.startswith("pip install ") for package in packages)


def test_verifying_reads_the_files(engine: Engine, store: WeightStore) -> None:
    def verdicts() -> list[Verdict]:
        return [checked.verdict for checked in verify_files([engine], store)]

    before = (verdicts(), was_fetched(engine, store))
    first, second = ensure_weights("toy", store).paths
    whole = verdicts()
    kept = first.stat()
    first.write_bytes(WEIGHTS[::-1])
    os.utime(first, ns=(kept.st_atime_ns, kept.st_mtime_ns))  # looks as before from outside
    second.unlink()

    assert before == ([Verdict.MISSING, Verdict.MISSING], False)
    assert whole == [Verdict.INTACT, Verdict.INTACT]
    assert verdicts() == [Verdict.DAMAGED, Verdict.MISSING]
    assert was_fetched(engine, store)


def test_pruning_removes_old_versions_and_stale_parts_and_nothing_else(
    engine: Engine, store: WeightStore, server: WeightsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = ensure_weights("toy", store).paths
    own = store.folder / "somebodys-own.h5"
    own.write_bytes(b"network")
    monkeypatch.setitem(
        ENGINES, "toy", toy(server.url, hashlib.sha256(WEIGHTS[::-1]).hexdigest(), names=("cc-3.th",))
    )
    server.content = WEIGHTS[::-1]
    (new,) = ensure_weights("toy", store).paths
    part = store.folder / "955717e8-8726e21a.th.part"
    part.write_bytes(b"half")
    part.with_name("955717e8-8726e21a.th.part.json").write_text('{"source": "http://x/955717e8.th"}')
    foreign = store.folder / "letter.part"
    foreign.write_text("not ours")
    later = time.time() + STALE_AFTER_S + 60

    only_said = prune(store, dry_run=True, now=later)
    fresh_part_stays = part.name not in {gone.path.name for gone in prune(store, dry_run=True)}
    gone = prune(store, now=later)

    assert only_said == gone
    assert fresh_part_stays
    assert {*old, part} <= {pruned.path for pruned in gone}
    assert {path.name for path in store.folder.iterdir()} == {
        "cc-3.th", "cc-3.th.lock", "cc-3.th.receipt.json", own.name, foreign.name,
    }  # fmt: skip
    assert new.read_bytes() == WEIGHTS[::-1]
    assert prune(store, now=later) == ()


def test_what_somebody_works_on_is_not_pruned(store: WeightStore) -> None:
    part = store.folder / "old.th.part"
    part.write_bytes(b"half")
    part.with_name("old.th.part.json").write_text('{"source": "http://x/old.th"}')
    later = time.time() + STALE_AFTER_S + 60

    with only_one(store.folder / "old.th.lock"):
        assert prune(store, now=later) == ()
    assert {pruned.path.name for pruned in prune(store, now=later)} == {
        "old.th.part", "old.th.part.json", "old.th.lock",
    }  # fmt: skip


def test_a_folder_that_is_not_there_has_nothing_to_prune(tmp_path: Path) -> None:
    assert prune(WeightStore(folder=tmp_path / "none")) == ()
