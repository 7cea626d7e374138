// Losses of a row of scores: the hinge of a multi-class SVM, and the score of the right class alone.

const rightOf = (op, sample) => at(op.in.t, sample);
const isAveraged = (op) => op.options.reduction === "mean";

// How much of dz a sample's own loss gets: its weight, divided by what the mean is divided by.
function shareOf(op, sample) {
  const { t, w, c, kept } = op.in;
  if (kept && !at(kept, sample)) return 0;
  const total = !isAveraged(op) ? 1 : c ? c.mean * sizeOf(c.shape) : sizeOf(t.shape);
  return (w ? at(w, sample) : 1) / total;
}

// The classes of a sample, cell.t; the chosen one is that of the cell. z is a number for each sample, or one for all.
function scoreLesson({ columns, back, local, ...given }) {
  lesson({
    cell: (op, label, index) => {
      const sample = label === "x" ? index.filter((_, axis) => axis !== 1) : index.length ? index : op.in.t.shape.map(() => 0);
      const z = op.z.shape.length ? sample : [];
      if (label === "x") return { x: index, z, t: sample };
      const best = most(Array.from({ length: op.in.x.shape[1] }, (_, k) => k), (k) => Math.abs(at(op.d.x ?? op.in.x, labelled(sample, k))));
      return { z, t: sample, x: labelled(sample, best) };
    },
    holes: (op) => ({ n: op.in.x.shape[1] }),
    draw(op, part, cell) {
      const at_ = (k) => labelled(cell.t, k);
      const classes = part.phase === "forward" ? "" : "back";
      const list = (part.phase === "forward" ? columns : back)(op, cell, at_, rightOf(op, cell.t));
      const names = (k) => `${className(k)}${k === rightOf(op, cell.t) ? " ✓" : ""}`;
      const result = part.phase === "forward" ? speech("z =", chip(short(at(op.z, cell.z)))) : speech("dz =", ink("b", short(at(op.dz, cell.z))));
      const { shape } = op.in.t;
      const go = (n) => pick(op, { ...cell, t: indexOf(shape, n), z: op.z.shape.length ? indexOf(shape, n) : [], x: labelled(indexOf(shape, n), cell.x[1]) });
      const samples = chooser(say("linear.sample"), flatOf(shape, cell.t), sizeOf(shape), go);
      return make("div", { class: `row softmax ${classes}` }, make("div", { class: "stack" }, table({ columns: list, count: op.in.x.shape[1], names, nameHead: say("margins.class"), chosen: cell.x[1], pick: (k) => pick(op, { ...cell, x: at_(k) }) }), samples), make("div", { class: "stack aside" }, result));
    },
    chain(op, part, cell) {
      if (!op.dz || !op.d.x) return null;
      const slope = local(op, cell, (k) => labelled(cell.t, k), rightOf(op, cell.t)) * shareOf(op, cell.t);
      return chainOf({ op, label: "x", x: cell.x, z: cell.z, local: slope, says: say("app.local"), note: nudgedNote(op, "x", cell.x) });
    },
    ...given,
  });
}

const violation = (op, at_, right, k) => (k === right ? 0 : Math.max(0, op.options.margin - at(op.in.x, at_(right)) + at(op.in.x, at_(k))));
const pull = (op, at_, right, k) => (violation(op, at_, right, k) > 0 ? op.options.p * violation(op, at_, right, k) ** (op.options.p - 1) : 0) / op.in.x.shape[1];

scoreLesson({
  name: "hinge",
  ops: ["MultiMargin"],
  lines(op, part) {
    const [squared, averaged] = [op.options.p === 2, isAveraged(op)];
    if (part.phase === "forward") return [["r = maximum(0, m - x[t] + x)", say("hinge.line.r")], ["r[t] = 0"], [averaged ? `z = mean(sum(${squared ? "r**2" : "r"}) / C)` : `z = sum(${squared ? "r**2" : "r"}) / C`]];
    return [[`dx = ${squared ? "2*r" : "(r > 0)"} * dz / ${averaged ? "(C*N)" : "C"}`, say("hinge.line.push")], ["dx[t] = -sum(dx)", say("hinge.line.pull")]];
  },
  inks: { r: "f" },
  columns: (op, cell, at_, right) => [
    { head: "m", says: say("hinge.margin"), get: () => op.options.margin },
    { between: MINUS },
    { head: "x[t]", says: say("hinge.right"), hue: "f", get: () => at(op.in.x, at_(right)) },
    { between: "+" },
    { head: "x", says: say("hinge.score"), hue: "f", get: (k) => at(op.in.x, at_(k)) },
    { between: "→" },
    { head: "r", says: say("hinge.violation"), hue: "r", get: (k) => violation(op, at_, right, k) },
    { bar: true, hue: "f", get: (k) => violation(op, at_, right, k) },
  ],
  back: (op, cell, at_, right) => [
    { head: "r", says: say("hinge.violation"), hue: "f", get: (k) => violation(op, at_, right, k) },
    { between: "→" },
    { head: "dx", says: say("hinge.on"), hue: "r", get: (k) => at(op.d.x, at_(k)) },
    { bar: true, hue: "r", get: (k) => at(op.d.x, at_(k)) },
  ],
  local: (op, cell, at_, right) => {
    const classes = Array.from({ length: op.in.x.shape[1] }, (_, k) => k);
    return cell.x[1] === right ? -classes.reduce((sum, k) => sum + pull(op, at_, right, k), 0) : pull(op, at_, right, cell.x[1]);
  },
});

scoreLesson({
  name: "nll",
  ops: ["NegativeLogLikelihood"],
  lines: (op, part) => (part.phase === "forward" ? [[isAveraged(op) ? "z = mean(-x[t])" : "z = -x[t]", say("nll.line.z")]] : [["dx = zeros_like(x)"], [isAveraged(op) ? "dx[t] = -dz / N" : "dx[t] = -dz", say("nll.line.dx")]]),
  columns: (op, cell, at_, right) => [
    { head: "x", says: say("hinge.score"), hue: "f", get: (k) => at(op.in.x, at_(k)) },
    { head: "−x[t]", says: "", hue: "r", get: (k) => (k === right ? -at(op.in.x, at_(k)) : 0) },
    { bar: true, hue: "f", get: (k) => (k === right ? -at(op.in.x, at_(k)) : 0) },
  ],
  back: (op, cell, at_) => [
    { head: "x", says: say("hinge.score"), hue: "f", get: (k) => at(op.in.x, at_(k)) },
    { between: "→" },
    { head: "dx", says: say("hinge.on"), hue: "r", get: (k) => at(op.d.x, at_(k)) },
    { bar: true, hue: "r", get: (k) => at(op.d.x, at_(k)) },
  ],
  local: (op, cell, at_, right) => (cell.x[1] === right ? -1 : 0),
});
