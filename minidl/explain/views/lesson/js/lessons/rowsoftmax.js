// Softmax and its logarithm: a row of scores becomes a row of shares; every share depends on every score.

// The places of the row in which an index lies, along the operation's dim.
function rowOf(op, index) {
  const { dim } = op.options;
  const axis = typeof dim === "number" ? dim : 0;
  if (!op.z.shape.length) return [[]];
  return Array.from({ length: op.z.shape[axis] }, (_, k) => index.map((i, a) => (a === axis ? k : i)));
}

function softmaxLesson({ probability, slope, columns, backColumns, note, ...given }) {
  const numberIn = (op, index) => index[typeof op.options.dim === "number" ? op.options.dim : 0] ?? 0;
  lesson({
    holes: (op) => ({ n: rowOf(op, op.z.shape.map(() => 0)).length }),
    draw(op, part, cell) {
      const row = rowOf(op, cell.z);
      const list = part.phase === "forward" ? columns(op, row) : backColumns(op, row, cell);
      const pickRow = (k) => pick(op, { z: row[k], x: row[k] });
      return make("div", { class: "row softmax" }, table({ columns: list, count: row.length, chosen: numberIn(op, cell.z), pick: pickRow }), part.phase === "forward" ? null : rowNote(op, row, note));
    },
    chain(op, part, cell) {
      if (!op.dz || !op.d.x) return null;
      const chosen = slope(op, cell.z, cell.z);
      const n = rowOf(op, cell.z).length;
      return chainOf({ op, label: "x", x: cell.x, z: cell.z, local: chosen.value, says: chosen.says, share: true, note: [say("pairs.note", { n, name: "dx", sum: short(at(op.d.x, cell.x)) }), " ", nudgedNote(op, "x", cell.x)] });
    },
    ...given,
  });

  // What of dz is taken back from every score of the row.
  function rowNote(op, row, text) {
    const { value, symbol } = text(op, row);
    return make("div", { class: "stack aside" }, make("p", { class: "say num" }, symbol, " = ", ink("b", short(value))), make("p", { class: "muted" }, say(`${given.name}.back`)));
  }
}

const rowSum = (row, get) => row.reduce((sum, index) => sum + (get(index) ?? NaN), 0);

softmaxLesson({
  name: "rowsoftmax",
  ops: ["Softmax"],
  lines: (op, part) => (part.phase === "forward" ? [["e = exp(x)", say("rowsoftmax.line.e")], ["z = e / sum(e)", say("rowsoftmax.line.z")]] : [["m  = sum(dz * z)", say("rowsoftmax.line.m")], ["dx = z * (dz - m)"]]),
  inks: { e: "f", m: "b" },
  columns: (op, row) => {
    const total = rowSum(row, (i) => Math.exp(at(op.in.x, i)));
    return [
      { head: "x", says: say("rowsoftmax.score"), hue: "f", get: (k) => at(op.in.x, row[k]) },
      { head: "eˣ", says: say("rowsoftmax.positive"), hue: "f", get: (k) => Math.exp(at(op.in.x, row[k])) },
      { between: "÷" },
      { head: "Σ eˣ", says: say("rowsoftmax.total"), get: () => total },
      { between: "=" },
      { head: "z", says: say("rowsoftmax.share"), hue: "r", get: (k) => at(op.z, row[k]) },
      { bar: true, hue: "f", get: (k) => at(op.z, row[k]) },
    ];
  },
  backColumns: (op, row) => {
    const m = rowSum(row, (i) => at(op.dz, i) * at(op.z, i));
    return [
      { head: "z", says: say("rowsoftmax.share"), hue: "f", get: (k) => at(op.z, row[k]) },
      { between: "· (" },
      { head: "dz", says: say("rowsoftmax.arrived"), hue: "b", get: (k) => at(op.dz, row[k]) },
      { between: MINUS },
      { head: "m", says: "Σ dz · z", get: () => m },
      { between: ") =" },
      { head: "dx", says: say("rowsoftmax.on"), hue: "r", get: (k) => at(op.d.x, row[k]) },
      { bar: true, hue: "r", get: (k) => at(op.d.x, row[k]) },
    ];
  },
  note: (op, row) => ({ symbol: "m", value: rowSum(row, (i) => at(op.dz, i) * at(op.z, i)) }),
  slope: (op, z) => ({ value: at(op.z, z) * (1 - at(op.z, z)), says: `= z (1 ${MINUS} z)` }),
});

softmaxLesson({
  name: "logsoftmax",
  ops: ["LogSoftmax"],
  lines: (op, part) => (part.phase === "forward" ? [["s = log(sum(exp(x)))", say("logsoftmax.line.s")], ["z = x - s", say("logsoftmax.line.z")]] : [["p  = exp(z)", say("logsoftmax.line.p"), "forward"], ["dx = dz - p * sum(dz)"]]),
  inks: { s: "f", p: "f" },
  columns: (op, row) => {
    const s = Math.log(rowSum(row, (i) => Math.exp(at(op.in.x, i))));
    return [
      { head: "x", says: say("rowsoftmax.score"), hue: "f", get: (k) => at(op.in.x, row[k]) },
      { between: MINUS },
      { head: "s", says: say("logsoftmax.same"), get: () => s },
      { between: "=" },
      { head: "z", says: say("logsoftmax.log"), hue: "r", get: (k) => at(op.z, row[k]) },
      { between: "⇒" },
      { head: "eᶻ", says: say("rowsoftmax.share"), hue: "f", get: (k) => Math.exp(at(op.z, row[k])) },
      { bar: true, hue: "f", get: (k) => Math.exp(at(op.z, row[k])) },
    ];
  },
  backColumns: (op, row) => {
    const total = rowSum(row, (i) => at(op.dz, i));
    return [
      { head: "dz", says: say("rowsoftmax.arrived"), hue: "b", get: (k) => at(op.dz, row[k]) },
      { between: MINUS },
      { head: "p", says: say("rowsoftmax.share"), hue: "f", get: (k) => Math.exp(at(op.z, row[k])) },
      { between: "·" },
      { head: "Σ dz", says: say("logsoftmax.same"), get: () => total },
      { between: "=" },
      { head: "dx", says: say("rowsoftmax.on"), hue: "r", get: (k) => at(op.d.x, row[k]) },
      { bar: true, hue: "r", get: (k) => at(op.d.x, row[k]) },
    ];
  },
  note: (op, row) => ({ symbol: "Σ dz", value: rowSum(row, (i) => at(op.dz, i)) }),
  slope: (op, z) => ({ value: 1 - Math.exp(at(op.z, z)), says: `= 1 ${MINUS} p` }),
});
