"""Cells that keep the graphs of tensors, with the variable and the line at fault."""

from __future__ import annotations

SETUP = """\
import torch, torch.nn as nn, torch.nn.functional as F
net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
batches = [(torch.randn(32, 64), torch.randint(0, 10, (32,))) for _ in range(20)]
crit = nn.CrossEntropyLoss()
"""

# The cell, the variable, and the line.
KEEPING: dict[str, tuple[str, str, str]] = {
    "sum of losses": (
        """\
total = 0
for x, y in batches:
    opt.zero_grad()
    loss = crit(net(x), y)
    loss.backward()
    opt.step()
    total += loss
print(total / len(batches))
""",
        "total",
        "total += loss",
    ),
    "sum in an evaluation": (
        """\
total = 0
for x, y in batches:
    loss = crit(net(x), y)
    total = total + loss
total = total / len(batches)
""",
        "total",
        "total = total + loss",
    ),
    "list of losses": (
        """\
losses = []
for x, y in batches:
    opt.zero_grad()
    loss = crit(net(x), y)
    loss.backward(); opt.step()
    losses.append(loss)
""",
        "losses",
        "losses.append(loss)",
    ),
    "dict of lists": (
        """\
history = {"loss": [], "acc": []}
for x, y in batches:
    out = net(x)
    loss = crit(out, y)
    opt.zero_grad(); loss.backward(); opt.step()
    history["loss"].append(loss)
    history["acc"].append((out.argmax(1) == y).float().mean().item())
""",
        "history",
        'history["loss"].append(loss)',
    ),
    "outputs of an evaluation": (
        """\
net.eval()
preds = []
for x, _ in batches:
    preds.append(net(x))
""",
        "preds",
        "preds.append(net(x))",
    ),
    "output of an evaluation": (
        """\
net.eval()
X = torch.randn(20000, 64)
preds = net(X)
""",
        "preds",
        "preds = net(X)",
    ),
    "hidden state": (
        """\
rnn = nn.LSTM(64, 64, batch_first=True)
hidden = None
for _ in range(20):
    out, hidden = rnn(torch.randn(16, 10, 64), hidden)
""",
        "hidden",
        "out, hidden = rnn(torch.randn(16, 10, 64), hidden)",
    ),
    "attribute of an object": (
        """\
class Meter:
    def __init__(self):
        self.total = 0
        self.count = 0
    def update(self, loss, n):
        self.total += loss * n
        self.count += n
meter = Meter()
for x, y in batches:
    opt.zero_grad()
    loss = crit(net(x), y)
    loss.backward(); opt.step()
    meter.update(loss, len(x))
""",
        "meter",
        "self.total += loss * n",
    ),
    "retained graph": (
        """\
x = torch.randn(4000, 64); y = torch.zeros(4000, dtype=torch.long)
loss = crit(net(x), y)
loss.backward(retain_graph=True)
""",
        "loss",
        "loss = crit(net(x), y)",
    ),
    "comprehension": (
        """\
embeddings = [net(x) for x, _ in batches]
""",
        "embeddings",
        "embeddings = [net(x) for x, _ in batches]",
    ),
    "list of tuples": (
        """\
log = []
for step, (x, y) in enumerate(batches):
    loss = crit(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
    log.append((step, loss))
""",
        "log",
        "log.append((step, loss))",
    ),
    "deque": (
        """\
from collections import deque
recent = deque(maxlen=10)
for x, y in batches:
    loss = crit(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
    recent.append(loss)
""",
        "recent",
        "recent.append(loss)",
    ),
    "function in a cell magic": (
        """\
%%mem
def train():
    for x, y in batches:
        loss = crit(net(x), y)
        opt.zero_grad(); loss.backward(); opt.step()
        curve.append(loss)
curve = []
train()
""",
        "curve",
        "curve.append(loss)",
    ),
    "dict of outputs": (
        """\
outputs = {}
for i, (x, y) in enumerate(batches):
    outputs[i] = net(x)
""",
        "outputs",
        "outputs[i] = net(x)",
    ),
    "attribute of a class": (
        """\
class Curve:
    losses = []
for x, y in batches:
    loss = crit(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
    Curve.losses.append(loss)
""",
        "Curve",
        "Curve.losses.append(loss)",
    ),
    "attribute of a class that its method fills": (
        """\
class Agent:
    memory = {}
    def act(self, x):
        self.memory[len(self.memory)] = net(x)
agent = Agent()
for x, y in batches:
    agent.act(x)
""",
        "Agent",
        "self.memory[len(self.memory)] = net(x)",
    ),
    "private name": (
        """\
_losses = []
for x, y in batches:
    loss = crit(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
    _losses.append(loss)
""",
        "_losses",
        "_losses.append(loss)",
    ),
    "views in a deque": (
        """\
from collections import deque
recent = deque(maxlen=10)
for x, y in batches:
    recent.append(net(x)[:, 0])
""",
        "recent",
        "recent.append(net(x)[:, 0])",
    ),
    "set": (
        """\
seen = set()
for x, y in batches:
    seen.add(crit(net(x), y))
""",
        "seen",
        "seen.add(crit(net(x), y))",
    ),
    "column of a frame": (
        """\
import pandas as pd
rows = []
for step, (x, y) in enumerate(batches):
    rows.append({"step": step, "loss": crit(net(x), y)})
log = pd.DataFrame(rows)
del rows
""",
        "log",
        "log = pd.DataFrame(rows)",
    ),
    "array of objects with two axes": (
        """\
import numpy as np
grid = np.empty((4, 5), dtype=object)
for i, (x, y) in enumerate(batches):
    grid[i // 5, i % 5] = crit(net(x), y)
""",
        "grid",
        "grid[i // 5, i % 5] = crit(net(x), y)",
    ),
    "gradients with a graph": (
        """\
x = torch.randn(20000, 64); y = torch.zeros(20000, dtype=torch.long)
crit(net(x), y).backward(create_graph=True)
""",
        "net",
        "crit(net(x), y).backward(create_graph=True)",
    ),
    "array of objects": (
        """\
import numpy as np
outs = np.empty(20, dtype=object)
for i, (x, y) in enumerate(batches):
    outs[i] = net(x)
""",
        "outs",
        "outs[i] = net(x)",
    ),
    "sum in place": (
        """\
total = torch.zeros(())
for x, y in batches:
    loss = crit(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
    total.add_(loss)
""",
        "total",
        "total.add_(loss)",
    ),
    "parts of a tensor": (
        """\
losses = torch.zeros(len(batches))
for i, (x, y) in enumerate(batches):
    loss = crit(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
    losses[i] = loss
""",
        "losses",
        "losses[i] = loss",
    ),
    "joined tensors": (
        """\
outs = torch.zeros(0, 10)
for x, y in batches:
    out = net(x)
    loss = crit(out, y)
    opt.zero_grad(); loss.backward(); opt.step()
    outs = torch.cat([outs, out])
""",
        "outs",
        "outs = torch.cat([outs, out])",
    ),
    "row of a frame": (
        """\
import pandas as pd
log = pd.DataFrame(columns=["loss"])
for i, (x, y) in enumerate(batches):
    log.loc[i] = [crit(net(x), y)]
""",
        "log",
        "log.loc[i] = [crit(net(x), y)]",
    ),
    "named tuples": (
        """\
from collections import namedtuple
Step = namedtuple("Step", "number loss")
steps = []
for i, (x, y) in enumerate(batches):
    steps.append(Step(i, crit(net(x), y)))
""",
        "steps",
        "steps.append(Step(i, crit(net(x), y)))",
    ),
    "hook with a list": (
        """\
acts = []
handle = net[0].register_forward_hook(lambda m, args, out: acts.append(out))
for x, y in batches:
    loss = crit(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
""",
        "acts",
        "handle = net[0].register_forward_hook(lambda m, args, out: acts.append(out))",
    ),
    "hook with a closure": (
        """\
def watch(layer):
    acts = []
    layer.register_forward_hook(
        lambda m, args, out: acts.append(out)
    )
watch(net[0])
for x, y in batches:
    loss = crit(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
""",
        "net",
        "lambda m, args, out: acts.append(out)",
    ),
    "hook that is a method": (
        """\
class Recorder:
    def __init__(self):
        self.outs = []
    def hook(self, m, args, out):
        self.outs.append(out)
for layer in net:
    layer.register_forward_hook(Recorder().hook)
for x, y in batches:
    loss = crit(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
""",
        "net",
        "self.outs.append(out)",
    ),
    "objects in a list": (
        """\
class Step:
    def __init__(self, loss, out):
        self.loss, self.out = loss, out
steps = []
for x, y in batches:
    out = net(x)
    steps.append(Step(crit(out, y), out))
""",
        "steps",
        "steps.append(Step(crit(out, y), out))",
    ),
    "frozen objects in a dict": (
        """\
from dataclasses import dataclass
@dataclass(frozen=True, slots=True)
class Step:
    number: int
    loss: torch.Tensor
steps = {}
for i, (x, y) in enumerate(batches):
    steps["train", i] = Step(i, crit(net(x), y))
""",
        "steps",
        'steps["train", i] = Step(i, crit(net(x), y))',
    ),
    "dicts that are no plain ones": (
        """\
from collections import OrderedDict, defaultdict
log = OrderedDict(train=defaultdict(list))
for i, (x, y) in enumerate(batches):
    log["train"][i % 15].append(crit(net(x), y))
""",
        "log",
        'log["train"][i % 15].append(crit(net(x), y))',
    ),
    "method of a base class": (
        """\
class Log:
    def __init__(self):
        self.values = []
    def add(self, value):
        self.values.append(value)
class LossLog(Log):
    pass
log = LossLog()
for x, y in batches:
    log.add(crit(net(x), y))
""",
        "log",
        "self.values.append(value)",
    ),
    "method of an object in a list": (
        """\
class Trial:
    def __init__(self):
        self.values = []
    def report(self, value):
        self.values.append(value)
study = []
for _ in range(3):
    trial = Trial()
    study.append(trial)
    for x, y in batches:
        trial.report(crit(net(x), y))
del trial
""",
        "study",
        "self.values.append(value)",
    ),
}
