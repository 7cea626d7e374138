// Softmax, and the losses of classes. Rows lie along one axis: scores (N, C, rest) are read as rows of C numbers.

// Visit each row along an axis: visit(where it starts, the step between its elements, its number).
function eachRow(shape, axis, visit) {
  const inner = sizeOf(shape.slice(axis + 1));
  const length = shape[axis];
  const rows = sizeOf(shape) / length;
  for (let row = 0; row < rows; row++) visit(Math.floor(row / inner) * length * inner + (row % inner), inner, row);
}

// {softmax, logs}: e^x / Σ e^x along an axis and its logarithm, in double precision.
function softmaxOf(x, axis) {
  const length = x.shape[axis];
  const [softmax, logs] = [new Float64Array(x.numbers.length), new Float64Array(x.numbers.length)];
  eachRow(x.shape, axis, (start, step_) => {
    let [top, total] = [-Infinity, 0];
    for (let k = 0; k < length; k++) top = Math.max(top, x.numbers[start + k * step_]);
    for (let k = 0; k < length; k++) total += softmax[start + k * step_] = Math.exp(x.numbers[start + k * step_] - top);
    for (let k = 0; k < length; k++) {
      softmax[start + k * step_] /= total;
      logs[start + k * step_] = x.numbers[start + k * step_] - top - Math.log(total);
    }
  });
  return { softmax, logs };
}

// dx of a row from its z and dz: rowGradient(dz of the element, Σ over the row, z of the element).
function alongRows(z, dz, axis, share, gradient) {
  const dx = new LiveArray(dz.shape);
  eachRow(dz.shape, axis, (start, step_) => {
    let sum = 0;
    for (let k = 0; k < dz.shape[axis]; k++) sum += share(dz.numbers[start + k * step_], z[start + k * step_]);
    for (let k = 0; k < dz.shape[axis]; k++) dx.numbers[start + k * step_] = gradient(dz.numbers[start + k * step_], sum, z[start + k * step_]);
  });
  return dx;
}

kernel("Softmax", {
  forward: ({ x }, { dim }) => rounded(x.shape, softmaxOf(x, dim).softmax),
  backward: (inputs, dz, { dim }, { z }) => ({ x: alongRows(z.numbers, dz, dim, (d, p) => d * p, (d, sum, p) => p * (d - sum)) }),
});

kernel("LogSoftmax", {
  forward({ x }, { dim }, memo) {
    const { softmax, logs } = softmaxOf(x, dim);
    memo.softmax = softmax;
    return rounded(x.shape, logs);
  },
  backward: (inputs, dz, { dim }, { softmax }) => ({ x: alongRows(softmax, dz, dim, (d) => d, (d, sum, p) => d - p * sum) }),
});

kernel("CrossEntropy", {
  forward({ x, t }, options, memo) {
    const { softmax, logs } = softmaxOf(x, 1);
    memo.softmax = softmax;
    let sum = 0;
    eachRow(x.shape, 1, (start, step_, row) => (sum -= logs[start + t.numbers[row] * step_]));
    return new LiveArray([], Float32Array.of(sum / t.numbers.length));
  },
  backward({ x, t }, dz, options, { softmax }) {
    const dx = new LiveArray(x.shape);
    const share = dz.numbers[0] / t.numbers.length;
    eachRow(x.shape, 1, (start, step_, row) => {
      for (let c = 0; c < x.shape[1]; c++) dx.numbers[start + c * step_] = (softmax[start + c * step_] - (c === t.numbers[row] ? 1 : 0)) * share;
    });
    return { x: dx };
  },
});

// The loss of each sample, weighted, and their sum or mean; and the gradient of each sample's own loss.
function weighted(losses, { t, w, c, kept }, { reduction }) {
  const z = losses.map((v, n) => (kept && !kept.numbers[n] ? 0 : v * (w ? w.numbers[n] : 1)));
  if (reduction === "none") return rounded(t.shape, z);
  return new LiveArray([], Float32Array.of(z.reduce((sum, v) => sum + v, 0) / totalOf(t, c, reduction)));
}

function shared(dz, { t, w, c, kept }, { reduction }) {
  const total = totalOf(t, c, reduction);
  return Float64Array.from(t.numbers, (_, n) => (kept && !kept.numbers[n] ? 0 : (dz.numbers[reduction === "none" ? n : 0] * (w ? w.numbers[n] : 1)) / total));
}

function totalOf(t, c, reduction) {
  if (reduction !== "mean") return 1;
  return c ? c.numbers.reduce((sum, v) => sum + Number(v), 0) : t.numbers.length;
}

kernel("NegativeLogLikelihood", {
  forward(inputs, options) {
    const { x, t } = inputs;
    const losses = new Float64Array(t.numbers.length);
    eachRow(x.shape, 1, (start, step_, row) => (losses[row] = -x.numbers[start + t.numbers[row] * step_]));
    return weighted(losses, inputs, options);
  },
  backward(inputs, dz, options) {
    const { x, t } = inputs;
    const dx = new LiveArray(x.shape);
    const dl = shared(dz, inputs, options);
    eachRow(x.shape, 1, (start, step_, row) => (dx.numbers[start + t.numbers[row] * step_] = -dl[row]));
    return { x: dx };
  },
});
