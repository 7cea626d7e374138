// Attention, pair of matrices by pair: s = scale q kᵀ + mask, p = softmax(s), z = p v. Leading axes are broadcast.

// The shapes, and for each pair of matrices where its q, k, v begin: {L, S, E, V, leading, starts}.
function headsOf({ q, k, v }) {
  const [L, E, S, V] = [q.shape.at(-2), q.shape.at(-1), k.shape.at(-2), v.shape.at(-1)];
  const own = [q, k, v].map((x) => x.shape.slice(0, -2));
  const leading = own.reduce(broadcastShape);
  const places = own.map((shape) => placesIn(shape, leading));
  const starts = Array.from(places[0], (_, n) => ({ q: places[0][n] * L * E, k: places[1][n] * S * E, v: places[2][n] * S * V }));
  return { L, S, E, V, leading, starts };
}

const dot = (a, i, b, j, count) => {
  let sum = 0;
  for (let d = 0; d < count; d++) sum += a[i + d] * b[j + d];
  return sum;
};

kernel("Attention", {
  forward(inputs, { scale, kept, p_drop }, memo) {
    const { q, k, v, mask } = inputs;
    const { L, S, E, V, leading, starts } = (memo.heads = headsOf(inputs));
    const shape = [...leading, L, S];
    const masked = mask && placesIn(mask.shape, shape);
    const [s, p, z] = [new Float64Array(sizeOf(shape)), new Float64Array(sizeOf(shape)), new Float64Array(starts.length * L * V)];
    memo.drop = kept ? Float64Array.from(kept.numbers, (on) => (on && p_drop < 1 ? 1 / (1 - p_drop) : 0)) : new Float64Array(s.length).fill(1);
    starts.forEach((start, n) => {
      for (let i = 0; i < L; i++) {
        const row = (n * L + i) * S;
        let [top, total] = [-Infinity, 0];
        for (let j = 0; j < S; j++) {
          s[row + j] = scale * dot(q.numbers, start.q + i * E, k.numbers, start.k + j * E, E) + (masked ? mask.numbers[masked[row + j]] : 0);
          top = Math.max(top, s[row + j]);
        }
        if (top === -Infinity) continue; // a query that may look at nothing
        for (let j = 0; j < S; j++) total += p[row + j] = Math.exp(s[row + j] - top);
        for (let j = 0; j < S; j++) {
          p[row + j] /= total;
          for (let e = 0; e < V; e++) z[(n * L + i) * V + e] += p[row + j] * memo.drop[row + j] * v.numbers[start.v + j * V + e];
        }
      }
    });
    Object.assign(memo, { shape, s, p });
    return rounded([...leading, L, V], z);
  },
  backward(inputs, dz, { scale }, memo) {
    const { q, k, v, mask } = inputs;
    const { heads: { L, S, E, V, starts }, p, drop, shape } = memo;
    const [dq, dk, dv] = [q, k, v].map((x) => new Float64Array(x.numbers.length));
    const [dp, ds] = [new Float64Array(p.length), new Float64Array(p.length)];
    starts.forEach((start, n) => {
      for (let i = 0; i < L; i++) {
        const row = (n * L + i) * S;
        const arrived = (n * L + i) * V;
        let along = 0;
        for (let j = 0; j < S; j++) {
          dp[row + j] = drop[row + j] * dot(dz.numbers, arrived, v.numbers, start.v + j * V, V);
          along += dp[row + j] * p[row + j];
          for (let e = 0; e < V; e++) dv[start.v + j * V + e] += p[row + j] * drop[row + j] * dz.numbers[arrived + e];
        }
        for (let j = 0; j < S; j++) {
          const share = scale * (ds[row + j] = p[row + j] * (dp[row + j] - along));
          for (let e = 0; e < E; e++) {
            dq[start.q + i * E + e] += share * k.numbers[start.k + j * E + e];
            dk[start.k + j * E + e] += share * q.numbers[start.q + i * E + e];
          }
        }
      }
    });
    Object.assign(memo, { dp, ds });
    return { q: rounded(q.shape, dq), k: rounded(k.shape, dk), v: rounded(v.shape, dv), mask: mask && rounded(shape, ds) };
  },
  extras: ({ shape, s, p, drop, dp, ds }) => ({ s: rounded(shape, s), p: rounded(shape, p.map((v, k) => v * drop[k])), ...(ds ? { dp: rounded(shape, dp), ds: rounded(shape, ds) } : {}) }),
});
