"""Deep Q-learning with a replay memory and a target network."""
import random
from collections import deque, namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))


class ReplayMemory(object):
    def __init__(self, capacity):
        self.memory = deque([], maxlen=capacity)

    def push(self, *args):
        self.memory.append(Transition(*args))

    def sample(self, batch_size):
        return random.sample(self.memory, batch_size)

    def __len__(self):
        return len(self.memory)


class DQN(nn.Module):
    def __init__(self, n_observations, n_actions):
        super(DQN, self).__init__()
        self.layer1 = nn.Linear(n_observations, 16)
        self.layer2 = nn.Linear(16, n_actions)

    def forward(self, x):
        return self.layer2(F.relu(self.layer1(x)))


device = torch.device("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
policy_net, target_net = DQN(4, 2).to(device), DQN(4, 2).to(device)
optimizer = optim.AdamW(policy_net.parameters(), lr=1e-3, amsgrad=True)
target_net.load_state_dict(policy_net.state_dict())
memory = ReplayMemory(100)
state = torch.tensor([0.1, -0.2, 0.3, 0.0], dtype=torch.float32, device=device).unsqueeze(0)
for t in range(24):
    if random.random() > 0.3:
        with torch.no_grad():
            action = policy_net(state).max(1).indices.view(1, 1)
    else:
        action = torch.tensor([[random.randrange(2)]], device=device, dtype=torch.long)
    next_state = None if t % 7 == 6 else state.roll(1, 1) + (action.float() - 0.5) * 0.1
    reward = torch.tensor([-1.0 if next_state is None else 1.0], device=device)
    memory.push(state, action, next_state, reward)
    state = next_state if next_state is not None else torch.tensor([[0.1, -0.2, 0.3, 0.0]])
    if len(memory) < 8:
        continue
    batch = Transition(*zip(*memory.sample(8)))
    non_final_mask = torch.tensor(tuple(map(lambda s: s is not None, batch.next_state)), device=device, dtype=torch.bool)
    non_final_next_states = torch.cat([s for s in batch.next_state if s is not None])
    state_batch, action_batch, reward_batch = torch.cat(batch.state), torch.cat(batch.action), torch.cat(batch.reward)
    state_action_values = policy_net(state_batch).gather(1, action_batch)
    next_state_values = torch.zeros(8, device=device)
    with torch.no_grad():
        next_state_values[non_final_mask] = target_net(non_final_next_states).max(1).values
    expected = (next_state_values * 0.99) + reward_batch
    loss = nn.SmoothL1Loss()(state_action_values, expected.unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_value_(policy_net.parameters(), 100)
    optimizer.step()
    target_dict, policy_dict = target_net.state_dict(), policy_net.state_dict()
    for key in policy_dict:
        target_dict[key] = policy_dict[key] * 0.005 + target_dict[key] * 0.995
    target_net.load_state_dict(target_dict)
    if t % 4 == 0:
        print(t, loss.item())
