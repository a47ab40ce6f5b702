# Tests the model with pictures that it has not seen, and keeps it if it is right nine times in ten.
import os
import shutil
import sys

import numpy as np
from tensorflow import keras

model = keras.models.load_model(os.path.join(os.environ["FOLDER"], "model.keras"))
unseen = np.load(os.path.join(os.environ["FOLDER"], "unseen.npz"))
_, accuracy = model.evaluate(unseen["arr_0"], unseen["arr_1"], verbose=0)
print(f"accuracy {accuracy:.3f} with {len(unseen['arr_1'])} pictures that it has not seen")
if accuracy < 0.9:
    sys.exit("that is too little: more epochs, or more examples")
shutil.copy(os.path.join(os.environ["FOLDER"], "model.keras"), "model.keras")
