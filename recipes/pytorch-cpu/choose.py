# Chooses the most accurate of the models and copies it to the task's working directory.
# Arguments: the learning rates and the numbers of neurons, each as a list in one text.
import itertools
import os
import shutil
import sys

import torch

rates, widths = map(float, sys.argv[1].split()), map(int, sys.argv[2].split())
names = [f"rate-{rate:g}-width-{width}" for rate, width in itertools.product(rates, widths)]
paths = {name: os.path.join(os.environ["FOLDER"], f"{name}.pt") for name in names}
accuracies = {name: torch.load(path)["accuracy"] for name, path in paths.items()}
best = max(accuracies, key=accuracies.get)
shutil.copy(paths[best], "best.pt")
print(f"the best of {len(names)} models: {best}, accuracy {accuracies[best]:.3f}")
