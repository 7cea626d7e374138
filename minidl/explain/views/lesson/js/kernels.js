// The kernels of a live step: what an operation computes forward and backward, on typed arrays. One family per file of
// js/kernels. Sums run in double precision and are rounded once, so numbers agree with the engine's to float32 rounding.

const KERNELS = {};
const SLOPES = {}; // of functions of one number: {value(x, options), slope(x, z, options)}

// kernel("Mul", {forward(inputs, options, memo), backward(inputs, dz, options, memo, needs)})
//   inputs    {x, w, ...}: LiveArrays by label; null where none was given
//   memo      what forward leaves for backward; memo.z is its result
//   backward  the gradients by label, {x: dx, w: dw}, in the shape of the input or of z (what was broadcast is summed
//             afterwards); needs.x tells whether dx is wanted
//   extras    (memo) => what its pictures need besides (extras.py), by name; where there is nothing, left out
function kernel(name, rule) {
  KERNELS[name] = rule;
}

// An array of a live step. It can stand wherever a recorded one can.
class LiveArray {
  constructor(shape, numbers = new Float32Array(sizeOf(shape))) {
    this.shape = shape;
    this.numbers = numbers;
    this.block = shape.map((length) => [0, length]);
    this.dtype = "float32";
  }
  get min() {
    return this.numbers.reduce((low, v) => Math.min(low, v), Infinity);
  }
  get max() {
    return this.numbers.reduce((high, v) => Math.max(high, v), -Infinity);
  }
  get mean() {
    return this.numbers.reduce((sum, v) => sum + v, 0) / this.numbers.length;
  }
}

const rounded = (shape, sums) => new LiveArray(shape, Float32Array.from(sums));

function mapped(x, f) {
  const z = new LiveArray(x.shape);
  for (let k = 0; k < z.numbers.length; k++) z.numbers[k] = f(x.numbers[k], k);
  return z;
}

// z[k] = f(x, y), broadcast.
function zipped(x, y, f) {
  const shape = broadcastShape(x.shape, y.shape);
  const [i, j] = [placesIn(x.shape, shape), placesIn(y.shape, shape)];
  const z = new LiveArray(shape);
  for (let k = 0; k < z.numbers.length; k++) z.numbers[k] = f(x.numbers[i[k]], y.numbers[j[k]]);
  return z;
}

function broadcastShape(a, b) {
  const shape = [];
  for (let axis = 1; axis <= Math.max(a.length, b.length); axis++) {
    const [n, m] = [a.at(-axis) ?? 1, b.at(-axis) ?? 1];
    shape.unshift(axis > a.length ? m : axis > b.length ? n : n === 1 ? m : n);
  }
  return shape;
}

// For each element of `shape`, which element of an operand of shape `own` is broadcast there.
const knownPlaces = new Map();
function placesIn(own, shape) {
  const key = `${own}|${shape}`;
  if (!knownPlaces.has(key)) {
    const steps = shape.map(() => 0);
    let step = 1;
    for (let axis = 1; axis <= own.length; axis++) {
      if (own.at(-axis) > 1) steps[shape.length - axis] = step;
      step *= own.at(-axis);
    }
    const places = new Int32Array(sizeOf(shape));
    for (let k = 0; k < places.length; k++) {
      let rest = k;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        places[k] += (rest % shape[axis]) * steps[axis];
        rest = Math.floor(rest / shape[axis]);
      }
    }
    knownPlaces.set(key, places);
  }
  return knownPlaces.get(key);
}

// The sum over what was broadcast: x in the smaller shape.
function sumTo(x, shape) {
  if (sizeOf(x.shape) === sizeOf(shape)) return new LiveArray(shape, x.numbers);
  return rounded(shape, sumsInto(x, shape));
}

function sumsInto(x, shape) {
  const places = placesIn(shape, x.shape);
  const sums = new Float64Array(sizeOf(shape));
  for (let k = 0; k < x.numbers.length; k++) sums[places[k]] += x.numbers[k];
  return sums;
}

// The shape with the reduced axes as length 1.
const narrowed = (shape, axes) => shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
