# Fits a network to a function of two variables. Every machine works on a part of each batch; the gradients are added up
# over all of them.
# Environment: AZ_BATCH_HOST_LIST, which Batch sets; STEPS and BATCH.
import json
import os
import socket

steps, batch = int(os.environ["STEPS"]), int(os.environ["BATCH"])


def is_mine(address):
    with socket.socket() as listener:
        try:
            listener.bind((address, 0))  # only a machine's own addresses can be bound
        except OSError:
            return False
    return True


# TensorFlow wants to know who takes part, in the same order everywhere, and which of them this is.
machines = os.environ["AZ_BATCH_HOST_LIST"].split(",")
index = next(index for index, address in enumerate(machines) if is_mine(address))
workers = [f"{address}:12345" for address in machines]
os.environ["TF_CONFIG"] = json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})

import tensorflow as tf  # after TF_CONFIG is set

strategy = tf.distribute.MultiWorkerMirroredStrategy()
first = index == 0
if first:
    print(f"{strategy.num_replicas_in_sync} workers on {len(machines)} machines")

with strategy.scope():
    tf.random.set_seed(1)
    sizes = [(2, 64), (64, 64), (64, 1)]
    weights = [tf.Variable(tf.random.normal(size) / size[0] ** 0.5) for size in sizes]
    biases = [tf.Variable(tf.zeros(size[1])) for size in sizes]
    moments = [tf.Variable(tf.zeros_like(value)) for value in weights + biases]


def network(inputs):
    for weight, bias in zip(weights[:-1], biases[:-1]):
        inputs = tf.tanh(inputs @ weight + bias)
    return inputs @ weights[-1] + biases[-1]


def examples(context):
    """Each worker makes batches of its own."""
    size = context.get_per_replica_batch_size(batch)
    seeds = tf.data.Dataset.random(seed=context.input_pipeline_id)

    def example(seed):
        inputs = tf.random.stateless_uniform((size, 2), tf.stack([seed, 0]), -2, 2)
        return inputs, tf.sin(inputs[:, :1]) * tf.cos(inputs[:, 1:])

    return seeds.map(example)


def replica_step(inputs, targets):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum((network(inputs) - targets) ** 2) / batch
    gradients = tape.gradient(loss, weights + biases)
    context = tf.distribute.get_replica_context()
    gradients = context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
    for value, moment, gradient in zip(weights + biases, moments, gradients):
        moment.assign(0.9 * moment + gradient)
        value.assign_sub(0.05 * moment)
    return loss


@tf.function
def step(iterator):
    losses = strategy.run(replica_step, args=next(iterator))
    return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)


iterator = iter(strategy.distribute_datasets_from_function(examples))
for number in range(1, steps + 1):
    loss = step(iterator)
    if first and (number % 100 == 0 or number == steps):
        print(f"step {number}: loss {float(loss):.4f}", flush=True)

if first:
    names = [f"weight{n}" for n in range(3)] + [f"bias{n}" for n in range(3)]
    tf.io.write_file("model.json", json.dumps({n: v.numpy().tolist() for n, v in zip(names, weights + biases)}))
