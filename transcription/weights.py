"""The weights of this site: where its settings keep them, and how every engine stands here."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from django.conf import settings

from transcription.core.weights_store.states import EngineState, engine_state, engine_states
from transcription.core.weights_store.store import WeightStore, is_local


def weight_store() -> WeightStore:
    """Return the store that the settings describe."""
    uri = settings.MODEL_URI
    if uri and is_local(uri) and not uri.startswith("file:"):
        uri = str(settings.BASE_DIR / uri)  # wherever the process was started
    return WeightStore(
        folder=settings.MODEL_DIR,
        mirror_url=settings.MODEL_MIRROR_URL,
        own_uri=uri,
        own_sha256=settings.MODEL_URI_SHA256,
        own_separators=settings.OWN_SEPARATORS,
        may_fetch=settings.MODEL_FETCH,
    )


def engines_here() -> tuple[EngineState, ...]:
    """Return how every engine stands on this machine; loads and fetches nothing.

    A web process without PyTorch beside workers of their own cannot know what is installed there: it takes
    the packages for installed.
    """
    return engine_states(weight_store(), _has_module())


def engine_here(name: str) -> EngineState:
    """Return how the engine called ``name`` stands; raises UnknownModel."""
    store = weight_store()
    return engine_state(store.engine(name), store, _has_module())


def _has_module() -> Callable[[str], bool]:
    workers_are_elsewhere = not settings.EMBEDDED_WORKER and not _is_installed("torch")
    return (lambda module: True) if workers_are_elsewhere else _is_installed


def _is_installed(module: str) -> bool:
    return find_spec(module) is not None
