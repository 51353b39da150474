"""What can be wrong with an engine's weights."""

from __future__ import annotations

from accounts.core.errors import DrumError


class UnknownModel(DrumError):
    """A name that no engine and no separation model has."""

    code = "unknown_model"
    message = "There is no model called “{name}”."
    hint = "`manage.py models list` and /api/v1/engines/ name them all."


class WeightsMissing(DrumError):
    """The weights' file is not there, and comes from nowhere by itself."""

    code = "weights_missing"
    message = "The weights of {name} are missing."
    hint = "Shipped weights come with drumsite: install it again. Your own network is where MODEL_URI says."


class WeightsDamaged(DrumError):
    """The file is not the one that was published or trained, or not the one that was fetched first."""

    code = "weights_damaged"
    message = "The weights of {name} are damaged, or are not what they are said to be."
    hint = (
        "`manage.py models verify` says which file. Shipped weights come with drumsite: install it again. "
        "If a source was changed on purpose: `manage.py models fetch NAME --anew`."
    )


class WeightsUnreachable(DrumError):
    """Nobody answered, or not to the end, however often we asked."""

    code = "weights_unreachable"
    message = "The weights of {name} could not be fetched from {source}: {reason}."
    hint = "Try again later, set MODEL_MIRROR_URL, or fetch them with `manage.py models fetch`."


class WeightsNotFound(DrumError):
    """The server answered, and has no such file for us."""

    code = "weights_not_found"
    message = "The weights of {name} are not at {source}, or may not be read there ({reason})."
    hint = "Check MODEL_URI and MODEL_MIRROR_URL."


class WeightsFetchingDisabled(DrumError):
    """The weights would have to be fetched, and this site never does."""

    code = "weights_fetching_disabled"
    message = "The weights of {name} are not here, and fetching is switched off."
    hint = "Set MODEL_FETCH=1, or put the files into MODEL_DIR."
