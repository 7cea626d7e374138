// Losses of a row of scores: the hinge of a multi-class SVM, and the score of the right class alone.

const rightOf = (op, n) => at(op.in.t, n);

// The classes of a sample, first those in view; the chosen one is that of the cell.
function scoreLesson({ columns, back, local, ...given }) {
  lesson({
    cell: (op, label, index) => {
      if (label === "x") return { x: index, z: index.filter((_, axis) => axis !== 1), t: index.filter((_, axis) => axis !== 1) };
      const best = most(Array.from({ length: op.in.x.shape[1] }, (_, k) => k), (k) => Math.abs(op.d.x ? at(op.d.x, [index[0], k, ...index.slice(1)]) : at(op.in.x, [index[0], k, ...index.slice(1)])));
      return { z: index, t: index, x: [index[0], best, ...index.slice(1)] };
    },
    holes: (op) => ({ n: op.in.x.shape[1] }),
    draw(op, part, cell) {
      const at_ = (k) => [cell.z[0], k, ...cell.z.slice(1)];
      const classes = part.phase === "forward" ? "" : "back";
      const list = (part.phase === "forward" ? columns : back)(op, cell, at_, rightOf(op, cell.z));
      const names = (k) => `${className(k)}${k === rightOf(op, cell.z) ? " ✓" : ""}`;
      const result = part.phase === "forward" ? speech("z =", chip(short(at(op.z, cell.z)))) : speech("dz =", ink("b", short(at(op.dz, cell.z))));
      return make("div", { class: `row softmax ${classes}` }, table({ columns: list, count: op.in.x.shape[1], names, nameHead: say("margins.class"), chosen: cell.x[1], pick: (k) => pick(op, { ...cell, x: at_(k) }) }), make("div", { class: "stack aside" }, result));
    },
    chain(op, part, cell) {
      if (!op.dz || !op.d.x) return null;
      const slope = local(op, cell, (k) => [cell.z[0], k, ...cell.z.slice(1)], rightOf(op, cell.z));
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
  lines: (op, part) => part.phase === "forward" ? [["r = maximum(0, m - x[t] + x)", say("hinge.line.r")], ["r[t] = 0"], [op.options.p === 1 ? "z = sum(r) / C" : "z = sum(r**2) / C"]] : [[op.options.p === 1 ? "dx = (r > 0) * dz / C" : "dx = 2*r * dz / C", say("hinge.line.push")], ["dx[t] = -sum(dx)", say("hinge.line.pull")]],
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
  lines: (op, part) => (part.phase === "forward" ? [["z = -x[t]", say("nll.line.z")]] : [["dx = zeros_like(x)"], ["dx[t] = -dz", say("nll.line.dx")]]),
  columns: (op, cell, at_, right) => [
    { head: "x", says: say("hinge.score"), hue: "f", get: (k) => at(op.in.x, at_(k)) },
    { head: "z", says: "", hue: "r", get: (k) => (k === right ? at(op.z, cell.z) : 0) },
    { bar: true, hue: "f", get: (k) => (k === right ? at(op.z, cell.z) : 0) },
  ],
  back: (op, cell, at_) => [
    { head: "x", says: say("hinge.score"), hue: "f", get: (k) => at(op.in.x, at_(k)) },
    { between: "→" },
    { head: "dx", says: say("hinge.on"), hue: "r", get: (k) => at(op.d.x, at_(k)) },
    { bar: true, hue: "r", get: (k) => at(op.d.x, at_(k)) },
  ],
  local: (op, cell, at_, right) => (cell.x[1] === right ? -1 : 0),
});
