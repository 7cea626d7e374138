// The linear layer and the matrix product: a row times a column, and what comes back along it.

// Both as one: z[.., m, o] = Σ_k x[.., m, k] · w(k, o) (+ b[o]).
function productOf(op) {
  const linear = op.op === "Linear";
  const names = linear ? ["x", "w"] : ["x", "y"];
  const [x, w] = names.map((name) => op.in[name]);
  const K = x.shape.at(-1);
  const wRank = w.shape.length;
  const zShape = op.z.shape;
  const columnsIn = linear ? w.shape[0] : wRank > 1 ? w.shape.at(-1) : 1;
  const hasRow = x.shape.length > 1;
  const hasColumn = linear || wRank > 1;
  const batchOf = (z, rank) => (rank > 2 ? z.slice(0, -2).slice(-(rank - 2)) : []);
  // The places that belong to output z and inner index k.
  const leading = (z) => (hasColumn ? z.slice(0, -1) : z);
  const xAt = (z, k) => {
    const rows = hasRow ? leading(z) : [];
    return hasRow ? [...unbroadcast(x.shape.slice(0, -1), rows), k] : [k];
  };
  const wAt = (z, k) => {
    if (linear) return [z.at(-1), k];
    if (wRank === 1) return [k];
    const own = w.shape.slice(0, -2);
    const batch = z.slice(0, Math.max(0, z.length - (hasRow ? 2 : 1)));
    return [...unbroadcast(own, batch), k, z.at(-1)];
  };
  // The outputs that an element of x, w or b is part of.
  function* zOfX(index) {
    for (const z of placesOf(zShape)) if (sameIndex(xAt(z, index.at(-1)), index)) yield [z, index.at(-1)];
  }
  function* zOfW(index) {
    const k = linear ? index[1] : wRank === 1 ? index[0] : index.at(-2);
    for (const z of placesOf(zShape)) if (sameIndex(wAt(z, k), index)) yield [z, k];
  }
  return { linear, names, x, w, b: linear ? op.in.b : null, K, columnsIn, batchOf, xAt, wAt, zOfX, zOfW, hasColumn };
}

const productCell = (op, z, k) => {
  const g = productOf(op);
  const cell = { z, [g.names[0]]: g.xAt(z, k), [g.names[1]]: g.wAt(z, k) };
  if (g.b) cell.b = g.b.shape.length ? [g.b.shape[0] === 1 ? 0 : z.at(-1)] : [];
  return cell;
};

// The inner index with the largest product.
const strongestK = (op, z) => {
  const g = productOf(op);
  return most(Array.from({ length: g.K }, (_, k) => k), (k) => Math.abs(at(g.x, g.xAt(z, k)) * at(g.w, g.wAt(z, k))) || 0) ?? 0;
};

const PRODUCT = {
  inks: { products: "", shares: "b" },
  parts: (op) => {
    const { names } = productOf(op);
    return [{ id: "z", phase: "forward" }, ...[names[1], "b", names[0]].filter((label) => op.d[label]).map((label) => ({ id: "d" + label, phase: "backward", label, side: label === names[0] ? "x" : label === "b" ? "b" : "w" }))];
  },
  cell(op, label, index) {
    const g = productOf(op);
    if (label === "z") return productCell(op, index, strongestK(op, index));
    if (label === "b") {
      const z = most(placesOf(op.z.shape), (z) => (index.length === 0 || z.at(-1) === index[0] ? (op.dz ? Math.abs(at(op.dz, z)) : 0) : -1));
      return { ...productCell(op, z, strongestK(op, z)), b: index };
    }
    const outer = label === g.names[0];
    const other = outer ? (z, k) => at(g.w, g.wAt(z, k)) : (z, k) => at(g.x, g.xAt(z, k));
    const found = most(outer ? g.zOfX(index) : g.zOfW(index), ([z, k]) => Math.abs((op.dz ? at(op.dz, z) : 1) * other(z, k)) || 0);
    return found ? productCell(op, ...found) : productCell(op, op.z.shape.map(() => 0), 0);
  },
  start: (op) => PRODUCT.cell(op, "z", op.z.shape.map(() => 0)),
  draw(op, part, cell) {
    if (part.id === "z") return productForward(op, cell);
    if (part.side === "b") return biasBackward(op, cell);
    return part.side === "w" && productOf(op).linear ? outerBackward(op, cell) : productBackward(op, part, cell);
  },
  chain(op, part, cell) {
    const g = productOf(op);
    const label = part.label ?? (op.d[g.names[1]] ? g.names[1] : g.names[0]);
    if (!op.dz || !op.d[label]) return null;
    const [x, w] = g.names;
    const local = label === "b" ? 1 : label === x ? at(g.w, cell[w]) : at(g.x, cell[x]);
    const count = label === "b" ? sizeOf(op.z.shape) / g.columnsIn : label === x ? g.columnsIn : sizeOf(op.z.shape) / g.columnsIn;
    const says = label === "b" ? say("app.local") : say("linear.local", { name: label === x ? w : x });
    const total = short(at(op.d[label], cell[label]));
    const note = part.id === "z" ? say(count > 1 ? "linear.note.many" : "linear.note.one", { n: count, name: "d" + label }) : [count > 1 ? say("linear.note.sum", { n: count, sum: total }) + " " : "", nudgedNote(op, label, cell[label])];
    const other = { [x]: w, [w]: x }[label];
    return chainOf({ op, label, x: cell[label], z: cell.z, local, says, share: count > 1, note, factor_: other && [other, cell[other]] });
  },
};

function productForward(op, cell) {
  const g = productOf(op);
  const [x, w] = g.names;
  const z = cell.z;
  const row = Array.from({ length: g.hasColumn ? g.columnsIn : 1 }, (_, o) => o);
  const toOutput = (o) => (g.hasColumn ? PRODUCT.cell(op, "z", [...z.slice(0, -1), o]) : cell);
  const samples = op.z.shape.slice(0, -1);
  const n = flatOf(samples, z.slice(0, -1));
  return rowTimesColumn({
    K: g.K, chosen: cell[x].at(-1), fold: foldOf(op, x, g.K),
    x: { letter: x, name: say("linear.row", { name: x }), get: (k) => at(g.x, g.xAt(z, k)) },
    w: { letter: w, name: say(g.linear ? "linear.wrow" : "linear.column", { name: w, o: z.at(-1) ?? 0 }), get: (k) => at(g.w, g.wAt(z, k)) },
    over: (k) => preview(op, productCell(op, z, k)), pick: (k) => pickOrFollow(op, productCell(op, z, k), x, g.xAt(z, k)),
    bias: g.b ? at(g.b, cell.b) : undefined,
    z: { name: "z", numbers: row.map((o) => at(op.z, g.hasColumn ? [...z.slice(0, -1), o] : z)), chosen: g.hasColumn ? z.at(-1) : 0, over: (o) => preview(op, toOutput(o)), pick: (o) => pickOrFollow(op, toOutput(o), "z", toOutput(o).z) },
    chooser: samples.length ? chooser(say("linear.sample"), n, sizeOf(samples), (m) => pick(op, PRODUCT.cell(op, "z", [...indexOf(samples, m), ...(g.hasColumn ? [z.at(-1)] : [])]))) : null,
  });
}

// x · w + b, product by product, and the output among its neighbours. Its lines: the outputs, the products, the sum.
//   x, w   {letter, name, get(k)} for k < K; `chosen`, over(k) and pick(k) are of a product
//   z      {name, numbers, chosen, over(o), pick(o)}: the outputs, and which of them the sum is
function rowTimesColumn({ K, chosen, fold, x, w, over, pick: pickOne, bias, z, chooser: choose_ }) {
  const ks = Array.from({ length: K }, (_, k) => k);
  const product = (k) => x.get(k) * w.get(k);
  const sum = ks.reduce((total, k) => total + product(k), 0);
  const few = fold.rows <= FEW && fold.columns <= FEW;
  const vector = (name, get) => {
    const top = topOf(ks.map(get));
    const unit = unitOf(top);
    return figure({ name, hue: "f", more: few ? unit.words : "", of: lit(1) }, folded(fold, { chosen, over, pick: pickOne, get, hue: "f", top, unit }));
  };
  return make("div", { class: "slide dot" },
    vector(x.name, x.get), sign("×", lit(1)), vector(w.name, w.get), sign("=", lit(1)), vector(say("conv.products"), product), sign("Σ", lit()),
    figure({ name: z.name, hue: "f", of: `edge ${lit(0)}` }, bars({ ...z, hue: "f", result: true })),
    make("div", { class: `speech ${lit()}` },
      make("div", { class: "lines" },
        speech(make("span", { class: "m" }, `${x.letter}·${w.letter}`), ink("f", short(x.get(chosen))), "×", ink("f", factor(w.get(chosen))), "=", short(product(chosen)), make("small", {}, say("linear.product", { k: counted(chosen), n: counted(K) }))),
        speech(make("span", { class: "m" }, say("linear.sum", { n: counted(K) })), short(sum), ...(bias === undefined ? [] : [bias < 0 ? MINUS : "+", `${say("conv.bias")} ${short(Math.abs(bias))}`]), "=", chip(short(z.numbers[z.chosen])))),
      make("div", { class: "choosers" }, choose_, legend())));
}

// A weight's gradient: the input of each sample times the gradient that arrived, for all weights of one output at once.
function outerBackward(op, cell) {
  const g = productOf(op);
  const [o, k0] = cell.w;
  const z = cell.z;
  const samples = op.z.shape.slice(0, -1);
  const N = sizeOf(samples);
  const n = flatOf(samples, z.slice(0, -1));
  const fold = foldOf(op, "x", g.K);
  const ks = Array.from({ length: g.K }, (_, k) => k);
  const xs = (k) => at(op.in.x, g.xAt(z, k));
  const ws = (k) => at(op.d.w, [o, k]);
  const shares = Array.from({ length: N }, (_, m) => at(op.dz, [...indexOf(samples, m), o]) * at(op.in.x, [...indexOf(samples, m), k0]));
  const few = fold.rows <= FEW && fold.columns <= FEW;
  const [top, dwTop] = [topOf(ks.map(xs)), topOf(ks.map(ws))];
  const words = (unit) => (few ? unit.words : "");
  const dzs = Array.from({ length: g.columnsIn }, (_, j) => at(op.dz, [...z.slice(0, -1), j]));
  const toTap = (k) => productCell(op, z, k);
  const toSample = (m) => productCell(op, [...indexOf(samples, m), o], k0);
  return make("div", { class: `slide dot outer ${N > 1 ? "batch" : ""}` },
    figure({ name: "dz", hue: "b", more: unitOf(topOf(dzs)).words, of: `edge operand ${lit(0)}` }, bars({ numbers: dzs, chosen: o, hue: "b", pick: (j) => pick(op, productCell(op, [...z.slice(0, -1), j], k0)) })),
    sign("×"),
    figure({ name: say("linear.row", { name: "x" }), hue: "f", more: words(unitOf(top)), of: lit(1) }, folded(fold, { get: xs, hue: "f", top, unit: unitOf(top), chosen: k0, over: (k) => preview(op, toTap(k)), pick: (k) => pickOrFollow(op, toTap(k), "x", g.xAt(z, k)) })),
    sign("="),
    figure({ name: placed("dw", [o]), more: words(unitOf(dwTop)), of: lit() }, folded(fold, { get: ws, hue: "b", frame: "r", top: dwTop, unit: unitOf(dwTop), chosen: k0, result: true, over: (k) => preview(op, toTap(k)), pick: (k) => pickOrFollow(op, toTap(k), "dw", [o, k]) })),
    make("div", { class: `speech ${lit()}` },
      make("div", { class: "lines" },
        speech(make("span", { class: "m" }, "dz · x"), ink("b", short(at(op.dz, z))), "×", ink("f", factor(xs(k0))), "=", ...(N === 1 ? [chip(short(ws(k0))), make("span", { class: "m" }, placed("dw", [o, k0]))] : [short(xs(k0) * at(op.dz, z))])),
        N === 1 ? null : speech(make("span", { class: "m" }, say("linear.samples", { n: N })), "=", chip(short(ws(k0))))),
      N === 1 ? legend() : make("div", { class: "aside" }, chooser(say("linear.sample"), n, N, (m) => pick(op, toSample(m))), waterfall({ shares, chosen: n, hue: "b", pick: (m) => pick(op, toSample(m)) }))));
}

// The bias was added once per sample: dz of every sample, added up.
function biasBackward(op, cell) {
  const g = productOf(op);
  const o = cell.z.at(-1);
  const samples = op.z.shape.slice(0, -1);
  const N = sizeOf(samples);
  const n = flatOf(samples, cell.z.slice(0, -1));
  const toOutput = (j, m = n) => { const z = [...indexOf(samples, m), j]; return { ...productCell(op, z, strongestK(op, z)), b: g.b.shape[0] === 1 ? [0] : [j] }; };
  const dzs = Array.from({ length: g.columnsIn }, (_, j) => at(op.dz, [...cell.z.slice(0, -1), j]));
  const shares = Array.from({ length: N }, (_, m) => at(op.dz, [...indexOf(samples, m), o]));
  const dbs = Array.from(op.d.b.numbers);
  return make("div", { class: "row spread" },
    figure({ name: "dz", hue: "b", more: [N > 1 ? `${say("linear.sample")} ${n}` : "", unitOf(topOf(dzs)).words].filter(Boolean).join(", "), of: lit(0) }, bars({ numbers: dzs, chosen: o, hue: "b", over: (j) => preview(op, toOutput(j)), pick: (j) => pickOrFollow(op, toOutput(j), "dz", toOutput(j).z) })),
    make("div", { class: "stack middle" },
      sign("Σ"),
      speech(make("span", { class: "m" }, say(N > 1 ? "linear.samples" : "linear.sample.one", { n: N })), "=", chip(short(at(op.d.b, cell.b)))),
      N > 1 ? waterfall({ shares, chosen: n, hue: "b", pick: (m) => pick(op, toOutput(o, m)) }) : null,
      chooser(say("linear.sample"), n, N, (m) => pick(op, toOutput(o, m))), legend()),
    figure({ name: "db", more: unitOf(topOf(dbs)).words }, bars({ numbers: dbs, chosen: cell.b[0], hue: "b", result: true, pick: (j) => pick(op, toOutput(j)) })));
}

function productBackward(op, part, cell) {
  const g = productOf(op);
  const { label } = part;
  const index = cell[label];
  const [x, w] = g.names;
  const side = part.side;
  const factorAt = (z, k) => (side === "x" ? at(g.w, g.wAt(z, k)) : at(g.x, g.xAt(z, k)));
  const shares = [...(side === "x" ? g.zOfX(index) : g.zOfW(index))].map(([z, k]) => ({ z, k, a: at(op.dz, z), b: factorAt(z, k) }));
  const rows = shares.map((one) => ({ ...one, name: side === "x" ? String(one.z.at(-1) ?? 0) : one.z.slice(0, -1).join(",") || "0", product: one.a * one.b }));
  const chosen = rows.findIndex((row) => sameIndex(row.z, cell.z));
  const other = side === "x" ? w : x;
  const goTo_ = (row) => productCell(op, row.z, row.k);
  const table = equations({
    heads: [say(side === "x" ? "linear.output" : "linear.sample"), "dz", other, "dz · " + other], rows, chosen,
    over: (row) => preview(op, goTo_(row)), pick: (row) => pickOrFollow(op, goTo_(row), "dz", row.z),
  });
  let result;
  if (side === "x") {
    const fold = foldOf(op, x, g.K);
    const rowAt = (k) => [...index.slice(0, -1), k];
    const top = topOf(Array.from({ length: g.K }, (_, k) => at(op.d[x], rowAt(k))));
    const few = fold.rows <= FEW && fold.columns <= FEW;
    result = figure({ name: placed("d" + x, trimmed(index)), more: few ? unitOf(top).words : "", of: "edge" }, folded(fold, { get: (k) => at(op.d[x], rowAt(k)), hue: "b", frame: "r", top, unit: unitOf(top), chosen: index.at(-1), result: true, over: (k) => preview(op, PRODUCT.cell(op, x, rowAt(k))), pick: (k) => pickOrFollow(op, PRODUCT.cell(op, x, rowAt(k)), "d" + x, rowAt(k)) }));
  } else result = arrayFigure({ op, label: part.id, array: op.d[label], index, hue: "b", result: true, frame: "r", of: "edge" });
  const together = speech(make("span", { class: "m" }, say("linear.together", { n: counted(rows.length) })), "=", chip(short(at(op.d[label], index))));
  return make("div", { class: "row shares-of" }, make("div", { class: "stack" }, result, together, legend()), sign("◀"), table);
}

lesson({
  ...PRODUCT,
  name: "linear",
  ops: ["Linear"],
  lines: (op, part) => ({
    z: [["for o in outputs:"], ["  products = x * w[o]"], ["  z[o] = sum(products)" + (op.in.b ? " + b[o]" : "")]],
    dw: [["for o in outputs:"], ["  for k in inputs:"], ["    dw[o,k] = sum(dz[:,o] * x[:,k])"]],
    db: [["for o in outputs:"], ["  db[o] = sum(dz[:,o])", say("linear.line.db")]],
    dx: [["for k in inputs:"], ["  shares = dz * w[:,k]"], ["  dx[k] = sum(shares)", say("linear.line.dx")]],
  })[part.id],
});

lesson({
  ...PRODUCT,
  name: "matmul",
  ops: ["MatMul"],
  lines: (op, part) => ({
    z: [["for m, o in places:"], ["  products = x[m] * y[:,o]"], ["  z[m,o] = sum(products)"]],
    dy: [["for k, o in places:"], ["  dy[k,o] = sum(x[:,k] * dz[:,o])"]],
    dx: [["for m, k in places:"], ["  dx[m,k] = sum(dz[m] * y[k])"]],
  })[part.id],
});
