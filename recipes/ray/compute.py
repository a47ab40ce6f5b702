# Hands the cluster its work: replace what is below the line by yours.
# Arguments: how many machines there are, how many calls to make, and how many darts each of them throws.
import math
import random
import sys
import time
from collections import Counter

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

nodes, calls, samples = map(int, sys.argv[1:])
ray.init(address="auto", log_to_driver=False, logging_level="error")
while len(machines := [node["NodeID"] for node in ray.nodes() if node["Alive"]]) < nodes:
    time.sleep(1)
print(f"{nodes} machines with {ray.cluster_resources()['CPU']:g} processors")

# ── the work ──


@ray.remote
def throw(seed):
    chance = random.Random(seed)
    inside = sum(chance.random() ** 2 + chance.random() ** 2 < 1 for _ in range(samples))
    return ray.util.get_node_ip_address(), inside


# By itself Ray fills one machine before it goes on to the next: here each gets its share.
places = [NodeAffinitySchedulingStrategy(machine, soft=True) for machine in machines]
results = ray.get([throw.options(scheduling_strategy=places[seed % nodes]).remote(seed) for seed in range(calls)])
for number, (machine, count) in enumerate(sorted(Counter(machine for machine, _ in results).items()), 1):
    print(f"machine {number} answered {count} of {calls} calls")
pi = 4 * sum(inside for _, inside in results) / (calls * samples)
print(f"pi is about {pi:.4f}, {abs(pi - math.pi):.4f} off")
