// Recurrent layers and cells: the rule of one unit, and the walk over all times, forward and back
// (ops/recurrent.py, ops/over_time.py).

const sigma = (v) => 1 / (1 + Math.exp(-v));

// Of each kind the number of gates, and for one unit:
//   step(x, y, h0, c0)         what its gates' two parts and the state before make of it, by name; h (and c) is the new state
//   back(now, dh, dc_after)    the gradients of the gates' parts, {dx, dy} (one array where only x + y counts), of the
//                              state before, dh0 beside what goes through y, dc0, and dc: all that reached c
const CELLS = {
  Tanh: {
    gates: 1,
    step: ([x], [y]) => ({ h: Math.tanh(x + y) }),
    back: ({ h }, dh) => ({ dx: [(1 - h * h) * dh] }),
  },
  Relu: {
    gates: 1,
    step: ([x], [y]) => ({ h: x + y <= 0 ? 0 : x + y }),
    back: ({ h }, dh) => ({ dx: [h <= 0 ? 0 : dh] }),
  },
  LSTM: {
    gates: 4,
    step([x_i, x_f, x_g, x_o], [y_i, y_f, y_g, y_o], h0, c0) {
      const [i, f, g, o] = [sigma(x_i + y_i), sigma(x_f + y_f), Math.tanh(x_g + y_g), sigma(x_o + y_o)];
      const c = f * c0 + i * g;
      const tanh_c = Math.tanh(c);
      return { i, f, g, o, c0, c, tanh_c, h: o * tanh_c };
    },
    back({ i, f, g, o, c0, tanh_c }, dh, dc_after) {
      const dc = dc_after + o * (1 - tanh_c * tanh_c) * dh;
      return { dx: [i * (1 - i) * g * dc, f * (1 - f) * c0 * dc, (1 - g * g) * i * dc, o * (1 - o) * tanh_c * dh], dc0: f * dc, dc };
    },
  },
  GRU: {
    gates: 3,
    step([x_r, x_u, x_n], [y_r, y_u, yn], h0) {
      const [r, u] = [sigma(x_r + y_r), sigma(x_u + y_u)];
      const n = Math.tanh(x_n + r * yn);
      return { r, u, n, yn, h0, h: (1 - u) * n + u * h0 };
    },
    back({ r, u, n, yn, h0 }, dh) {
      const dn = (1 - n * n) * (1 - u) * dh;
      const [dr, du] = [r * (1 - r) * yn * dn, u * (1 - u) * (h0 - n) * dh];
      return { dx: [dr, du, dn], dy: [dr, du, r * dn], dh0: u * dh };
    },
  },
};

// The rows of each time, in the order of the walk: [[first, count], ...].
function timesOf(sizes, reverse) {
  let start = 0;
  const times = sizes.map((count) => [(start += count) - count, count]);
  return reverse ? times.reverse() : times;
}

// The numbers of one unit, gate by gate.
const partsOf = (numbers, start, H, gates) => Array.from({ length: gates }, (_, k) => numbers[start + k * H]);

// What the pictures show, by name: of every row its vectors, and of every unit what `step` and `back` found.
function shownOf({ R, H, vectors, units }) {
  const found = Object.fromEntries(Object.entries(vectors).map(([name, sums]) => [name, rounded([R, sums.length / R], sums)]));
  for (const name of Object.keys(units[0] ?? {})) found[name] = rounded([R, H], units.map((unit) => unit[name]));
  return found;
}

// x (rows, I) · wᵀ + b: what an input contributes to the gates.
function contribution({ shape: [R, I], numbers: x }, { shape: [G], numbers: w }, b) {
  const sums = new Float64Array(R * G);
  for (let row = 0; row < R; row++) {
    for (let k = 0; k < G; k++) {
      let sum = b?.numbers[k] ?? 0;
      for (let i = 0; i < I; i++) sum += w[k * I + i] * x[row * I + i];
      sums[row * G + k] = sum;
    }
  }
  return sums;
}

// The gradients of a layer's input and weights, by label: sums over rows or gates of what reached the gates.
function weightGradients({ x, w_ih, w_hh, w_hr, b_ih, b_hh }, { R, G, H, P, units, vectors: { before, dgx, dy, dp } }) {
  const I = x.shape[1];
  const sums = Object.fromEntries(Object.entries({ x, w_ih, w_hh, w_hr, b_ih, b_hh }).map(([name, one]) => [name, one && new Float64Array(one.numbers.length)]));
  for (let row = 0; row < R; row++) {
    for (let k = 0; k < G; k++) {
      const [d, e] = [dgx[row * G + k], dy[row * G + k]];
      if (b_ih) sums.b_ih[k] += d;
      if (b_hh) sums.b_hh[k] += e;
      for (let i = 0; i < I; i++) {
        sums.x[row * I + i] += d * w_ih.numbers[k * I + i];
        sums.w_ih[k * I + i] += d * x.numbers[row * I + i];
      }
      for (let j = 0; j < P; j++) sums.w_hh[k * P + j] += e * before[row * P + j];
    }
    for (let p = 0; w_hr && p < P; p++) for (let u = 0; u < H; u++) sums.w_hr[p * H + u] += dp[row * P + p] * units[row * H + u].h;
  }
  return sums;
}

function recurrentKernel(kind, layer) {
  const { gates, step, back } = CELLS[kind];
  const states = [0, 1].map((k) => `${layer ? "first" : "state"}[${k}]`);
  kernel(kind + (layer ? "Layer" : "Step"), {
    forward(inputs, options, memo) {
      const { x, w_ih, w_hh, b_ih, b_hh, w_hr } = inputs;
      const gx = layer ? contribution(x, w_ih, b_ih) : x.numbers;
      const [R, P] = [x.shape[0], inputs[states[0]].shape[1]];
      const G = gx.length / R;
      const H = G / gates;
      const times = timesOf(layer ? options.sizes : [R], options.reverse);
      const [h, c] = states.map((name) => Float64Array.from(inputs[name]?.numbers ?? []));
      const [z, y, before, units] = [new Float64Array(R * P), new Float64Array(R * G), new Float64Array(R * P), []];
      for (const [first, count] of times) {
        for (let n = 0; n < count; n++) {
          const row = first + n;
          const own = h.subarray(n * P, (n + 1) * P);
          before.set(own, row * P);
          y.set(layer ? contribution({ shape: [1, P], numbers: own }, w_hh, b_hh) : inputs.y.numbers.subarray(row * G, (row + 1) * G), row * G);
          for (let u = 0; u < H; u++) {
            const now = step(partsOf(gx, row * G + u, H, gates), partsOf(y, row * G + u, H, gates), before[row * P + u], c[n * H + u]);
            units[row * H + u] = now;
            if (c.length) c[n * H + u] = now.c;
          }
          for (let p = 0; p < P; p++) {
            let sum = w_hr ? 0 : units[row * H + p].h;
            if (w_hr) for (let u = 0; u < H; u++) sum += w_hr.numbers[p * H + u] * units[row * H + u].h;
            z[row * P + p] = own[p] = sum;
          }
        }
      }
      Object.assign(memo, { R, G, H, P, times, units, vectors: { y, before, ...(layer ? { gx } : {}) } });
      const outputs = layer ? [...z, ...h, ...c] : [...z, ...c];
      return rounded([outputs.length], outputs);
    },
    backward(inputs, dz, options, memo) {
      const { R, G, H, P, times, units, vectors } = memo;
      const { w_hh, w_hr } = inputs;
      const above = Float64Array.from(dz.numbers.subarray(0, R * P));
      const N = inputs[states[0]].shape[0];
      const dh = layer ? Float64Array.from(dz.numbers.subarray(R * P, (R + N) * P)) : new Float64Array(N * P); // of a cell nothing lies behind h
      const dc = Float64Array.from(dz.numbers.subarray(R * P + (layer ? N * P : 0))); // empty where there is no c
      const [dgx, dy, after, dp] = [R * G, R * G, R * P, R * P].map((size) => new Float64Array(size));
      for (const [first, count] of times.toReversed()) {
        for (let n = 0; n < count; n++) {
          const row = first + n;
          const sent = new Float64Array(P); // to h of the step before
          after.set(dh.subarray(n * P, (n + 1) * P), row * P);
          for (let p = row * P; p < (row + 1) * P; p++) dp[p] = above[p] + after[p];
          for (let u = 0; u < H; u++) {
            const unit = units[row * H + u];
            unit.dh = w_hr ? 0 : dp[row * P + u];
            if (w_hr) for (let p = 0; p < P; p++) unit.dh += dp[row * P + p] * w_hr.numbers[p * H + u];
            if (dc.length) unit.dc_after = dc[n * H + u];
            const found = back(unit, unit.dh, unit.dc_after);
            for (let k = 0; k < gates; k++) {
              dgx[row * G + k * H + u] = found.dx[k];
              dy[row * G + k * H + u] = (found.dy ?? found.dx)[k];
            }
            sent[u] += found.dh0 ?? 0;
            if (dc.length) {
              unit.dc = found.dc;
              dc[n * H + u] = found.dc0;
            }
          }
          for (let k = 0; layer && k < G; k++) for (let j = 0; j < P; j++) sent[j] += dy[row * G + k] * w_hh.numbers[k * P + j];
          dh.set(sent, n * P);
        }
      }
      const own = { [states[0]]: layer || kind === "GRU" ? dh : undefined, [states[1]]: dc };
      const sums = { ...(layer ? weightGradients(inputs, { ...memo, vectors: { ...vectors, dgx, dy, dp } }) : { x: dgx, y: dy }), ...own };
      Object.assign(vectors, { above, after, dp, dy, ...(layer && kind === "GRU" ? { dgx } : {}) });
      return Object.fromEntries(Object.entries(sums).filter(([name, sum]) => inputs[name] && sum).map(([name, sum]) => [name, rounded(inputs[name].shape, sum)]));
    },
    extras: shownOf,
  });
}

for (const kind of Object.keys(CELLS)) for (const layer of [true, false]) recurrentKernel(kind, layer);
