# Trains a network to sort noisy vectors by their direction, on a GPU, in mixed precision.
# Arguments: the seed, and how many batches to train with.
import os
import sys
import time

import torch
from torch import nn

seed, steps = int(sys.argv[1]), int(sys.argv[2])
if not torch.cuda.is_available():
    sys.exit("there is no GPU in this container")
print("on", torch.cuda.get_device_name())

torch.manual_seed(seed)
device = torch.device("cuda")
directions = nn.functional.normalize(torch.randn(100, 512, device=device), dim=1)
model = nn.Sequential(nn.Linear(512, 2048), nn.GELU(), nn.Linear(2048, 2048), nn.GELU(), nn.Linear(2048, 100)).to(device)
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler()

os.makedirs(os.environ["FOLDER"], exist_ok=True)
checkpoint = os.path.join(os.environ["FOLDER"], f"seed-{seed}.pt")
first = 0
if os.path.exists(checkpoint):  # an attempt before this one got so far
    kept = torch.load(checkpoint, map_location=device)
    model.load_state_dict(kept["model"])
    optimiser.load_state_dict(kept["optimiser"])
    first = kept["step"]
    print("going on at step", first)

begin = time.time()
for step in range(first, steps):
    labels = torch.randint(100, (4096,), device=device)
    vectors = directions[labels] + 0.1 * torch.randn(4096, 512, device=device)
    with torch.autocast("cuda", dtype=torch.float16):
        loss = nn.functional.cross_entropy(model(vectors), labels)
    optimiser.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(optimiser)
    scaler.update()
    if (step + 1) % 500 == 0 or step + 1 == steps:
        kept = {"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step + 1}
        torch.save(kept, checkpoint + ".draft")
        os.replace(checkpoint + ".draft", checkpoint)  # never half a checkpoint
        rate = (step + 1 - first) / (time.time() - begin)
        print(f"step {step + 1}: loss {loss.item():.3f}, {rate:.1f} batches a second", flush=True)

torch.save(model.state_dict(), "model.pt")
