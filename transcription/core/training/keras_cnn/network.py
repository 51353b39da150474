"""The network that ships with the second engine, in the format of AnNOTEator's."""

from __future__ import annotations

from typing import Any

import numpy as np

from transcription.core.keras_cnn.labels import LABELS
from transcription.core.keras_cnn.mel_windows import BANDS, FRAMES

# Power in a mel band of music lies between these powers of ten.
_DECADES = np.arange(-3, 7)


def build_network(keras: Any, seed: int) -> Any:
    """Return the network, not yet trained: AnNOTEator's layers behind two that hear loudness as ears do.

    Of channels it has 16, 32 and 64, where AnNOTEator has 32, 64 and 64: it learns three times as fast.
    The format's input is bare power, which spans ten decades. A layer of one-by-one convolutions, each
    turned up by another decade, with a softsign, and one that adds them up is a logarithm: where one is
    saturated, the next begins to answer. Both learn on.
    """
    layers, initial = keras.layers, keras.initializers
    gains = np.reshape(10.0**_DECADES, (1, 1, 1, -1)).astype(np.float32)
    heard = layers.Conv2D(len(_DECADES), 1, use_bias=False, activation="softsign", name="decades")
    added = layers.Conv2D(1, 1, name="loudness")
    drawn = [initial.GlorotUniform(seed=seed * 100 + number) for number in range(6)]
    shown = keras.Input((BANDS, FRAMES, 1))
    x = added(heard(shown))
    x = layers.Conv2D(16, 3, padding="same", activation="relu", kernel_initializer=drawn[0])(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu", kernel_initializer=drawn[1])(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(64, 3, activation="relu", kernel_initializer=drawn[2])(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    x = layers.Dense(100, activation="relu", kernel_initializer=drawn[3])(x)
    x = layers.Dropout(0.2, seed=seed)(x)
    x = layers.Dense(100, activation="relu", kernel_initializer=drawn[4])(x)
    x = layers.Dropout(0.3, seed=seed + 1)(x)
    answers = layers.Dense(len(LABELS), activation="sigmoid", kernel_initializer=drawn[5])(x)
    network = keras.Model(shown, answers, name="keras_cnn")
    heard.set_weights([gains])
    # Half a unit a decade, around 0 in the middle of them.
    weights = np.full((1, 1, len(_DECADES), 1), 0.5, np.float32)
    added.set_weights([weights, np.array([-0.25 * len(_DECADES)], np.float32)])
    return network
