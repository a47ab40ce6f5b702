# Trains a network to sort noisy vectors by their direction. Every process has batches of its own; the gradients are
# averaged over all of them after each.
# Argument: how many batches to train with.
import os
import sys

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

steps = int(sys.argv[1])
gpu = torch.cuda.is_available()
dist.init_process_group("nccl" if gpu else "gloo")
rank, world = dist.get_rank(), dist.get_world_size()
# Ranks are given in the order of arrival. What is printed and kept has to be on the task's first machine.
speaks = os.environ["AZ_BATCH_IS_CURRENT_NODE_MASTER"] == "true" and os.environ["LOCAL_RANK"] == "0"
device = torch.device("cuda", int(os.environ["LOCAL_RANK"])) if gpu else torch.device("cpu")

torch.manual_seed(0)  # the same directions in all processes …
directions = nn.functional.normalize(torch.randn(10, 64), dim=1).to(device)
model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10)).to(device)
model = DistributedDataParallel(model, device_ids=[device.index] if gpu else None)
optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
torch.manual_seed(rank + 1)  # … and different batches

if speaks:
    print(f"{world} processes on {world // int(os.environ['LOCAL_WORLD_SIZE'])} machines, by {dist.get_backend()}")
for step in range(1, steps + 1):
    labels = torch.randint(10, (256,), device=device)
    vectors = directions[labels] + 0.2 * torch.randn(256, 64, device=device)
    loss = nn.functional.cross_entropy(model(vectors), labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if step % 100 == 0 or step == steps:
        dist.all_reduce(loss)
        if speaks:
            print(f"step {step}: mean loss {loss.item() / world:.4f}", flush=True)

# All processes hold the same model now: that is what averaging the gradients is for.
total = sum(weights.abs().sum() for weights in model.parameters()).detach()
totals = [torch.zeros_like(total) for _ in range(world)]
dist.all_gather(totals, total)
if speaks:
    if any((other - total).abs() > 1e-3 * total for other in totals):
        sys.exit(f"the processes have different models: {totals}")
    torch.save(model.module.state_dict(), "model.pt")
    print("all processes have the same model")
dist.barrier()
dist.destroy_process_group()
