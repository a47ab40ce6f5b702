# Trains a network to tell the arms of a spiral apart, and keeps it with its accuracy on points that it has not seen.
# Arguments: the learning rate, the number of neurons, how many epochs.
import math
import os
import sys

import torch
from torch import nn

rate, width, epochs = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
torch.manual_seed(0)


def spiral(count):
    """Points on three arms, and which arm each is of."""
    arm = torch.randint(3, (count,))
    radius = torch.rand(count)
    angle = radius * 4 + arm * 2 * math.pi / 3 + torch.randn(count) * 0.1
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1), arm


points, arms = spiral(3000)
unseen, unseen_arms = spiral(1000)
model = nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 3))
optimiser = torch.optim.Adam(model.parameters(), lr=rate)
for epoch in range(epochs):
    optimiser.zero_grad()
    loss = nn.functional.cross_entropy(model(points), arms)
    loss.backward()
    optimiser.step()

accuracy = (model(unseen).argmax(dim=1) == unseen_arms).float().mean().item()
os.makedirs(os.environ["FOLDER"], exist_ok=True)
path = os.path.join(os.environ["FOLDER"], f"rate-{rate:g}-width-{width}.pt")
torch.save({"accuracy": accuracy, "state": model.state_dict()}, path)
print(f"rate {rate:g}, width {width}: loss {loss.item():.3f}, accuracy {accuracy:.3f}")
