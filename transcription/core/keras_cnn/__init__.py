"""The second engine, ``keras-cnn``: onsets by spectral flux, and a Keras network that says what was struck.

It reads networks in the format of AnNOTEator: clips of 0.2 s as power mel spectrograms of shape (128, 18, 1)
go in, six sigmoids in the order of :data:`.labels.LABELS` come out. TensorFlow is imported only when a
network is loaded; see ``requirements/keras.txt``.
"""
