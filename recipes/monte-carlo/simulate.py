# Prices an Asian call option: it pays by how much the average price of a year is above the strike.
# Arguments: the strike, the seed, and how many paths of the price to simulate.
import json
import math
import os
import random
import sys

strike, seed, paths = float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
price, rate, volatility, months = 100.0, 0.03, 0.2, 12

drift = (rate - volatility**2 / 2) / months
spread = volatility / math.sqrt(months)
chance = random.Random(seed)

total = squares = 0.0
for _ in range(paths):
    now, average = price, 0.0
    for _ in range(months):
        now *= math.exp(drift + spread * chance.gauss(0, 1))
        average += now / months
    payoff = math.exp(-rate) * max(average - strike, 0)
    total += payoff
    squares += payoff**2

os.makedirs(os.environ["FOLDER"], exist_ok=True)
result = {"strike": strike, "paths": paths, "total": total, "squares": squares}
with open(os.path.join(os.environ["FOLDER"], f"{seed:05}.json"), "w") as file:
    json.dump(result, file)
print(f"strike {strike:g}: {total / paths:.3f} from {paths} paths")
