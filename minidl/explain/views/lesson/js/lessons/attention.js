// Attention: each query looks at every key, and mixes the values by how well they match. The weights are a map.

// The leading indices (batch, head) of an array that belong to an index of the output; query i, key j.
const weightAt = (op, name, z, i, j) => at(op.extra[name], [...z.slice(0, -2), i, j]);
const leadingOf = (array, z) => unbroadcast(array.shape.slice(0, -2), z.slice(0, -2).slice(-Math.max(0, array.shape.length - 2) || z.length));
const headOf = (array, z, i, e) => [...(array.shape.length > 2 ? leadingOf(array, z) : []), i, e];

lesson({
  name: "attention",
  ops: ["Attention"],
  holes: (op) => ({ n: op.in.k.shape.at(-2) }),
  inks: { s: "f", p: "f", dp: "b", ds: "b" },
  cell(op, label, index) {
    const [L, S, E] = [op.in.q.shape.at(-2), op.in.k.shape.at(-2), op.in.q.shape.at(-1)];
    const known = label === "z" ? index : op.z.shape.map((n, axis) => (axis < op.z.shape.length - 2 ? Math.min(n - 1, index[axis] ?? 0) : 0));
    const z = [...known];
    let [j, d] = [null, 0];
    if (label === "q") [z[z.length - 2], d] = index.slice(-2);
    if (label === "k") [j, d] = index.slice(-2);
    if (label === "v") [j, z[z.length - 1]] = index.slice(-2);
    // Of the pairs of a query and a key that it could be: q and k are moved by the scores' gradient, v by the weight.
    const weigh = op.dz && (label === "q" || label === "k") ? "ds" : "p";
    if (j !== null) z[z.length - 2] = most(Array.from({ length: L }, (_, i) => i), (i) => Math.abs(weightAt(op, weigh, z, i, j))) ?? 0;
    const i = z.at(-2);
    j ??= most(Array.from({ length: S }, (_, k) => k), (k) => Math.abs(weightAt(op, weigh, z, i, k))) ?? 0;
    return attentionCell(op, z, j, Math.min(d, E - 1));
  },
  lines: (op, part) => {
    const forward = [[`s = ${short(op.options.scale)} * q @ k.T${op.in.mask ? " + mask" : ""}`, say("attention.line.s"), "forward"], ["p = softmax(s)", say("attention.line.p"), "forward"]];
    if (part.phase === "forward") return [...forward, ["z = p @ v", say("attention.line.z")]];
    if (part.label === "v") return [forward[1], ["dv = p.T @ dz", say("attention.line.dv")]];
    const scores = [["dp = dz @ v.T"], ["ds = p * (dp - sum(dp * p))", say("attention.line.ds")]];
    if (part.label === "mask") return [...scores, ["dmask = ds"]];
    return [...scores, [part.label === "q" ? `dq = ${short(op.options.scale)} * ds @ k` : `dk = ${short(op.options.scale)} * ds.T @ q`]];
  },
  draw: (op, part, cell) => (part.phase === "forward" ? mixture(op, cell) : part.label === "v" ? valueShares(op, cell) : scoreShares(op, part, cell)),
  chain(op, part, cell) {
    const label = part.label ?? "v";
    if (!op.dz || !op.d[label]) return null;
    const { i, j, d } = cell.pair;
    const note = [say("attention.note", { name: "d" + label, sum: short(at(op.d[label], cell[label])) }), " ", nudgedNote(op, label, cell[label])];
    if (label === "v") return chainOf({ op, label: "v", x: cell.v, z: cell.z, local: weightAt(op, "p", cell.z, i, j), says: "= p", share: true, note });
    const other = label === "q" ? at(op.in.k, headOf(op.in.k, cell.z, j, d)) : at(op.in.q, headOf(op.in.q, cell.z, i, d));
    const [ds, local] = [weightAt(op, "ds", cell.z, i, j), label === "mask" ? 1 : op.options.scale * other];
    return {
      sign: label === "mask" ? "=" : "+=",
      terms: [
        term(["L"], [label, cell[label].slice(-2)], ds * local, say(label === "mask" ? "app.handed" : "app.share", { name: "d" + label }), "r", traced(op, "d" + label, cell[label])),
        term(["L"], ["s", [i, j]], ds, say("attention.ds"), "b"),
        term(["s", [i, j]], [label, cell[label].slice(-2)], local, label === "mask" ? "" : say("attention.local", { name: label === "q" ? "k" : "q" }), "f"),
      ],
      note,
    };
  },
});

function attentionCell(op, z, j, d) {
  const [i, e] = z.slice(-2);
  const cell = { z, q: headOf(op.in.q, z, i, d), k: headOf(op.in.k, z, j, d), v: headOf(op.in.v, z, j, e), pair: { i, j, d } };
  if (op.in.mask) cell.mask = unbroadcast(op.in.mask.shape, [...z.slice(0, -2), i, j]);
  return cell;
}

// The weights of all queries and keys as a map or grid, with the query's row (or the key's column) framed.
function weightsFigure(op, cell, name, hue, by = "row") {
  const { i, j } = cell.pair;
  const array = op.extra[name];
  const figure_ = groupFigure({ op, label: name, array, index: [...cell.z.slice(0, -2), i, j], hue, name: name === "p" ? say("attention.weights") : name, more: say("attention.axes"), member: (index) => (by === "row" ? index.at(-2) === i : index.at(-1) === j), still: true });
  const surface = figure_.querySelector(".grid, canvas");
  touch(surface, { pick: (r, c) => pick(op, attentionCell(op, [...cell.z.slice(0, -2), r, cell.z.at(-1)], c, cell.pair.d)) }, (event) => {
    const own = event.target.closest(".cell");
    if (own) return [Number(own.dataset.i), Number(own.dataset.j)];
    const box = surface.getBoundingClientRect();
    return [Math.floor(((event.clientY - box.top) / box.height) * array.shape.at(-2)), Math.floor(((event.clientX - box.left) / box.width) * array.shape.at(-1))];
  });
  return figure_;
}

const keysOf = (op) => Array.from({ length: op.in.k.shape.at(-2) }, (_, k) => k);
const queriesOf = (op) => Array.from({ length: op.in.q.shape.at(-2) }, (_, k) => k);

// Forward: one output as a sum over the keys, weight times value.
function mixture(op, cell) {
  const [i, e] = cell.z.slice(-2);
  const p = (j) => weightAt(op, "p", cell.z, i, j);
  const v = (j) => at(op.in.v, headOf(op.in.v, cell.z, j, e));
  const columns = [
    { head: "s", says: say("attention.score"), hue: "f", get: (j) => weightAt(op, "s", cell.z, i, j) },
    { between: "→" },
    { head: "p", says: say("attention.weight"), hue: "f", get: p },
    { bar: true, hue: "f", get: p },
    { between: "×" },
    { head: "v", says: say("attention.value"), hue: "f", get: v },
    { between: "=" },
    { head: "p · v", says: say("attention.share"), hue: "f", get: (j) => p(j) * v(j) },
  ];
  return attentionRow(op, cell, weightsFigure(op, cell, "p", "f"), columns, keysOf(op).length, cell.pair.j, (j) => attentionCell(op, cell.z, j, cell.pair.d), speech(placed("z", [i, e]), "= Σ p · v =", chip(short(at(op.z, cell.z)))), say("attention.key"));
}

// dv: every query that looked at this key hands back a share, its weight times dz.
function valueShares(op, cell) {
  const { i, j } = cell.pair;
  const e = cell.v.at(-1);
  const p = (k) => weightAt(op, "p", cell.z, k, j);
  const dz = (k) => at(op.dz, [...cell.z.slice(0, -2), k, e]);
  const columns = [
    { head: "p", says: say("attention.weight"), hue: "f", get: p },
    { bar: true, hue: "f", get: p },
    { between: "×" },
    { head: "dz", says: say("attention.arrived"), hue: "b", get: dz },
    { between: "=" },
    { head: "dv", says: say("attention.share"), hue: "b", get: (k) => p(k) * dz(k) },
  ];
  return attentionRow(op, cell, weightsFigure(op, cell, "p", "f", "column"), columns, queriesOf(op).length, i, (k) => attentionCell(op, [...cell.z.slice(0, -2), k, e], j, cell.pair.d), speech(placed("dv", [j, e]), "=", chip(short(at(op.d.v, cell.v)))), say("attention.query"));
}

// dq, dk: the scores' gradient ds, times the other side.
function scoreShares(op, part, cell) {
  const { i, j, d } = cell.pair;
  const byKey = part.label !== "k";
  const ds = (k) => (byKey ? weightAt(op, "ds", cell.z, i, k) : weightAt(op, "ds", cell.z, k, j));
  const other = (k) => (byKey ? at(op.in.k, headOf(op.in.k, cell.z, k, d)) : at(op.in.q, headOf(op.in.q, cell.z, k, d)));
  const scale = op.options.scale;
  const columns = [
    { head: "p", says: say("attention.weight"), hue: "f", get: (k) => (byKey ? weightAt(op, "p", cell.z, i, k) : weightAt(op, "p", cell.z, k, j)) },
    { between: "→" },
    { head: "ds", says: say("attention.ds"), hue: "b", get: ds },
    { bar: true, hue: "b", get: ds },
    { between: "×" },
    { head: byKey ? "k" : "q", says: `× ${short(scale)}`, hue: "f", get: (k) => scale * other(k) },
    { between: "=" },
    { head: part.id, says: say("attention.share"), hue: "b", get: (k) => ds(k) * scale * other(k) },
  ];
  const count = byKey ? keysOf(op).length : queriesOf(op).length;
  const choose_ = (k) => (byKey ? attentionCell(op, cell.z, k, d) : attentionCell(op, [...cell.z.slice(0, -2), k, cell.z.at(-1)], j, d));
  return attentionRow(op, cell, weightsFigure(op, cell, "ds", "b", byKey ? "row" : "column"), part.label === "mask" ? columns.slice(0, 4) : columns, count, byKey ? j : i, choose_, speech(placed(part.id, cell[part.label].slice(-2)), "=", chip(short(at(op.d[part.label], cell[part.label])))), say(byKey ? "attention.key" : "attention.query"));
}

function attentionRow(op, cell, map_, columns, count, chosen, choose_, result, nameHead) {
  return make("div", { class: "row attention" }, map_, make("div", { class: "stack grow" }, table({ columns, count, nameHead, chosen, most: 8, pick: (k) => pick(op, choose_(k)) }), result));
}
