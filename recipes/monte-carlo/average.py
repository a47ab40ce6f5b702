# Averages what the tasks found for each strike, with the standard error of the average.
# Argument: how many tasks there were.
import json
import math
import os
import sys
from collections import defaultdict

sums = defaultdict(lambda: [0, 0.0, 0.0])
for seed in range(1, int(sys.argv[1]) + 1):
    with open(os.path.join(os.environ["FOLDER"], f"{seed:05}.json")) as file:
        result = json.load(file)
    for position, key in enumerate(["paths", "total", "squares"]):
        sums[result["strike"]][position] += result[key]

with open("prices.csv", "w") as table:
    print("strike,price,error,paths", file=table)
    for strike, (paths, total, squares) in sorted(sums.items()):
        price = total / paths
        error = math.sqrt((squares / paths - price**2) / paths)
        print(f"{strike:g},{price:.4f},{error:.4f},{paths}", file=table)
        print(f"strike {strike:5g}: {price:7.3f} ± {error:.3f}  ({paths} paths)")
