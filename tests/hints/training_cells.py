"""Cells of usual training, which keep no graph without need."""

from __future__ import annotations

# Formatted with the width, the rows of a batch, and the optimizer.
SETUP = """\
import torch, torch.nn as nn, torch.nn.functional as F
from torch.utils.checkpoint import checkpoint
D = {d}
net = nn.Sequential(nn.Linear(D, 64), nn.ReLU(), nn.Linear(64, 10))
opt = torch.optim.{opt}(net.parameters(), lr=0.01)
batches = [(torch.randn({b}, D), torch.randint(0, 10, ({b},))) for _ in range(4)]
crit = nn.CrossEntropyLoss()
"""

CLEAN = (
    """\
for x, y in batches:
    opt.zero_grad()
    loss = crit(net(x), y)
    loss.backward()
    opt.step()
""",
    """\
total = 0.0
for x, y in batches:
    out = net(x)
    loss = crit(out, y)
    opt.zero_grad(set_to_none=True); loss.backward(); opt.step()
    total += loss.item()
print(total / len(batches))
""",
    """\
losses = []
for x, y in batches:
    out = net(x); loss = crit(out, y)
    loss.backward(); opt.step(); opt.zero_grad()
    losses.append(loss.detach())
""",
    """\
history = {"loss": [], "acc": []}
for x, y in batches:
    logits = net(x)
    loss = F.cross_entropy(logits, y)
    opt.zero_grad(); loss.backward(); opt.step()
    history["loss"].append(float(loss.detach()))
    history["acc"].append((logits.argmax(1) == y).float().mean().item())
""",
    """\
net.eval()
with torch.no_grad():
    preds = [net(x) for x, _ in batches]
acc = torch.cat(preds).argmax(1)
net.train();
""",
    """\
net.eval()
with torch.inference_mode():
    preds = torch.cat([net(x) for x, _ in batches])
""",
    """\
heads = [nn.Linear(10, 3) for _ in range(3)]
x, y = batches[0]
z = net(x)
outs = [h(z) for h in heads]
loss = sum(F.cross_entropy(o, y % 3) for o in outs)
opt.zero_grad(); loss.backward(); opt.step()
""",
    """\
for episode in range(3):
    log_probs, rewards = [], []
    for x, y in batches:
        dist = torch.distributions.Categorical(logits=net(x))
        a = dist.sample()
        log_probs.append(dist.log_prob(a).mean())
        rewards.append(1.0)
    policy_loss = -(torch.stack(log_probs) * torch.tensor(rewards)).sum()
    opt.zero_grad(); policy_loss.backward(); opt.step()
""",
    """\
rnn = nn.LSTM(D, 32, batch_first=True); ropt = torch.optim.Adam(rnn.parameters())
hidden = None
for x, y in batches:
    out, hidden = rnn(x[:, None], hidden)
    hidden = tuple(h.detach() for h in hidden)
    loss = out.pow(2).mean()
    ropt.zero_grad(); loss.backward(); ropt.step()
""",
    """\
G = nn.Linear(5, D); Dn = nn.Linear(D, 1)
og, od = torch.optim.Adam(G.parameters()), torch.optim.Adam(Dn.parameters())
for x, _ in batches:
    fake = G(torch.randn(len(x), 5))
    d_loss = Dn(fake.detach()).mean() - Dn(x).mean()
    od.zero_grad(); d_loss.backward(); od.step()
    g_loss = -Dn(fake).mean()
    og.zero_grad(); g_loss.backward(); og.step()
""",
    """\
accum = 2
for i, (x, y) in enumerate(batches):
    loss = crit(net(x), y) / accum
    loss.backward()
    if (i + 1) % accum == 0:
        opt.step(); opt.zero_grad()
""",
    """\
loss = 0
for x, y in batches:
    loss += crit(net(x), y)
loss = loss / len(batches)
opt.zero_grad(); loss.backward(); opt.step()
""",
    """\
def train_epoch(model, data):
    running = 0.0
    for x, y in data:
        loss = crit(model(x), y)
        opt.zero_grad(); loss.backward(); opt.step()
        running += loss.item() * len(x)
    return running
epochs = [train_epoch(net, batches) for _ in range(2)]
""",
    """\
class Trainer:
    def __init__(self, model):
        self.model = model; self.history = []
    def step(self, x, y):
        self.loss = crit(self.model(x), y)
        opt.zero_grad(); self.loss.backward(); opt.step()
        self.history.append(self.loss.item())
trainer = Trainer(net)
for x, y in batches: trainer.step(x, y)
""",
    """\
with torch.autocast("cpu", dtype=torch.bfloat16):
    out = net(batches[0][0]); loss = crit(out.float(), batches[0][1])
opt.zero_grad(); loss.backward(); opt.step()
""",
    """\
ema = torch.optim.swa_utils.AveragedModel(net)
for x, y in batches:
    loss = crit(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
    ema.update_parameters(net)
""",
    """\
x, y = batches[0]
out = net(x)
loss = crit(out, y)
""",
    """\
for x, y in batches:
    h = checkpoint(net, x, use_reentrant=False)
    reg = sum(p.pow(2).sum() for p in net.parameters())
    loss = crit(h, y) + 1e-4 * reg
    opt.zero_grad(); loss.backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    opt.step()
""",
    """\
W = torch.randn(D, 16, requires_grad=True); b = torch.zeros(16, requires_grad=True)
for x, y in batches:
    h = x @ W
    h += b
    out = h.relu()
    loss = F.cross_entropy(out, y)
    loss.backward()
    with torch.no_grad():
        W -= 0.1 * W.grad; b -= 0.1 * b.grad
        W.grad = None; b.grad = None
""",
    """\
outputs = {}
for x, y in batches:
    outputs = {"logits": net(x), "x": x}
    losses = {"ce": crit(outputs["logits"], y), "l2": outputs["logits"].pow(2).mean()}
    loss = sum(losses.values())
    opt.zero_grad(); loss.backward(); opt.step()
    metrics = {k: v.item() for k, v in losses.items()}
""",
    """\
rnn = nn.RNNCell(D, 16)
for x, _ in batches:
    outs = torch.zeros(5, len(x), 16); h = torch.zeros(len(x), 16)
    for t in range(5):
        h = rnn(x, h); outs[t] = h
    outs.add_(1)
    outs.pow(2).mean().backward()
""",
    """\
history = torch.empty(0)
for x, y in batches:
    loss = crit(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
    history = torch.cat([history, loss.detach()[None]])
""",
    """\
feats = {}
handles = [
    layer.register_forward_hook(lambda m, i, o, name=name: feats.update({name: o}))
    for name, layer in net.named_children()
]
for x, y in batches:
    loss = crit(net(x), y) + sum(each.norm() for each in feats.values())
    opt.zero_grad(); loss.backward(); opt.step()
for handle in handles: handle.remove()
""",
    """\
def perceptual(layers):
    feats = []
    for layer in layers: layer.register_forward_hook(lambda m, i, o: feats.append(o))
    def measure(x):
        feats.clear(); net(x)
        return sum(each.pow(2).mean() for each in feats)
    return measure
measure = perceptual(net)
for x, y in batches:
    loss = crit(net(x), y) + measure(x)
    opt.zero_grad(); loss.backward(); opt.step()
""",
    """\
norms = []
handle = net[0].register_forward_hook(lambda m, i, o: norms.append(o.norm().item()))
for x, y in batches:
    loss = crit(net(x), y)
    opt.zero_grad(); loss.backward(); opt.step()
""",
)
