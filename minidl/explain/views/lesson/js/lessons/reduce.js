// Reductions: many numbers become one; backward spreads the one gradient over all of them, each by its own slope.

// The reduced dimensions of an operation, counted from the front.
function reducedDims(op) {
  const { dim } = op.options;
  const rank = op.in.x.shape.length;
  if (dim === undefined || dim === null) return Array.from({ length: rank }, (_, k) => k);
  return [dim].flat().map((d) => (d < 0 ? d + rank : d));
}

// From a place of the input to the place of its result.
function resultOf(op, x) {
  const dims = reducedDims(op);
  return op.options.keepdim ? x.map((i, axis) => (dims.includes(axis) ? 0 : i)) : x.filter((_, axis) => !dims.includes(axis));
}

// All places of the input that a result was made from.
function groupOf(op, z) {
  const dims = reducedDims(op);
  const own = [...z];
  const base = op.in.x.shape.map((_, axis) => (dims.includes(axis) ? (op.options.keepdim ? (own.shift(), 0) : 0) : own.shift()));
  return [...placesOf(dims.map((axis) => op.in.x.shape[axis]))].map((place) => base.map((i, axis) => (dims.includes(axis) ? place[dims.indexOf(axis)] : i)));
}

// A lesson of reductions. `given`: {name, ops, slope(op, x, z, group) → ∂z/∂x, lines, says, shares?}
//   shares(op, x)   what an element adds to the result; without it no bars are drawn
function reduceLesson({ slope, says, shares, ...given }) {
  const slopeAt = (op, cell) => slope(op, at(op.in.x, cell.x), at(op.z, cell.z), groupOf(op, cell.z));
  lesson({
    holes: (op) => ({ name: op.op, n: counted(reducedDims(op).reduce((all, dim) => all * op.in.x.shape[dim], 1)) }),
    cell(op, label, index) {
      if (label === "x") return { x: index, z: resultOf(op, index) };
      const group = groupOf(op, index);
      const score = (x) => Math.abs(slope(op, at(op.in.x, x), at(op.z, index), group) * 1000 || 0) + Math.abs(at(op.in.x, x) ?? 0);
      return { z: index, x: group.length <= 4096 ? (most(group, score) ?? op.in.x.shape.map(() => 0)) : group[0] };
    },
    draw(op, part, cell) {
      const inGroup = (x) => sameIndex(resultOf(op, x), cell.z);
      const forward = part.phase === "forward";
      const x = groupFigure({ op, label: "x", array: op.in.x, index: cell.x, member: inGroup, ring: (i) => given.rings && sameIndex(i, cell.x) });
      const z = groupFigure({ op, label: forward ? "z" : "dz", as: "z", array: forward ? op.z : op.dz, index: cell.z, hue: forward ? "f" : "b", result: forward, frame: forward ? "r" : "b", member: (i) => sameIndex(i, cell.z) });
      if (forward) return make("div", { class: "row reduce" }, x, make("div", { class: "middle stack" }, ...reduceSpeech(op, cell, shares)), z);
      const dx = groupFigure({ op, label: "dx", array: op.d.x, index: cell.x, hue: "b", result: true, frame: "r", member: inGroup });
      const spoken = speech(ink("b", short(at(op.dz, cell.z))), "×", ink("f", short(slopeAt(op, cell))), "=", chip(short(at(op.d.x, cell.x))));
      return make("div", { class: "row reduce back" }, given.rings ? make("div", { class: "beside" }, dx, x) : dx, make("div", { class: "middle stack" }, sign("◀"), spoken), z);
    },
    chain(op, part, cell) {
      if (!op.dz || !op.d.x) return null;
      return chainOf({ op, label: "x", x: cell.x, z: cell.z, local: slopeAt(op, cell), says: says?.(op) ?? say("app.local"), note: nudgedNote(op, "x", cell.x) });
    },
    ...given,
  });
}

// How the result was made: the bars that add up, and the result.
function reduceSpeech(op, cell, shares) {
  const group = groupOf(op, cell.z);
  const result = chip(short(at(op.z, cell.z)));
  if (!shares) return [sign("▶"), speech("z =", result)];
  const values = group.map((x) => shares(op, at(op.in.x, x), group.length));
  if (group.length > 64 || values.some((v) => v === undefined || Number.isNaN(v))) return [sign("▶"), speech(say("reduce.many", { n: counted(group.length) }), "=", result)];
  const chosen = group.findIndex((x) => sameIndex(x, cell.x));
  return [waterfall({ shares: values, chosen, result: true, pick: (k) => pick(op, { x: group[k], z: cell.z }) }), speech(sumText(values, "f", 3), equals(result))];
}

const meanOf = (op, group) => group.reduce((sum, x) => sum + at(op.in.x, x), 0) / group.length;

reduceLesson({
  name: "sum",
  ops: ["Sum"],
  slope: () => 1,
  shares: (op, x) => x,
  lines: (op, part) => (part.phase === "forward" ? [[`z = ${reduceText(op, "sum")}`]] : [["dx = dz * ones_like(x)", say("sum.line.dx")]]),
});

reduceLesson({
  name: "mean",
  ops: ["Mean"],
  slope: (op, x, z, group) => 1 / group.length,
  says: () => "= 1 / n",
  shares: (op, x, n) => x / n,
  lines: (op, part) => (part.phase === "forward" ? [[`z = ${reduceText(op, "sum")} / n`]] : [["dx = dz / n * ones_like(x)", say("mean.line.dx")]]),
});

reduceLesson({
  name: "max",
  ops: ["Amax", "Chosen"],
  rings: true,
  slope: (op, x, z, group) => (x === z ? 1 / group.filter((i) => at(op.in.x, i) === z).length : 0),
  says: () => say("max.says"),
  lines: (op, part) => (part.phase === "forward" ? [[`z = ${reduceText(op, op.options.how)}`]] : [["won = x == z", "", "forward"], ["dx = where(won, dz / sum(won), 0)", say("max.line.dx")]]),
  inks: { won: "f" },
});

const SPREADS = {
  Var: { text: (op) => `z = sum((x - mean)**2) / (n - ${op.options.correction})`, back: (op) => `dx = dz * 2*(x - mean) / (n - ${op.options.correction})`, slope: (op, x, z, group) => (2 * (x - meanOf(op, group))) / (group.length - op.options.correction) },
  Std: { text: (op) => `z = sqrt(sum((x - mean)**2) / (n - ${op.options.correction}))`, back: (op) => `dx = dz * (x - mean) / ((n - ${op.options.correction}) * z)`, slope: (op, x, z, group) => (z === 0 ? 0 : (x - meanOf(op, group)) / ((group.length - op.options.correction) * z)) },
  Norm: { text: ({ options: { p } }) => (p === 2 ? "z = sqrt(sum(x**2))" : `z = sum(abs(x)**${p})**(1/${p})`), back: ({ options: { p } }) => (p === 2 ? "dx = dz * x / z" : `dx = dz * sign(x) * (abs(x) / z)**(${p} - 1)`), slope: ({ options: { p } }, x, z) => (z === 0 || x === 0 ? 0 : Math.sign(x) * (Math.abs(x) / z) ** (p - 1)) },
  LogSumExp: { text: () => "z = log(sum(exp(x)))", back: () => "dx = dz * exp(x - z)", slope: (op, x, z) => Math.exp(x - z) },
  Prod: { text: () => "z = prod(x)", back: () => "dx = dz * z / x", slope: (op, x, z, group) => group.reduce((all, i) => (at(op.in.x, i) === x ? all : all * at(op.in.x, i)), 1) * x ** (group.filter((i) => at(op.in.x, i) === x).length - 1) },
};

reduceLesson({
  name: "spread",
  ops: Object.keys(SPREADS),
  slug: (op) => op.op.toLowerCase(),
  short: (op) => op.op,
  slope: (op, x, z, group) => SPREADS[op.op].slope(op, x, z, group),
  lines: (op, part) => [[part.phase === "forward" ? SPREADS[op.op].text(op) : SPREADS[op.op].back(op)]],
});

function reduceText(op, how) {
  const dims = reducedDims(op);
  return dims.length === op.in.x.shape.length ? `${how}(x)` : `${how}(x, ${dims.length > 1 ? `dims ${dims.join(", ")}` : `dim ${dims[0]}`})`;
}
