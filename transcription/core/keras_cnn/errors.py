"""Why a network cannot be the second engine's."""

from __future__ import annotations

from accounts.core.errors import DrumError


class NotANetwork(DrumError):
    """The file is no network of the format that the engine reads, or holds what could do harm."""

    code = "weights_damaged"
    message = "The network of the engine {name} cannot be used: {reason}."
    hint = (
        "It has to be an .h5 file of Keras that takes mel spectrograms of shape (128, 18, 1) and answers "
        "with six sigmoids: SD, HH, KD, RC, TT, CC."
    )
