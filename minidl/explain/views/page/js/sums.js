// The sums that made one number: of a convolution, a pooling or a linear layer, and of their gradients.
//
// Pure arithmetic in double precision on the recorded numbers; nothing here knows about the page. Every function returns
// {kind, terms, groups, start, total, outside, partner}:
//   terms    [{a, b, product, group, at}]: a factor, the other factor, and the place of `a`'s cell in the partner array
//   groups   [{id, total, count}]: part sums by `by` (input channel, output row, ...)
//   start    the bias, or null;   outside: how many taps lie in the padding;   partner: "x" or "dz"
// A missing number (not on the page) makes `total` undefined.

// The place that tap `tap` of output `out` reads along an axis.
function tapPlace(window, axis, out, tap) {
  return out * window.stride[axis] + tap * window.dilation[axis] - window.padding[axis][0];
}

// The output whose tap `tap` reads `place`, or null.
function outputOf(window, axis, place, tap, outputs) {
  const reached = place + window.padding[axis][0] - tap * window.dilation[axis];
  const out = reached / window.stride[axis];
  return Number.isInteger(out) && out >= 0 && out < outputs ? out : null;
}

function inside(place, length) {
  return place >= 0 && place < length;
}

// z[n,o,p,q] = b[o] + Σ_cij w[o,c,i,j] · x[n,c,...]
function convSum({ x, w, b, window, groups }, [n, o, p, q], read) {
  const [outputs, channels, kh, kw] = w.shape;
  const first = Math.floor(o / (outputs / groups)) * channels;
  const sum = newSum("channel", "x", b ? read(b, [o]) : null);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++) {
        const place = [n, first + c, tapPlace(window, 0, p, i), tapPlace(window, 1, q, j)];
        if (!inside(place[2], x.shape[2]) || !inside(place[3], x.shape[3])) sum.outside++;
        else addProduct(sum, read(w, [o, c, i, j]), read(x, place), first + c, place);
      }
  return finish(sum);
}

// dx[n,c,h,v] = Σ_oij w[o,c,i,j] · dz[n,o,p,q] over the outputs (p,q) whose tap (i,j) read (h,v)
function convInputSum({ w, dz, window, groups }, [n, c, h, v], read) {
  const [outputs, channels, kh, kw] = w.shape;
  const size = outputs / groups;
  const group = Math.floor(c / channels);
  const sum = newSum("output", "dz", null);
  for (let o = group * size; o < (group + 1) * size; o++)
    for (let i = 0; i < kh; i++)
      for (let j = 0; j < kw; j++) {
        const p = outputOf(window, 0, h, i, dz.shape[2]);
        const q = outputOf(window, 1, v, j, dz.shape[3]);
        if (p === null || q === null) continue;
        const place = [n, o, p, q];
        addProduct(sum, read(w, [o, c - group * channels, i, j]), read(dz, place), o, place);
      }
  return finish(sum);
}

// dw[o,c,i,j] = Σ_npq x[n,c,...] · dz[n,o,p,q]
function convWeightSum({ x, w, dz, window, groups }, [o, c, i, j], read) {
  const channel = Math.floor(o / (w.shape[0] / groups)) * w.shape[1] + c;
  const [images, , rows, columns] = dz.shape;
  const sum = newSum("row", "x", null);
  for (let n = 0; n < images; n++)
    for (let p = 0; p < rows; p++)
      for (let q = 0; q < columns; q++) {
        const place = [n, channel, tapPlace(window, 0, p, i), tapPlace(window, 1, q, j)];
        if (!inside(place[2], x.shape[2]) || !inside(place[3], x.shape[3])) sum.outside++;
        else addProduct(sum, read(dz, [n, o, p, q]), read(x, place), n * rows + p, place);
      }
  return finish(sum);
}

// db[o] = Σ_npq dz[n,o,p,q]
function convBiasSum({ dz }, [o], read) {
  const [images, , rows, columns] = dz.shape;
  const sum = newSum("row", "dz", null);
  for (let n = 0; n < images; n++)
    for (let p = 0; p < rows; p++)
      for (let q = 0; q < columns; q++) addProduct(sum, read(dz, [n, o, p, q]), null, n * rows + p, [n, o, p, q]);
  return finish(sum);
}

// The taps of one window: [{value, at}], in the order that decides ties.
function tapsOf({ x, window }, [n, c, p, q], read) {
  const found = [];
  for (let i = 0; i < window.kernel[0]; i++)
    for (let j = 0; j < window.kernel[1]; j++) {
      const place = [n, c, tapPlace(window, 0, p, i), tapPlace(window, 1, q, j)];
      if (!inside(place[2], x.shape[2]) || !inside(place[3], x.shape[3])) continue;
      found.push({ value: read(x, place), at: place });
    }
  return found;
}

// The first of the largest; NaN wins over everything.
function winnerOf(taps) {
  let best = 0;
  for (let k = 1; k < taps.length && !Number.isNaN(taps[best].value); k++) {
    if (taps[k].value > taps[best].value || Number.isNaN(taps[k].value)) best = k;
  }
  return best;
}

// z[n,c,p,q] = max of the window
function maxPoolSum(arrays, index, read) {
  const taps = tapsOf(arrays, index, read);
  const sum = newSum("part", "x", null);
  sum.kind = "max";
  sum.outside = arrays.window.kernel[0] * arrays.window.kernel[1] - taps.length;
  const known = taps.every((tap) => tap.value !== undefined);
  const winner = known ? winnerOf(taps) : -1;
  taps.forEach((tap, k) =>
    sum.terms.push({ a: tap.value, b: null, product: tap.value, group: 0, at: tap.at, won: k === winner }),
  );
  sum.total = known && taps.length ? taps[winner].value : undefined;
  return sum;
}

// dx[n,c,h,v] = Σ dz[n,c,p,q] over the windows that hold (h,v) and where it won
function maxPoolInputSum(arrays, [n, c, h, v], read) {
  const sum = newSum("part", "dz", null);
  for (const [p, q] of windowsHolding(arrays, h, v)) {
    const taps = tapsOf(arrays, [n, c, p, q], read);
    if (taps.some((tap) => tap.value === undefined)) sum.missing = true;
    const won = taps[winnerOf(taps)].at;
    const wins = won[2] === h && won[3] === v;
    const dz = read(arrays.dz, [n, c, p, q]);
    if (dz === undefined) sum.missing = true;
    sum.terms.push({ a: dz, b: null, product: wins ? dz : 0, group: 0, at: [n, c, p, q], won: wins });
  }
  return finish(sum);
}

// z[n,c,p,q] = Σ x / divisor
function meanPoolSum(arrays, index, read) {
  const sum = newSum("part", "x", null);
  const divisor = divisorAt(arrays.divisor, index);
  const taps = tapsOf(arrays, index, read);
  sum.kind = "mean";
  sum.divisor = divisor;
  sum.outside = arrays.window.kernel[0] * arrays.window.kernel[1] - taps.length;
  for (const tap of taps) addProduct(sum, tap.value, null, 0, tap.at);
  finish(sum);
  if (sum.total !== undefined) sum.total = divisor === undefined ? undefined : sum.total / divisor;
  return sum;
}

// dx[n,c,h,v] = Σ dz[n,c,p,q] / divisor[p,q] over the windows that hold (h,v)
function meanPoolInputSum(arrays, [n, c, h, v], read) {
  const sum = newSum("part", "dz", null);
  for (const [p, q] of windowsHolding(arrays, h, v)) {
    const divisor = divisorAt(arrays.divisor, [n, c, p, q]);
    addProduct(sum, read(arrays.dz, [n, c, p, q]), divisor === undefined ? undefined : 1 / divisor, 0, [n, c, p, q]);
  }
  return finish(sum);
}

// The divisor of a window: one number for all, or one for each place as nested lists (..., Ho, Wo).
function divisorAt(divisor, index) {
  if (typeof divisor === "number") return divisor;
  if (!Array.isArray(divisor)) return undefined;
  let found = divisor;
  let depth = 0;
  for (let inner = divisor; Array.isArray(inner); inner = inner[0]) depth++;
  for (const place of index.slice(index.length - depth)) found = found[found.length === 1 ? 0 : place];
  return found;
}

// Every (p, q) whose window holds (h, v), row by row.
function windowsHolding({ dz, window }, h, v) {
  const along = (axis, place) => {
    const taps = Array.from({ length: window.kernel[axis] }, (_, i) => i);
    return taps
      .map((tap) => outputOf(window, axis, place, tap, dz.shape[2 + axis]))
      .filter((out) => out !== null)
      .sort((first, second) => first - second);
  };
  return along(0, h).flatMap((p) => along(1, v).map((q) => [p, q]));
}

// z[..., o] = b[o] + Σ_k x[..., k] · w[o, k]
function linearSum({ x, w, b }, index, read) {
  const o = index.at(-1);
  const sum = newSum("part", "x", b ? read(b, [o]) : null);
  for (let k = 0; k < w.shape[1]; k++) {
    const place = [...index.slice(0, -1), k];
    addProduct(sum, read(w, [o, k]), read(x, place), Math.floor(k / LINEAR_PART), place);
  }
  return finish(sum);
}

const LINEAR_PART = 32; // products that are spelled together

// dx[..., k] = Σ_o dz[..., o] · w[o, k]
function linearInputSum({ w, dz }, index, read) {
  const k = index.at(-1);
  const sum = newSum("part", "dz", null);
  for (let o = 0; o < w.shape[0]; o++) {
    const place = [...index.slice(0, -1), o];
    addProduct(sum, read(w, [o, k]), read(dz, place), Math.floor(o / LINEAR_PART), place);
  }
  return finish(sum);
}

// dw[o, k] = Σ_n dz[n, o] · x[n, k]
function linearWeightSum({ x, dz }, [o, k], read) {
  const sum = newSum("part", "dz", null);
  leading(dz.shape).forEach((head, n) => {
    addProduct(sum, read(x, [...head, k]), read(dz, [...head, o]), Math.floor(n / LINEAR_PART), [...head, o]);
  });
  return finish(sum);
}

// db[o] = Σ_n dz[n, o]
function linearBiasSum({ dz }, [o], read) {
  const sum = newSum("part", "dz", null);
  leading(dz.shape).forEach((head, n) => {
    addProduct(sum, read(dz, [...head, o]), null, Math.floor(n / LINEAR_PART), [...head, o]);
  });
  return finish(sum);
}

// Every index of all axes but the last.
function leading(shape) {
  return shape
    .slice(0, -1)
    .reduce((heads, length) => heads.flatMap((head) => Array.from({ length }, (_, i) => [...head, i])), [[]]);
}

function newSum(by, partner, start) {
  return { kind: "sum", by, partner, start, terms: [], groups: [], outside: 0, missing: start === undefined };
}

function addProduct(sum, a, b, group, place) {
  if (a === undefined || b === undefined) sum.missing = true;
  sum.terms.push({ a, b, product: b === null ? a : a * b, group, at: place });
}

// Fill in the part sums and the total.
function finish(sum) {
  const totals = new Map();
  for (const { group, product } of sum.terms) {
    const so = totals.get(group) ?? { id: group, total: 0, count: 0 };
    totals.set(group, { id: group, total: so.total + product, count: so.count + 1 });
  }
  sum.groups = [...totals.values()];
  sum.total = sum.missing ? undefined : sum.groups.reduce((total, group) => total + group.total, sum.start ?? 0);
  return sum;
}

const SUMS = {
  Conv2d: { z: convSum, dx: convInputSum, dw: convWeightSum, db: convBiasSum },
  MaxPool2d: { z: maxPoolSum, dx: maxPoolInputSum },
  AvgPool2d: { z: meanPoolSum, dx: meanPoolInputSum },
  Linear: { z: linearSum, dx: linearInputSum, dw: linearWeightSum, db: linearBiasSum },
};
