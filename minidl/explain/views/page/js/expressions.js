// A small evaluator of array expressions, as NumPy would compute them: names, + - * / @ **, comparisons, calls, slices.
// Nothing is run as a program: the text is cut into tokens, read by rules, and computed here.

const LONGEST = 500; // letters of an expression
const DEEPEST = 60; // brackets within brackets
const MOST = 1_000_000; // numbers of a result, and products of a matrix product in thousands

class LineError extends Error {
  constructor(key, holes = {}) {
    super(key);
    Object.assign(this, { key, holes });
  }
}

// ---- Arrays: {shape, numbers}; a number is an array of no axes.

function ndarray(shape, numbers) {
  return { shape, numbers };
}

function scalar(x) {
  return ndarray([], Float64Array.of(x));
}

function countOf(shape) {
  const size = shape.reduce((product, n) => product * n, 1);
  if (size > MOST) throw new LineError("large");
  return size;
}

function stridesOf(shape) {
  const strides = Array(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

// The array of a shape whose number at each index is that of `numbers` at start + Σ index · stride.
function gathered(numbers, shape, strides, start = 0) {
  const out = new Float64Array(countOf(shape));
  const index = Array(shape.length).fill(0);
  let from = start;
  for (let place = 0; place < out.length; place++) {
    out[place] = numbers[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return ndarray(shape, out);
}

function broadcastShape(one, other) {
  const rank = Math.max(one.length, other.length);
  return Array.from({ length: rank }, (_, i) => {
    const a = one[one.length - rank + i] ?? 1;
    const b = other[other.length - rank + i] ?? 1;
    if (a !== b && a !== 1 && b !== 1)
      throw new LineError("shapes", { one: formatTuple(one), other: formatTuple(other) });
    return a === 1 ? b : a;
  });
}

function stretched(array, shape) {
  const extra = shape.length - array.shape.length;
  const own = stridesOf(array.shape);
  const strides = shape.map((_, i) => (i < extra || array.shape[i - extra] === 1 ? 0 : own[i - extra]));
  return gathered(array.numbers, shape, strides);
}

function elementwise(compute, ...arrays) {
  const shape = arrays.map((array) => array.shape).reduce(broadcastShape);
  const parts = arrays.map((array) => stretched(array, shape).numbers);
  return ndarray(
    shape,
    Float64Array.from(parts[0], (_, i) => compute(...parts.map((part) => part[i]))),
  );
}

function transposed(array) {
  return gathered(array.numbers, [...array.shape].reverse(), stridesOf(array.shape).reverse());
}

function axesOf(axis, rank) {
  if (axis === undefined || axis === null) return [...Array(rank).keys()];
  return [axis].flat().map((a) => {
    const place = a < 0 ? a + rank : a;
    if (!Number.isInteger(place) || place < 0 || place >= rank) throw new LineError("axis", { axis: a, rank });
    return place;
  });
}

// Over some axes: `combine` of the numbers that fall together, beginning with `start`.
function reduced(array, combine, start, axis, keepdims) {
  const { shape, numbers } = array;
  const axes = new Set(axesOf(axis, shape.length));
  const kept = shape.map((n, i) => (axes.has(i) ? 1 : n));
  const out = new Float64Array(countOf(kept)).fill(start);
  const own = stridesOf(shape);
  const to = stridesOf(kept).map((stride, i) => (axes.has(i) ? 0 : stride));
  for (let place = 0; place < numbers.length; place++) {
    const target = shape.reduce((sum, n, i) => sum + (Math.floor(place / own[i]) % n) * to[i], 0);
    out[target] = combine(out[target], numbers[place]);
  }
  return ndarray(keepdims ? kept : kept.filter((_, i) => !axes.has(i)), out);
}

function meanOf(array, axis, keepdims) {
  const count = axesOf(axis, array.shape.length).reduce((product, i) => product * array.shape[i], 1);
  const total = reduced(array, (sum, x) => sum + x, 0, axis, keepdims);
  return ndarray(
    total.shape,
    total.numbers.map((x) => x / count),
  );
}

function extreme(combine, start) {
  return (array, axis, keepdims) => {
    const length = axesOf(axis, array.shape.length).reduce((product, i) => product * array.shape[i], 1);
    if (!length) throw new LineError("empty");
    return reduced(array, (one, x) => (Number.isNaN(x) ? x : combine(one, x)), start, axis, keepdims);
  };
}

function product(one, other) {
  const mismatch = () => new LineError("shapes", { one: formatTuple(one.shape), other: formatTuple(other.shape) });
  if (!one.shape.length || !other.shape.length) throw mismatch();
  const a = one.shape.length === 1 ? ndarray([1, ...one.shape], one.numbers) : one;
  const b = other.shape.length === 1 ? ndarray([...other.shape, 1], other.numbers) : other;
  const [rows, inner] = a.shape.slice(-2);
  const [below, columns] = b.shape.slice(-2);
  if (inner !== below) throw mismatch();
  const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const left = stretched(a, [...batch, rows, inner]).numbers;
  const right = stretched(b, [...batch, inner, columns]).numbers;
  const out = new Float64Array(countOf([...batch, rows, columns]));
  if (out.length * inner > 1000 * MOST) throw new LineError("large");
  for (let place = 0; place < out.length; place++) {
    const column = place % columns;
    const row = Math.floor(place / columns);
    const above = Math.floor(row / rows) * inner * columns + column;
    for (let k = 0; k < inner; k++) out[place] += left[row * inner + k] * right[above + k * columns];
  }
  const ends = [...(one.shape.length > 1 ? [rows] : []), ...(other.shape.length > 1 ? [columns] : [])];
  return ndarray([...batch, ...ends], out);
}

function reshaped(array, shape) {
  const known = shape.filter((n) => n !== -1).reduce((size, n) => size * n, 1);
  const filled = shape.map((n) => (n === -1 ? array.numbers.length / known : n));
  const fits = filled.every((n) => Number.isInteger(n) && n >= 0) && countOf(filled) === array.numbers.length;
  if (!fits) throw new LineError("shapes", { one: formatTuple(array.shape), other: formatTuple(shape) });
  return ndarray(filled, array.numbers);
}

function onehot(labels, classes) {
  const places = ndarray([...labels.shape, 1], labels.numbers);
  const all = ndarray([classes], Float64Array.from({ length: classes }, (_, i) => i));
  return elementwise((a, b) => Number(a === b), places, all);
}

// Parts by a list of integers, slices {start, stop, step}, null (a new axis) and "...".
function partOf(array, parts) {
  const given = parts.filter((part) => part !== null && part !== "...").length;
  if (given > array.shape.length) throw new LineError("axis", { axis: given - 1, rank: array.shape.length });
  const whole = { start: null, stop: null, step: null };
  const rest = Array(array.shape.length - given).fill(whole);
  const dots = parts.indexOf("...");
  const all = dots < 0 ? [...parts, ...rest] : [...parts.slice(0, dots), ...rest, ...parts.slice(dots + 1)];
  const own = stridesOf(array.shape);
  const [shape, strides] = [[], []];
  let [axis, start] = [0, 0];
  for (const part of all) {
    if (part === null) {
      shape.push(1);
      strides.push(0);
      continue;
    }
    const length = array.shape[axis];
    if (typeof part === "number") {
      const place = part < 0 ? part + length : part;
      if (place < 0 || place >= length) throw new LineError("index", { index: part, length });
      start += place * own[axis];
    } else {
      const { first, count, step } = sliceOf(part, length);
      shape.push(count);
      strides.push(step * own[axis]);
      start += first * own[axis];
    }
    axis++;
  }
  return gathered(array.numbers, shape, strides, start);
}

function sliceOf({ start, stop, step }, length) {
  const by = step ?? 1;
  if (!by) throw new LineError("step");
  const inside = (place, low, high) => Math.max(low, Math.min(high, place < 0 ? place + length : place));
  const [low, high] = by > 0 ? [0, length] : [-1, length - 1];
  const first = start === null ? (by > 0 ? low : high) : inside(start, low, high);
  const end = stop === null ? (by > 0 ? high : low) : inside(stop, low, high);
  return { first, count: Math.max(0, Math.ceil((end - first) / by)), step: by };
}

function formatTuple(shape) {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

const ONE_BY_ONE = {
  exp: Math.exp, log: Math.log, sqrt: Math.sqrt, abs: Math.abs, tanh: Math.tanh, square: (x) => x * x, sign: Math.sign,
  maximum: (a, b) => (Number.isNaN(a) ? a : Number.isNaN(b) ? b : Math.max(a, b)),
  minimum: (a, b) => (Number.isNaN(a) ? a : Number.isNaN(b) ? b : Math.min(a, b)),
  where: (a, b, c) => (a ? b : c),
}; // prettier-ignore
const OVER_AXES = {
  sum: (array, axis, keepdims) => reduced(array, (sum, x) => sum + x, 0, axis, keepdims),
  mean: meanOf,
  max: extreme(Math.max, -Infinity),
  min: extreme(Math.min, Infinity),
};
const OTHERS = {
  matmul: (one, other) => product(one, other),
  onehot: (labels, classes) => onehot(labels, wholeNumber(classes)),
  zeros_like: (array) => ndarray(array.shape, new Float64Array(array.numbers.length)),
  ones_like: (array) => ndarray(array.shape, new Float64Array(array.numbers.length).fill(1)),
  transpose: transposed,
  len: (array) => {
    if (!array.shape.length) throw new LineError("axis", { axis: 0, rank: 0 });
    return scalar(array.shape[0]);
  },
};
const OPERATORS = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "**": (a, b) => a ** b,
  "<": (a, b) => Number(a < b),
  ">": (a, b) => Number(a > b),
  "<=": (a, b) => Number(a <= b),
  ">=": (a, b) => Number(a >= b),
  "==": (a, b) => Number(a === b),
  "!=": (a, b) => Number(a !== b),
};

// ---- Reading.

const TOKEN = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([A-Za-z_]\w*)|(\*\*|<=|>=|==|!=|\.\.\.|[-+*\/@<>()[\],.:=]))/iy;

function tokensOf(text) {
  if (text.length > LONGEST) throw new LineError("long", { most: LONGEST });
  const tokens = [];
  TOKEN.lastIndex = 0;
  const end = text.trimEnd().length;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new LineError("sign", { sign: text.slice(from).trim()[0] });
    const [, number, name, sign] = match;
    tokens.push(number ? { number: Number(number) } : name ? { name } : { sign });
  }
  return tokens;
}

// The whole number that an array of no axes holds.
function wholeNumber(value) {
  const number = value.shape && !value.shape.length ? value.numbers[0] : NaN;
  if (!Number.isInteger(number)) throw new LineError("whole");
  return number;
}

class Reader {
  constructor(text, names) {
    Object.assign(this, { tokens: tokensOf(text), names, place: 0, depth: 0 });
  }

  sign(...signs) {
    const token = this.tokens[this.place];
    if (!token || !signs.includes(token.sign)) return null;
    this.place++;
    return token.sign;
  }

  expect(sign) {
    if (!this.sign(sign)) throw this.unexpected();
  }

  unexpected() {
    const token = this.tokens[this.place];
    if (!token) return new LineError("end");
    return new LineError("unexpected", { sign: token.sign ?? token.name ?? token.number });
  }

  // One array, or a list of them where commas stand.
  all() {
    const found = [this.comparison()];
    while (this.sign(",")) if (this.place < this.tokens.length) found.push(this.comparison());
    if (this.place < this.tokens.length) throw this.unexpected();
    return found;
  }

  comparison() {
    if (++this.depth > DEEPEST) throw new LineError("deep");
    let value = this.sum();
    const sign = this.sign("<", ">", "<=", ">=", "==", "!=");
    if (sign) value = elementwise(OPERATORS[sign], arrayIn(value), arrayIn(this.sum()));
    this.depth--;
    return value;
  }

  sum() {
    let value = this.term();
    for (let sign; (sign = this.sign("+", "-")); )
      value = elementwise(OPERATORS[sign], arrayIn(value), arrayIn(this.term()));
    return value;
  }

  term() {
    let value = this.signed();
    for (let sign; (sign = this.sign("*", "/", "@")); ) {
      const [one, other] = [arrayIn(value), arrayIn(this.signed())];
      value = sign === "@" ? product(one, other) : elementwise(OPERATORS[sign], one, other);
    }
    return value;
  }

  signed() {
    let sign = 1;
    let found = false;
    for (let one; (one = this.sign("-", "+")); found = true) if (one === "-") sign = -sign;
    const value = this.power();
    return found ? elementwise((x) => sign * x, arrayIn(value)) : value;
  }

  power() {
    const value = this.postfix();
    if (!this.sign("**")) return value;
    return elementwise(OPERATORS["**"], arrayIn(value), arrayIn(this.signed()));
  }

  postfix() {
    let value = this.atom();
    for (;;) {
      if (this.sign(".")) value = this.attribute(value);
      else if (this.sign("[")) value = this.part(value);
      else return value;
    }
  }

  atom() {
    const token = this.tokens[this.place];
    if (!token) throw this.unexpected();
    if (token.number !== undefined) {
      this.place++;
      return scalar(token.number);
    }
    if (this.sign("(")) return this.bracketed();
    if (token.name === undefined) throw this.unexpected();
    this.place++;
    return this.named(this.path(token.name));
  }

  // A name with what belongs to it: "self.x", and NumPy's functions without "np.".
  path(name) {
    while (["self", "np", "xp", "self.xp", "numpy"].includes(name) && this.sign(".")) {
      const next = this.tokens[this.place++]?.name;
      if (next === undefined) throw new LineError("end");
      name = name === "self" ? `self.${next}` : next;
    }
    return name;
  }

  named(name) {
    if (this.tokens[this.place]?.sign === "(") return this.called(name, []);
    if (Object.hasOwn(this.names, name)) return this.names[name];
    if (name === "True" || name === "False") return scalar(Number(name === "True"));
    if (name === "None") return null;
    throw new LineError("name", { name });
  }

  bracketed() {
    const found = [this.comparison()];
    let tuple = false;
    while (this.sign(",")) {
      tuple = true;
      if (this.tokens[this.place]?.sign !== ")") found.push(this.comparison());
    }
    this.expect(")");
    return tuple ? found : found[0];
  }

  attribute(value) {
    const name = this.tokens[this.place++]?.name;
    if (name === undefined) throw new LineError("end");
    const array = arrayIn(value);
    if (name === "T") return transposed(array);
    if (name === "shape") return array.shape.map(scalar);
    if (name === "size") return scalar(array.numbers.length);
    if (name === "ndim") return scalar(array.shape.length);
    return this.called(name, [array]);
  }

  called(name, before) {
    const { given, options } = this.callArguments();
    const values = [...before, ...given];
    const known = (list) => {
      const wrong = Object.keys(options).find((option) => !list.includes(option));
      if (wrong) throw new LineError("option", { name, option: wrong });
    };
    if (Object.hasOwn(OVER_AXES, name)) {
      known(["axis", "keepdims"]);
      this.count(name, values, 1, 2);
      const axis = options.axis ?? values[1];
      const axes = Array.isArray(axis) ? axis.map(wholeNumber) : axis && wholeNumber(axis);
      const keepdims = options.keepdims ? Boolean(arrayIn(options.keepdims).numbers[0]) : false;
      return OVER_AXES[name](arrayIn(values[0]), axes, keepdims);
    }
    known([]);
    if (name === "reshape") {
      const shape = values.slice(1).flat();
      return reshaped(arrayIn(values[0]), shape.map(wholeNumber));
    }
    const rule = Object.hasOwn(ONE_BY_ONE, name) ? ONE_BY_ONE[name] : Object.hasOwn(OTHERS, name) ? OTHERS[name] : null;
    if (!rule) throw new LineError("function", { name });
    this.count(name, values, rule.length, rule.length);
    const arrays = values.map(arrayIn);
    return rule === OTHERS[name] ? rule(...arrays) : elementwise(rule, ...arrays);
  }

  count(name, values, least, most) {
    if (values.length < least || values.length > most) throw new LineError("count", { name, count: least });
  }

  callArguments() {
    const [given, options] = [[], {}];
    if (!this.sign("(")) throw new LineError("call");
    while (!this.sign(")")) {
      const [token, next] = this.tokens.slice(this.place, this.place + 2);
      if (token?.name !== undefined && next?.sign === "=") {
        this.place += 2;
        options[token.name] = this.comparison();
      } else given.push(this.comparison());
      if (this.tokens[this.place]?.sign !== ")") this.expect(",");
    }
    return { given, options };
  }

  part(value) {
    const parts = [];
    do parts.push(this.index());
    while (this.sign(","));
    this.expect("]");
    if (Array.isArray(value)) {
      const place = parts.length === 1 && typeof parts[0] === "number" ? value.at(parts[0]) : undefined;
      if (place === undefined) throw new LineError("index", { index: parts[0], length: value.length });
      return place;
    }
    return partOf(arrayIn(value), parts);
  }

  index() {
    if (this.sign("...")) return "...";
    const stops = [":", ",", "]"];
    const bound = () => (stops.includes(this.tokens[this.place]?.sign) ? null : wholeNumber(arrayIn(this.comparison())));
    if (this.tokens[this.place]?.name === "None") {
      this.place++;
      return null;
    }
    const start = bound();
    if (!this.sign(":")) {
      if (start === null) throw this.unexpected();
      return start;
    }
    const stop = bound();
    return { start, stop, step: this.sign(":") ? bound() : null };
  }
}

// What is used as an array: a tuple or None is none.
function arrayIn(value) {
  if (value === null || value === undefined || Array.isArray(value)) throw new LineError("array");
  return value;
}

// The arrays of an expression: one, or several where commas stand. `names` are arrays {shape, numbers} by name.
// Throws LineError, whose key and holes are those of a text.
function evaluate(text, names) {
  return new Reader(text, names).all().map(arrayIn);
}

// ---- Judging.

const CLOSE = 1e-4; // of the number itself and of the largest one: the page holds float32

// {state: "right"}, {state: "wrong", place, yours, wanted}, {state: "shape", yours, wanted}, {state: "error", key, holes}.
function judgeLine(expression, names, expected) {
  try {
    const found = evaluate(expression, names);
    if (found.length !== 1) return { state: "error", key: "several", holes: { count: found.length } };
    return compared(found[0], expected);
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    return { state: "error", key: error.key, holes: error.holes };
  }
}

function compared(yours, wanted) {
  const [one, other] = [yours.shape, wanted.shape];
  if (one.length !== other.length || one.some((n, i) => n !== other[i]))
    return { state: "shape", yours: formatTuple(one), wanted: formatTuple(other) };
  const largest = wanted.numbers.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  const place = [...wanted.numbers.keys()].find((i) => !isClose(yours.numbers[i], wanted.numbers[i], largest));
  if (place === undefined) return { state: "right" };
  const strides = stridesOf(wanted.shape);
  const index = wanted.shape.map((n, axis) => Math.floor(place / strides[axis]) % n);
  return { state: "wrong", place: index, yours: yours.numbers[place], wanted: wanted.numbers[place] };
}

function isClose(yours, wanted, largest) {
  if (Number.isNaN(wanted)) return Number.isNaN(yours);
  if (yours === wanted) return true;
  return Math.abs(yours - wanted) <= CLOSE * Math.abs(wanted) + 1e-6 * largest;
}
