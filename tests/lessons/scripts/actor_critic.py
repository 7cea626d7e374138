"""Actor-critic: named tuples, smooth L1, entropy."""
from collections import namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.distributions import Categorical

SavedAction = namedtuple("SavedAction", ["log_prob", "value"])


class Policy(nn.Module):
    def __init__(self):
        super(Policy, self).__init__()
        self.affine1 = nn.Linear(4, 16)
        self.action_head = nn.Linear(16, 2)
        self.value_head = nn.Linear(16, 1)
        self.saved_actions = []
        self.rewards = []

    def forward(self, x):
        x = F.relu(self.affine1(x))
        return F.softmax(self.action_head(x), dim=-1), self.value_head(x)


model = Policy()
optimizer = optim.Adam(model.parameters(), lr=3e-2)
for i_episode in range(3):
    state = torch.tensor([0.1, -0.2, 0.3, 0.0])
    entropy = 0
    for t in range(8):
        probs, state_value = model(state)
        m = Categorical(probs)
        action = m.sample()
        entropy = entropy + m.entropy()
        model.saved_actions.append(SavedAction(m.log_prob(action), state_value))
        state = state.roll(1) + (action.float() - 0.5) * 0.2
        model.rewards.append(-state.abs().sum().item())
    R, policy_losses, value_losses, returns = 0, [], [], []
    for r in model.rewards[::-1]:
        R = r + 0.99 * R
        returns.insert(0, R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + 1e-7)
    for (log_prob, value), R in zip(model.saved_actions, returns):
        advantage = R - value.item()
        policy_losses.append(-log_prob * advantage)
        value_losses.append(F.smooth_l1_loss(value, torch.tensor([R])))
    optimizer.zero_grad()
    loss = torch.stack(policy_losses).sum() + torch.stack(value_losses).sum() - 0.01 * entropy
    loss.backward()
    optimizer.step()
    print(i_episode, loss.item(), entropy.item())
    del model.rewards[:]
    del model.saved_actions[:]
