# Hands the cluster its work: replace what is below the line by yours.
# Arguments: how many machines there are, and the size of the matrix.
import sys
from collections import Counter

import dask.array as da
from dask.distributed import Client, wait

nodes, size = int(sys.argv[1]), int(sys.argv[2])
client = Client("tcp://localhost:8786")
client.wait_for_workers(nodes)
print(f"{nodes} workers with", sum(client.nthreads().values()), "threads")

# ── the work ──
matrix = da.random.default_rng(1).standard_normal((size, size), chunks=(size // 8, size // 8))
product = (matrix @ matrix.T / size).persist()
wait(product)
blocks = Counter(worker for workers in client.who_has(product).values() for worker in workers)
for number, worker in enumerate(sorted(client.nthreads()), 1):
    print(f"worker {number} computed {blocks[worker]} of {sum(blocks.values())} blocks")
print(f"mean of the diagonal: {da.diag(product).mean().compute():.3f}, which is 1 but for chance")
