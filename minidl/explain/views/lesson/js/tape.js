// The recorded pass as the lessons see it: operations with their arrays by name, and who made and used what.
//
// An operation: {id, op, slug, lesson, options, window, z, dz, inputs, in, d, uses, curve, lines, formulas}
//   in.x, in.w, ...   the input arrays by label; d.x, d.w, ... the gradients sent to them (null where none was)
//   inputs            [{label, array, grad, from, leaf, wants, verdict}] in order; `from` is the operation that made it
//   extra.sigma, ...  what its lesson needs besides: extras.py
//   slopeOf           the number of the operation whose backward it is a part of, in a pass with second derivatives
//   uses              [{op, label, input}]: where z went
//   outs              of an operation with several outputs, each by itself (an array); null of any other. Its z and dz
//                     hold the elements of all, one after another, and an index of z is an index there
// An array: {shape, block, numbers, min, max}; read it with at(array, index), which is undefined where the page holds
// no such element.

const TAPE = JSON.parse(byId("tape").textContent);
const VALUES = TAPE.values.map(decodeValue);
const GIVEN = TAPE.lesson ?? { nodes: [], update: null };

const arrayOf = (place) => (place === null || place === undefined ? null : VALUES[place]);

// The outputs that one array holds, one after another; of one that is not on the page whole, the first rows.
function outputsOf(all, shapes) {
  let start = 0;
  return shapes.map((shape) => {
    const numbers = all.numbers.subarray(start, start + sizeOf(shape));
    const rows = shape.length ? Math.floor(numbers.length / Math.max(1, sizeOf(shape.slice(1)))) : 1;
    const block = shape.map((length, axis) => [0, axis ? length : rows]);
    const out = { shape, block, numbers, dtype: all.dtype, start };
    start += sizeOf(shape);
    return out;
  });
}

// The arrays of the inputs, and the gradients sent to them, by label: {in, d}.
function byLabel(inputs) {
  const of = (field) => Object.fromEntries(inputs.map((input) => [input.label, input[field]]));
  return { in: of("array"), d: of("grad") };
}

const OPS = TAPE.nodes.map((node, i) => {
  const extra = GIVEN.nodes[i] ?? { taught: true, dz: null, grads: [], curve: null, slope: null, extra: {}, lines: null };
  const inputs = node.inputs.map((input, k) => ({
    label: input.label,
    array: input.value === null ? null : arrayOf(input.value),
    number: input.number,
    grad: arrayOf(extra.grads[k]),
    from: input.from,
    place: input.place, // which of its outputs
    leaf: input.from === null ? input.leaf : null,
    value: input.value,
    wants: input.wants,
    verdict: null,
  }));
  return {
    id: node.id,
    op: node.op,
    name: node.name,
    slopeOf: node.slope_of ?? null, // whose backward, recorded itself, this is a part of
    taught: extra.taught,
    options: node.options,
    window: node.window,
    formula: node.formula,
    derivative: node.derivative,
    plain: node.plain,
    plainDerivative: node.derivative_plain,
    inputs,
    ...byLabel(inputs),
    z: arrayOf(node.output),
    outs: node.shapes && outputsOf(arrayOf(node.output), node.shapes),
    dz: arrayOf(extra.dz),
    curve: arrayOf(extra.curve),
    slope: arrayOf(extra.slope),
    extra: Object.fromEntries(Object.entries(extra.extra).map(([name, place]) => [name, arrayOf(place)])),
    lines: extra.lines,
    uses: [],
    verdict: null,
  };
});

const SECOND = OPS.some((op) => op.slopeOf !== null); // whether derivatives of derivatives are taken

for (const op of OPS) {
  for (const input of op.inputs) {
    input.from = input.from === null ? null : OPS[input.from];
    input.from?.uses.push({ op, label: input.label, input });
  }
}
for (const { node, input, verdict } of TAPE.checks) {
  if (input === null) OPS[node].verdict = verdict;
  else OPS[node].inputs[input].verdict = verdict;
}

const LEAVES = TAPE.leaves.map((leaf) => ({ ...leaf, array: arrayOf(leaf.value), grad: arrayOf(leaf.grad) }));

const inputOf = (op, label) => op.inputs.find((input) => input.label === label);

// Which slope the differences found at a cell of the gradient sent to an input; undefined where none was taken.
function nudged(op, label, index) {
  const input = inputOf(op, label);
  const verdict = input?.verdict;
  if (!verdict || verdict.numeric === null || !input.grad) return undefined;
  const flat = flatOf(input.grad.shape, index);
  const place = verdict.places === null ? flat : verdict.places.indexOf(flat);
  return place < 0 ? undefined : VALUES[verdict.numeric].numbers[place];
}

function flatOf(shape, index) {
  return shape.reduce((flat, length, axis) => flat * length + index[axis], 0);
}

function indexOf(shape, flat) {
  const index = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(flat % shape[axis]);
    flat = Math.floor(flat / shape[axis]);
  }
  return index;
}

function sizeOf(shape) {
  return shape.reduce((all, length) => all * length, 1);
}

// The largest magnitude of an array or of some numbers, finite and never 0.
function topOf(numbers) {
  let top = 1e-30;
  for (const v of numbers) if (Number.isFinite(v) && Math.abs(v) > top) top = Math.abs(v);
  return top;
}

const topOfArray = (array) => (array.top ??= topOf(array.numbers));

// The index of the largest of `score` over the given places.
function most(places, score) {
  let best = null;
  let high = -Infinity;
  for (const place of places) {
    const value = score(place);
    if (value > high) [best, high] = [place, value];
  }
  return best;
}

// All places of a shape: [[0, 0], [0, 1], ...].
function* placesOf(shape) {
  for (let flat = 0; flat < sizeOf(shape); flat++) yield indexOf(shape, flat);
}

// Whether an array of that shape has this element; padding, for one, lies outside.
const isInside = (shape, index) => shape.every((length, axis) => index[axis] >= 0 && index[axis] < length);

const sameIndex = (a, b) => a.length === b.length && a.every((v, axis) => v === b[axis]);

// The index of a broadcast operand that belongs to an index of the result.
function unbroadcast(shape, index) {
  const tail = index.slice(index.length - shape.length);
  return shape.map((length, axis) => (length === 1 ? 0 : tail[axis]));
}
