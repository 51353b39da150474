"""How the network of the second engine, ``keras-cnn``, is made: windows, learning, judgement."""
