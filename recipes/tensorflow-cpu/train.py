# Trains a small convolutional network to tell circles, squares and crosses apart.
# Arguments: how many epochs, and how many pictures to train with.
import os
import sys

import numpy as np
from tensorflow import keras

epochs, examples = int(sys.argv[1]), int(sys.argv[2])


def pictures(count, seed):
    """Pictures of 28 by 28 pixels with one shape and much noise, and which shape each shows."""
    chance = np.random.default_rng(seed)
    kinds = chance.integers(3, size=count)
    across, down = np.meshgrid(np.arange(28), np.arange(28))
    x, y = np.abs(across - chance.integers(9, 19, (count, 1, 1))), np.abs(down - chance.integers(9, 19, (count, 1, 1)))
    size = chance.integers(5, 9, (count, 1, 1))
    circles, squares, crosses = np.hypot(x, y) < size, np.maximum(x, y) < size, (np.minimum(x, y) < 2) & (x + y < size)
    shapes = np.choose(kinds[:, None, None], [circles, squares, crosses])
    noise = chance.normal(0, 0.5, (count, 28, 28))
    return (shapes + noise).astype("float32")[..., None], kinds


keras.utils.set_random_seed(1)
model = keras.Sequential([
    keras.layers.Input((28, 28, 1)),
    keras.layers.Conv2D(16, 3, activation="relu"),
    keras.layers.MaxPooling2D(),
    keras.layers.Conv2D(32, 3, activation="relu"),
    keras.layers.GlobalMaxPooling2D(),
    keras.layers.Dense(3),
])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile("adam", loss, metrics=["accuracy"])
model.fit(*pictures(examples, seed=1), batch_size=64, epochs=epochs, verbose=2)

os.makedirs(os.environ["FOLDER"], exist_ok=True)
model.save(os.path.join(os.environ["FOLDER"], "model.keras"))
np.savez(os.path.join(os.environ["FOLDER"], "unseen.npz"), *pictures(1000, seed=2))
