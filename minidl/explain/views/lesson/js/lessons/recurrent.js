// A recurrent step through time: the gates of one unit forward; backward what comes to h (and c) from above and from
// t + 1, what that does to the gates, and the weights, which every step used and so every step sends a share to.
// A layer has all its times, and makes of its input what that adds to the gates (gx). A cell (LSTMCell, ...) has one time
// and is given both parts of its gates, x and y; what makes them and joins its steps are screens of their own.

const GATES = { LSTM: ["i", "f", "g", "o"], GRU: ["r", "u", "n"], Tanh: [""], Relu: [""] };

// What does not change: {kind, gates, layer, sizes, starts, H, P, h0, c0, forward}; h0 and c0 are labels.
function recurrenceOf(op) {
  const layer = op.op.endsWith("Layer");
  const kind = op.op.replace(/Layer$|Step$/, "");
  const sizes = layer ? op.options.sizes : [op.in.x.shape[0]];
  const state = layer ? "first" : "state";
  return (op.recurrence ??= {
    kind, layer, sizes, gates: GATES[kind],
    starts: sizes.map((_, t) => sizes.slice(0, t).reduce((sum, n) => sum + n, 0)),
    H: op.extra.h.shape[1], P: op.outs[0].shape[1], h0: `${state}[0]`, c0: `${state}[1]`,
    forward: op.options.reverse ? -1 : 1,
  });
}

// Rows of x, h and z: one per time and sequence.
function timeOf(op, row) {
  const { starts } = recurrenceOf(op);
  const t = starts.findLastIndex((start) => start <= row);
  return { t, n: row - starts[t] };
}

// The row of a sequence some steps further on, in the order of the walk; null where it has ended.
function rowAfter(op, row, by = 1) {
  const { sizes, starts, forward } = recurrenceOf(op);
  const { t, n } = timeOf(op, row);
  const next = t + by * forward;
  return n < (sizes[next] ?? 0) ? starts[next] + n : null;
}

// All rows of a row's sequence, in the order of the walk.
function sequenceOf(op, row) {
  let first = row;
  while (rowAfter(op, first, -1) !== null) first = rowAfter(op, first, -1);
  const rows = [];
  for (let one = first; one !== null; one = rowAfter(op, one)) rows.push(one);
  return rows;
}

const seen = (op, name, ...index) => at(op.extra[name], index);
const upTo = (count) => Array.from({ length: count }, (_, k) => k);

// The gates' part from the input, (rows, gates · H); and the gradient sent to that part ("x") or to the state's ("y").
const fromInput = (op) => op.extra.gx ?? op.in.x;
const sentTo = (op, side) => (recurrenceOf(op).layer ? ((side === "x" && op.extra.dgx) || op.extra.dy) : op.d[side]);

// What that part is called: a cell's inputs are x and y. In a layer only their sum a counts, but for a GRU.
function partName(op, side) {
  const { kind, layer } = recurrenceOf(op);
  if (!layer) return side;
  return kind !== "GRU" ? "a" : side === "x" ? "gx" : "y";
}

// The indices that belong together: unit u of a row, its gate, and i, j, p: the element of x, of h_(t - 1), of the output.
function recurrentCell(op, row, u, { gate, i, j, p } = {}) {
  const { gates, layer, H, P, h0, c0 } = recurrenceOf(op);
  const [{ dy }, { x, w_ih, w_hh, w_hr }] = [op.extra, op.in];
  gate ??= most(upTo(gates.length), (k) => (dy ? Math.abs(at(dy, [row, k * H + u])) : 0)) ?? 0;
  p ??= w_hr ? most(upTo(P), (k) => Math.abs(at(w_hr, [k, u]))) : u;
  const own = gate * H + u;
  const { n } = timeOf(op, row);
  const cell = { z: [row * P + p], [h0]: [n, p], [c0]: [n, u], unit: [row, u], gate };
  if (!layer) return { ...cell, x: [row, own], y: [row, own] };
  i ??= most(upTo(x.shape[1]), (k) => Math.abs(at(w_ih, [own, k]) * at(x, [row, k]))) ?? 0;
  j ??= most(upTo(P), (k) => Math.abs(at(w_hh, [own, k]) * seen(op, "before", row, k))) ?? 0;
  return { ...cell, gx: [row, own], x: [row, i], w_ih: [own, i], w_hh: [own, j], b_ih: [own], b_hh: [own], w_hr: [p, u] };
}

// The cell of one of the gates' sums, k = gate · H + unit.
const cellOfGate = (op, row, k, more) => recurrentCell(op, row, k % recurrenceOf(op).H, { ...more, gate: Math.floor(k / recurrenceOf(op).H) });

// i3: gate i of unit 3.
function gateName(op, k) {
  const { gates, H } = recurrenceOf(op);
  return `${gates[Math.floor(k / H)]}${k % H}`;
}

// The cell of an element of a layer's x or weights, at what sends it the largest share.
function loudest(op, label, index) {
  const start = { x: { i: index[1] }, w_ih: { i: index[1] }, w_hh: { j: index[1] }, w_hr: { p: index[0] } }[label] ?? {};
  const cellAt = {
    x: (k) => cellOfGate(op, index[0], k, start),
    w_hr: (row) => recurrentCell(op, row, index[1], start),
  }[label] ?? ((row) => cellOfGate(op, row, index[0], start));
  if (!op.dz) return cellAt(0);
  const places = upTo(label === "x" ? op.in.w_ih.shape[0] : op.in.x.shape[0]);
  return cellAt(most(places, (place) => {
    const { sent, local } = gateShare(op, label, cellAt(place));
    return Math.abs(sent * local);
  }) ?? 0);
}

lesson({
  name: "recurrent",
  ops: Object.keys(GATES).flatMap((kind) => [`${kind}Layer`, `${kind}Step`]),
  slug: (op) => kindOf(op).toLowerCase() + (recurrenceOf(op).layer ? "" : "cell"),
  short: (op) => kindOf(op),
  pace: 1200,
  holes: (op, part) => ({ name: kindOf(op), n: part?.phase === "backward" ? sequenceOf(op, cellOf(op).unit[0]).length : recurrenceOf(op).sizes.length }),
  parts(op) {
    const { kind, layer, h0, c0 } = recurrenceOf(op);
    const forward = [...(layer ? [{ id: "gx", phase: "forward", value: (cell) => at(op.extra.gx, cell.gx) }] : []), { id: "z", phase: "forward" }];
    if (!op.dz) return forward;
    const given = gradientsOf(op);
    const of = (label, more) => given.filter((part) => part.label === label).map((part) => ({ ...part, ...more }));
    const [x, y] = [{ side: "x", as: "da" }, { side: "y" }];
    const [dh, dc, da, dgx, dy] = ["dh", "dc", "da", "dgx", "dy"].map((id) => ({ id, phase: "backward" }));
    const inside = kind === "GRU" ? [{ ...dgx, ...x }, { ...dy, ...y }] : [{ ...da, ...x }];
    return [
      ...forward,
      ...(layer ? [dh] : []), ...(kind === "LSTM" ? [dc] : []),
      ...(layer ? inside : [...of("x", x), ...of("y", y)]),
      ...["x", "w_ih", "w_hh", "b_ih", "b_hh", "w_hr"].flatMap((label) => (layer ? of(label) : [])),
      ...of(h0, { id: "dh0" }), ...of(c0, { id: "dc0" }),
    ];
  },
  cell(op, label, index) {
    const { H, P, h0, c0, layer } = recurrenceOf(op);
    if (label === h0 || label === c0) {
      const row = sequenceOf(op, index[0])[0]; // at the first time row n is of sequence n
      return { ...recurrentCell(op, layer ? row : index[0], index[1] % H), [label]: index };
    }
    if (label !== "z") return layer ? loudest(op, label, index) : cellOfGate(op, ...index);
    const [h, last] = op.outs;
    const flat = index[0];
    if (flat < (last?.start ?? Infinity)) return { ...unitOfOutput(op, Math.floor(flat / P), flat % P), z: index };
    const place = op.outs.findLast((out) => out.start <= flat);
    const width = place.shape[1];
    const [n, k] = [Math.floor((flat - place.start) / width), (flat - place.start) % width];
    const row = layer ? sequenceOf(op, n).at(-1) : n;
    return place === h || (layer && place === last) ? { ...unitOfOutput(op, row, k), z: index } : { ...recurrentCell(op, row, k), z: index };
  },
  inks: Object.fromEntries([..."afgiochnruy", "gx"].map((name) => [name, "f"]).concat([..."ifgoru"].map((name) => [`a_${name}`, "f"]), ["da", "dgx", "shares", "dh", "dc", "dy", "dn", "du", "dr", "back", "da_i", "da_f", "da_g", "da_o", "dz_c"].map((name) => [name, "b"]))),
  lines: (op, part) => recurrentLines(op, part),
  draw(op, part, cell) {
    if (part.id === "gx") return inputForward(op, cell);
    if (part.phase === "forward") return stepForward(op, cell);
    if (part.side) return gatesBackward(op, part, cell);
    return hasShares(op, part.label) ? gateShares(op, part, cell) : throughTime(op, part, cell);
  },
  chain: (op, part, cell) => recurrentChain(op, part, cell),
  move(op, part, cell, down, right) {
    const [row, u] = cell.unit;
    const next = right ? rowAfter(op, row, right) : row;
    if (part.label || next === null) return null;
    return recurrentCell(op, next, Math.max(0, Math.min(recurrenceOf(op).H - 1, u + down)), { gate: cell.gate });
  },
  // Forward from the first time to the last, backward from the last to the first.
  play(op, part) {
    if (part.label) return null;
    const rows = sequenceOf(op, cellOf(op).unit[0]);
    if (part.phase === "backward") rows.reverse();
    return () => {
      const row = rows.shift();
      if (row === undefined) return false;
      const { unit: [, u], gate } = cellOf(op);
      choose(op, recurrentCell(op, row, u, { gate }));
      return rows.length > 0;
    };
  },
});

const kindOf = (op) => ({ Tanh: "RNN", Relu: "RNN" })[recurrenceOf(op).kind] ?? recurrenceOf(op).kind;

// The cell of output p of a row; with a projection, of the unit that has most to do with it.
function unitOfOutput(op, row, p) {
  const { H } = recurrenceOf(op);
  const u = op.in.w_hr ? most(upTo(H), (k) => Math.abs(at(op.in.w_hr, [p, k]) * seen(op, "h", row, k))) : p;
  return recurrentCell(op, row, u, { p });
}

// h or c of a time, as an index: h with t, unit; the sequence too where there are several.
function timed(op, row, k) {
  const { t, n } = timeOf(op, row);
  const { layer, sizes } = recurrenceOf(op);
  return layer ? [t, ...(sizes[0] > 1 ? [n] : []), k] : sizes[0] > 1 ? [n, k] : [k];
}

function recurrentLines(op, part) {
  const { kind, layer } = recurrenceOf(op);
  const note = (key) => say(`recurrent.line.${key}`);
  if (part.phase === "forward") return forwardLines(op, part, note);
  const [t, next] = layer ? ["[t]", "[t+1]"] : ["", ""];
  const [dgx, dy] = ["x", "y"].map((side) => `d${partName(op, side)}`);
  const weighed = kind === "GRU" ? `w_hh.T @ dy${next} + u${next} * dh${next}` : `w_hh.T @ da${next}`;
  if (part.side) return gateLines(op, part, note, t);
  const summed = (label, share) => [["for t in times:"], [`  d${label} += ${share}`, note("share")]];
  return {
    dh: [[`back = ${weighed}`, note("next")], [`dh${t} = dz${t} + back`, note("sum")]],
    dc: [...(layer ? [[`back = f${next} * dc${next}`, note("next")]] : [["back = dz_c", note("next")]]), [`dc${t} = back + o * (1 - tanh(c)**2) * dh`]],
    dx: [["for k in inputs:"], [`  shares = ${dgx}[t] * w_ih[:,k]`], ["  dx[t,k] = sum(shares)", note("each")]],
    dw_ih: summed("w_ih", `outer(${dgx}[t], x[t])`),
    dw_hh: summed("w_hh", `outer(${dy}[t], h[t-1])`),
    db_ih: summed("b_ih", `${dgx}[t]`),
    db_hh: summed("b_hh", `${dy}[t]`),
    dw_hr: summed("w_hr", "outer(dz[t] + back, h[t])"),
    dh0: [[layer ? `dh0 = ${weighed.replaceAll("[t+1]", "[0]")}` : kind === "GRU" ? "dh0 = u * dh" : "dh0 = 0", note("first")]],
    dc0: [[layer ? "dc0 = f[0] * dc[0]" : "dc0 = f * dc", note("first")]],
  }[part.id];
}

function forwardLines(op, part, note) {
  const { kind, layer } = recurrenceOf(op);
  const plus = (label) => (op.in[label] ? ` + ${label}` : "");
  if (part.id === "gx") return [["for k in gates:"], ["  products = x[t] * w_ih[k]"], [`  gx[k] = sum(products)${op.in.b_ih ? " + b_ih[k]" : ""}`]];
  const gx = layer ? [[`gx = w_ih @ x[t]${plus("b_ih")}`, note("input")]] : [];
  const state = `w_hh @ h${plus("b_hh")}`;
  const a = [...gx, layer ? [`a = gx + ${state}`, note("before")] : ["a = x + y"]];
  const x = layer ? "gx" : "x";
  const lines = {
    LSTM: [...a, ["i, f, o = σ(a_i), σ(a_f), σ(a_o)", note("gates")], ["g = tanh(a_g)", note("new")], ["c = f * c + i * g", note("c")], ["h = o * tanh(c)", note("h")]],
    GRU: [...gx, ...(layer ? [[`y = ${state}`, note("before")]] : []), [`r, u = σ(${x}_r + y_r), σ(${x}_u + y_u)`, note("gates")], [`n = tanh(${x}_n + r * y_n)`, note("new")], ["h = (1 - u) * n + u * h", note("mix")]],
    Tanh: [...a, ["h = tanh(a)"]],
    Relu: [...a, ["h = max(a, 0)"]],
  }[kind];
  return op.in.w_hr ? [...lines, ["z = w_hr @ h", note("project")]] : lines;
}

// The gradient that reaches the gates' sums, and so both parts of them.
function gateLines(op, part, note, t) {
  const { kind } = recurrenceOf(op);
  const gates = {
    LSTM: [["da_i = dc * g * i * (1 - i)"], ["da_f = dc * c * f * (1 - f)", note("c.before")], ["da_g = dc * i * (1 - g**2)"], ["da_o = dh * tanh(c) * o * (1 - o)"]],
    GRU: [["dn = dh * (1 - u) * (1 - n**2)"], ["du = dh * (h - n) * u * (1 - u)", note("h.before")], ["dr = dn * y_n * r * (1 - r)"]],
    Tanh: [["da = dh * (1 - h**2)"]],
    Relu: [["da = dh * (h > 0)"]],
  }[kind];
  const all = { LSTM: "da_i, da_f, da_g, da_o", GRU: part.side === "y" ? "dr, du, r * dn" : "dr, du, dn" }[kind];
  if (part.id === "da") return all ? [...gates, [`da${t} = ${all}`]] : gates;
  return [...gates, [`${part.id}${t} = ${kind === "GRU" ? all : "da"}`]];
}

// What a gate's own number does: {symbol, sent, local, says}, of ∂L/∂(its sum) = sent · local.
function gateRule(op, row, u, gate, side = "x") {
  const { kind, gates } = recurrenceOf(op);
  const one = (name) => seen(op, name, row, u);
  const slope = (v) => v * (1 - v);
  const h = timed(op, row, u);
  const through = (name, local, says, sent = one(`d${name}`)) => ({ symbol: [name, h], sent, local, says });
  if (kind === "LSTM") {
    const [i, f, g, o, tanh_c] = ["i", "f", "g", "o", "tanh_c"].map(one);
    return [
      () => through("c", g * slope(i), "g · i (1 − i)"), () => through("c", one("c0") * slope(f), "c₀ · f (1 − f)"),
      () => through("c", i * (1 - g * g), "i · (1 − g²)"), () => through("h", tanh_c * slope(o), "tanh c · o (1 − o)"),
    ][gate]();
  }
  if (kind === "GRU") {
    const [r, u_, n] = ["r", "u", "n"].map(one);
    const dn = (1 - n * n) * (1 - u_) * one("dh");
    const toN = (local, says) => ({ symbol: [partName(op, "x"), ["n", ...h]], sent: dn, local, says });
    return [
      () => toN(one("yn") * slope(r), "yₙ · r (1 − r)"), () => through("h", (one("h0") - n) * slope(u_), "(h₀ − n) · u (1 − u)"),
      () => (side === "y" ? toN(r, "r") : through("h", (1 - u_) * (1 - n * n), "(1 − u) · (1 − n²)")),
    ][gate]();
  }
  const value = one("h");
  return through("h", kind === "Tanh" ? 1 - value * value : Number(value > 0), kind === "Tanh" ? "1 − h²" : say(value > 0 ? "recurrent.open" : "recurrent.shut"));
}

function recurrentChain(op, part, cell) {
  if (!op.dz) return null;
  const { h0, c0 } = recurrenceOf(op);
  if (part.id === "dh" || part.id === "dc") return arrivalChain(op, part, cell);
  if (part.label === h0 || part.label === c0) return firstChain(op, part, cell);
  if (part.id === "gx" && op.d.w_ih) return gateShareChain(op, "w_ih", cell);
  return hasShares(op, part.label) ? gateShareChain(op, part.label, cell) : gateChain(op, part, cell);
}

// A screen of this operation, at another cell.
const screenAt = (op, id, cell) => ({ screen: screenOf(op, id), op, cell });

// Where a gate's part has its screen.
const gateScreen = (op, side) => op.lesson.parts(op).findLast((part) => part.side && (part.side === side || part.side === "x"))?.id;

// dh and dc: two gradients arrive, and are added.
function arrivalChain(op, part, cell) {
  const { gates, layer, P } = recurrenceOf(op);
  const [row, u] = cell.unit;
  const p = cell.z[0] % P;
  const following = rowAfter(op, row);
  const lane = laneOf(op, part, cell);
  const name = part.id[1];
  const place = timed(op, row, name === "h" ? p : u);
  const one = (text, value, words, hue, go) => ({
    ...term(["L"], [name, place], value, words, hue, go),
    symbol: make("span", { class: "frac v" }, make("span", {}, "∂L"), make("span", {}, "∂", name, make("sub", {}, place.join(",")), text ? make("small", {}, ` ${text}`) : null)),
  });
  const above = name === "h" ? traced(op, "dz", [row * P + p]) : layer ? screenAt(op, "dh", cell) : null;
  const onwards = following === null ? null : screenAt(op, part.id, recurrentCell(op, following, u, { gate: cell.gate, p }));
  return {
    sign: "=", between: "+", note: lane.note(row),
    terms: [
      one("", lane.total(row), say("recurrent.sum"), "r", screenAt(op, gateScreen(op, "x"), cell)),
      one("↓", lane.above(row), say(name === "h" ? "recurrent.above" : "recurrent.through.h"), "b", above),
      one("←", lane.after(row), say("recurrent.next"), "b", onwards),
    ],
  };
}

// A share of dx, of a weight's gradient or of a bias's.
function gateShareChain(op, label, cell) {
  const { sent, local, top, says, from } = gateShare(op, label, cell);
  const other = { x: "w_ih", w_ih: "x" }[label]; // whose element the slope is
  const total = { name: "d" + label, n: counted(label === "x" ? op.in.w_ih.shape[0] : op.in.x.shape[0]), sum: short(at(op.d[label], cell[label])) };
  return {
    label,
    sign: "+=",
    terms: [
      term(["L"], [label, cell[label]], sent * local, say("app.share", { name: "d" + label }), "r", traced(op, "d" + label, cell[label])),
      term(["L"], top, sent, say("recurrent.at", { t: timeOf(op, cell.unit[0]).t }), "b", screenAt(op, from, cell)),
      term(top, [label, cell[label]], local, says, "f", other ? traced(op, other, cell[other]) : null),
    ],
    note: [say(label === "x" ? "recurrent.note.x" : "recurrent.note", total), " ", nudgedNote(op, label, cell[label])],
  };
}

// What a gate's part is sent. In a layer that goes on to x and to the weights, or to the weights of the state.
function gateChain(op, part, cell) {
  const { gates, layer } = recurrenceOf(op);
  const [row, u] = cell.unit;
  const side = part.side ?? "x";
  const rule = gateRule(op, row, u, cell.gate, side);
  const name = partName(op, side);
  const place = [...(gates.length > 1 ? [gates[cell.gate]] : []), ...timed(op, row, u)];
  const onto = layer ? (side === "x" ? ["x", "w_ih"] : ["w_hh"]).find((label) => op.d[label]) : null;
  const go = onto ? screenAt(op, "d" + onto, cell) : layer ? null : traced(op, "d" + side, cell[side]);
  const from = rule.symbol[1][0] === "n" ? gateScreen(op, "x") : `d${rule.symbol[0]}`;
  return {
    label: layer ? undefined : side,
    sign: "=",
    terms: [
      term(["L"], [name, place], rule.sent * rule.local, say("app.handed", { name: `d${name}` }), "r", go),
      term(["L"], rule.symbol, rule.sent, say("app.arriving", { name: `d${rule.symbol[0]}` }), "b", screenAt(op, from, cell)),
      term(rule.symbol, [name, place], rule.local, `= ${rule.says}`, "f"),
    ],
    note: layer ? "" : nudgedNote(op, side, cell[side]),
  };
}

// dh0 and dc0: what the first step hands back to the state it began with.
function firstChain(op, part, cell) {
  const { kind, layer } = recurrenceOf(op);
  const [row, u] = cell.unit;
  const { label } = part;
  const own = at(op.d[label], cell[label]);
  const first = term(["L"], [`${part.id[1]}₀`, [...cell[label]].slice(op.in[label].shape[0] > 1 ? 0 : 1)], own, say("app.handed", { name: part.id }), "r", traced(op, "d" + label, cell[label]));
  const note = nudgedNote(op, label, cell[label]);
  if (part.id === "dc0") {
    const c = ["c", timed(op, row, u)];
    return { label, sign: "=", terms: [first, term(["L"], c, seen(op, "dc", row, u), say("app.arriving", { name: "dc" }), "b", { screen: screenOf(op, "dc"), op, cell }), term(c, [first.bottom[0], first.bottom[1]], seen(op, "f", row, u), "= f", "f")], note };
  }
  const direct = kind === "GRU" ? seen(op, "u", row, u) * seen(op, "dh", row, u) : 0;
  const shares = layer ? [{ symbol: make("span", { class: "frac v" }, `Σ w_hh · d${partName(op, "y")}`), value: own - direct, words: say("recurrent.weights"), hue: "b" }] : [];
  const straight = kind === "GRU" ? [{ symbol: make("span", { class: "frac v" }, "u · dh"), value: direct, words: say("recurrent.straight"), hue: "b" }] : [];
  return { label, sign: "=", between: "+", terms: [first, ...shares, ...straight], note };
}

// The inputs whose gradients are sums of shares: over time, and of dx over the gates.
const hasShares = (op, label) => recurrenceOf(op).layer && ["x", "w_ih", "w_hh", "b_ih", "b_hh", "w_hr"].includes(label);

// One such share, sent · local, at the cell's row and gate: {sent, local, heads, top, says, from}
//   heads, says   their names      top   what `sent` is the gradient of      from   the screen that it comes from
function gateShare(op, label, cell) {
  const { gates } = recurrenceOf(op);
  const [row, u] = cell.unit;
  if (label === "w_hr") {
    const [p] = cell.w_hr;
    return { sent: seen(op, "dp", row, p), local: seen(op, "h", row, u), heads: ["dh", "h"], top: ["z", timed(op, row, p)], says: "= h", from: "dh" };
  }
  const side = label.endsWith("_hh") ? "y" : "x";
  const name = partName(op, side);
  const [local, head] = {
    x: () => [at(op.in.w_ih, cell.w_ih), "w_ih"],
    w_ih: () => [at(op.in.x, cell.x), "x"],
    w_hh: () => [seen(op, "before", row, cell.w_hh[1]), "h[t−1]"],
  }[label]?.() ?? [1, "1"];
  const place = [...(gates.length > 1 ? [gates[cell.gate]] : []), ...timed(op, row, u)];
  return { sent: at(sentTo(op, side), cell.gx), local, heads: [`d${name}`, head], top: [name, place], says: head === "1" ? "" : `= ${head}`, from: gateScreen(op, side) };
}

// h of all times and units of one sequence, the chosen one framed.
function overTime(op, cell, { name, get, hue, result = false }) {
  const [row, u] = cell.unit;
  const rows = sequenceOf(op, row).toSorted((a, b) => a - b);
  const { H, layer, sizes } = recurrenceOf(op);
  const chosen = [rows.indexOf(row), u];
  const numbers = rows.flatMap((one) => upTo(H).map((k) => get(one, k)));
  const top = topOf(numbers);
  const few = rows.length <= FEW && H <= FEW;
  const unit = unitOf(top);
  const shared = {
    rows: rows.length, columns: H, hue, frame: result ? "r" : hue, top, result, get: (r, c) => get(rows[r], c),
    pick: (r, c) => pick(op, recurrentCell(op, rows[r], c, { gate: cell.gate })), over: (r, c) => preview(op, recurrentCell(op, rows[r], c, { gate: cell.gate })),
  };
  const { n } = timeOf(op, row);
  const more = [say(layer ? "recurrent.axes" : "recurrent.unit"), layer && sizes[0] > 1 ? `[${n}]` : "", few ? unit.words : ""].filter(Boolean).join(", ");
  if (few) return figure({ name, hue: result ? "" : hue, more }, styled(cells({ ...shared, unit, chosen }), { "--cell": `min(4.4rem, calc(var(--wide) / ${H}))`, "--cellh": `min(3rem, calc(var(--high) / ${rows.length}))` }));
  return figure({ name, hue: result ? "" : hue, more }, map({ ...shared, frames: [{ row: chosen[0], column: u, rows: 1, columns: 1 }] }));
}

const recurrentRow = (...parts) => make("div", { class: "row recurrent" }, ...parts);

// Forward: what the input adds to one gate, as a row of w_ih times x of that time.
function inputForward(op, cell) {
  const [row, own] = cell.gx;
  const { x, w_ih, b_ih } = op.in;
  const rows = sequenceOf(op, row).toSorted((a, b) => a - b);
  const numbers = upTo(w_ih.shape[0]).map((k) => at(op.extra.gx, [row, k]));
  const toInput = (i) => cellOfGate(op, row, own, { i });
  const toGate = (k) => cellOfGate(op, row, k);
  return rowTimesColumn({
    K: x.shape[1], chosen: cell.x[1], fold: foldOf(op, "x", x.shape[1]),
    x: { letter: "x", name: say("linear.row", { name: "x" }), get: (i) => at(x, [row, i]) },
    w: { letter: "w_ih", name: say("linear.wrow", { name: "w_ih", o: own }), get: (i) => at(w_ih, [own, i]) },
    over: (i) => preview(op, toInput(i)), pick: (i) => pickOrFollow(op, toInput(i), "x", [row, i]),
    bias: b_ih ? at(b_ih, [own]) : undefined,
    z: { name: "gx", numbers, names: numbers.map((_, k) => gateName(op, k)), chosen: own, most: 8, over: (k) => preview(op, toGate(k)), pick: (k) => pick(op, toGate(k)) },
    chooser: chooser(say("recurrent.time"), rows.indexOf(row), rows.length, (k) => pick(op, cellOfGate(op, rows[k], own))),
  });
}

// Forward: what one unit's gates are, and what they make of the states.
function stepForward(op, cell) {
  const { kind, gates, H, layer } = recurrenceOf(op);
  const [row, u] = cell.unit;
  const [h0, c0] = layer ? ["h[t−1]", "c[t−1]"] : ["h₀", "c₀"];
  const one = (name) => seen(op, name, row, u);
  const x = (k) => at(fromInput(op), [row, k * H + u]);
  const y = (k) => seen(op, "y", row, k * H + u);
  const both = (k) => `${short(x(k))} + ${factor(y(k))}`;
  const v = (name) => short(one(name));
  const times = (a, b) => `${short(a)} · ${factor(b)}`;
  const end = (value) => (op.in.w_hr ? { value } : { value: at(op.z, cell.z), result: true });
  const gate = (name, k, f = "σ") => ({ symbol: name, says: `${f}(${both(k)})`, value: one(name) });
  const rows = {
    LSTM: () => [
      ...gates.map((name, k) => gate(name, k, name === "g" ? "tanh" : "σ")),
      { symbol: "c", says: `f · ${c0} + i · g = ${times(one("f"), one("c0"))} + ${times(one("i"), one("g"))}`, value: one("c"), line: true },
      { symbol: "h", says: `o · tanh c = ${v("o")} · tanh(${v("c")})`, ...end(one("h")) },
    ],
    GRU: () => [
      gate("r", 0), gate("u", 1),
      { symbol: "n", says: `tanh(${short(x(2))} + ${times(one("r"), one("yn"))})`, value: one("n") },
      { symbol: "h", says: `(1 − u) · n + u · ${h0} = ${times(1 - one("u"), one("n"))} + ${times(one("u"), one("h0"))}`, line: true, ...end(one("h")) },
    ],
  }[kind]?.() ?? [
    { symbol: layer ? "gx" : "x", says: say("recurrent.from.input"), value: x(0) },
    { symbol: "y", says: say("recurrent.from.state"), value: y(0) },
    { symbol: "a", says: layer ? "gx + y" : "x + y", value: x(0) + y(0), line: true },
    { symbol: "h", says: `${kind === "Tanh" ? "tanh(a)" : "max(a, 0)"}`, ...end(one("h")) },
  ];
  if (op.in.w_hr) rows.push({ symbol: "z", says: say("recurrent.projected"), value: at(op.z, cell.z), result: true, line: true });
  return recurrentRow(overTime(op, cell, { name: "h", get: (r, k) => seen(op, "h", r, k), hue: "f" }), termsTable(rows, "f"));
}

// Backward: for every gate, what reached it through c or h, and its own slope. A click chooses a gate.
function gatesBackward(op, part, cell) {
  const { gates, H } = recurrenceOf(op);
  const [row, u] = cell.unit;
  const sent = sentTo(op, part.side);
  const named = (k) => (gates.length > 1 ? make("span", {}, part.id, make("sub", {}, gates[k])) : part.id);
  const rows = gates.map((_, k) => {
    const rule = gateRule(op, row, u, k, part.side);
    const says = `d${rule.symbol[0]}${rule.symbol[1][0] === "n" ? "ₙ" : ""} · ${rule.says} = ${short(rule.sent)} · ${factor(rule.local)}`;
    return { symbol: named(k), says, value: at(sent, [row, k * H + u]), result: k === cell.gate, bar: true, act: () => pick(op, recurrentCell(op, row, u, { gate: k })) };
  });
  const get = (r, k) => at(sent, [r, cell.gate * H + k]);
  return recurrentRow(overTime(op, cell, { name: named(cell.gate), get, hue: "b", result: true }), termsTable(rows));
}

// One lane of the unrolled network: what came to h (or c) of a row from above (or through h), and from the next time.
function laneOf(op, part, cell) {
  const { kind, layer, H, P, gates } = recurrenceOf(op);
  const u = cell.unit[1];
  if (part.id[1] === "c") {
    return {
      name: "c", total: (row) => seen(op, "dc", row, u), after: (row) => seen(op, "dc_after", row, u),
      above: (row) => seen(op, "dc", row, u) - seen(op, "dc_after", row, u),
      shares: () => [],
      note(row) {
        const next = rowAfter(op, row);
        if (!layer) return "";
        return next === null ? say(seen(op, "dc_after", row, u) ? "recurrent.returned" : "recurrent.last") : say("recurrent.note.c", { f: short(seen(op, "f", next, u)), dc: factor(seen(op, "dc", next, u)) });
      },
    };
  }
  const p = cell.z[0] % P;
  const own = cell.z[0] < op.in.x.shape[0] * P ? p : cell[recurrenceOf(op).h0][1];
  return {
    name: "h", total: (row) => seen(op, "dp", row, own), above: (row) => seen(op, "above", row, own), after: (row) => seen(op, "after", row, own),
    shares(row) {
      if (row === null || !layer) return [];
      const weighed = upTo(gates.length * H).map((k) => at(op.in.w_hh, [k, own]) * seen(op, "dy", row, k));
      return kind === "GRU" ? [...weighed, seen(op, "u", row, own) * seen(op, "dh", row, own)] : weighed;
    },
    note(row) {
      const next = rowAfter(op, row);
      return next === null ? say(seen(op, "after", row, own) ? "recurrent.returned" : "recurrent.last") : say("recurrent.note.h", { n: gates.length * H, t: timeOf(op, next).t }) + (kind === "GRU" ? ` ${say("recurrent.note.u")}` : "");
    },
  };
}

// Backward through time: the steps side by side, gradients coming down from above and back from the right.
function throughTime(op, part, cell) {
  const { h0, c0 } = recurrenceOf(op);
  const [row] = cell.unit;
  const start = part.label === h0 || part.label === c0;
  const lane = laneOf(op, part, cell);
  const rows = sequenceOf(op, row);
  const next = start ? row : rowAfter(op, row);
  const spoken = start
    ? speech(`${part.id} =`, chip(short(at(op.d[part.label], cell[part.label]))))
    : speech(ink("b", short(lane.above(row))), make("small", {}, say(lane.name === "h" ? "recurrent.above" : "recurrent.through.h")), "+", ink("b", factor(lane.after(row))), make("small", {}, say("recurrent.next")), "=", chip(short(lane.total(row))));
  const shares = lane.shares(next);
  const fall = shares.length && next !== null ? figure({ name: say("recurrent.shares", { n: shares.length }), hue: "b" }, waterfall({ shares, hue: "b" })) : null;
  return make("div", { class: "stack recurrent-time" }, unrolled(op, part, cell, lane, rows, start), make("div", { class: "row spoken" }, spoken, fall));
}

// The drawing: a box for each time with the gradient that arrived there in all.
function unrolled(op, part, cell, lane, rows, start) {
  const [row] = cell.unit;
  const { layer } = recurrenceOf(op);
  const narrow = innerWidth < 700;
  const most_ = narrow ? 2 : 5;
  const all = start ? [null, ...rows] : rows;
  const here_ = start ? 0 : rows.indexOf(row);
  const first = Math.max(0, Math.min(here_ - (narrow ? 0 : 2), all.length - most_));
  const shown = all.slice(first, first + most_);
  const [each, wide, high] = [246, Math.max(2, shown.length) * 246 + 30, 262];
  const { scale, digits, words } = unitOf(topOf(shown.filter((one) => one !== null).flatMap((one) => [lane.total(one), lane.above(one), lane.after(one)])));
  const write = (v) => fixed(v * scale, Math.max(1, digits) + (digits === 2 ? 1 : 0));
  const gradient = (one) => (one === null ? at(op.d[part.label], cell[part.label]) : lane.total(one));
  const label = (one) => (one === null ? say("recurrent.start") : `d${lane.name}${layer ? lowered(timeOf(op, one).t) : ""}`);
  const parts = shown.flatMap((one, k) => {
    const x = k * each + 10;
    const on = first + k === here_;
    const hidden = on && isGuessing();
    const box = [
      draw("rect", { class: `box ${on ? "result" : ""}`, x, y: 132, width: 150, height: 92, rx: 8 }),
      on ? draw("rect", { class: "chipped", x: x + 6, y: 176, width: 138, height: 42, rx: 6 }) : null,
      draw("text", { class: one === null ? "user" : "letter", x: x + 14, y: 166 }, label(one)),
      draw("text", { class: `amount ${on ? "on" : "b"}`, x: x + 138, y: 207 }, hidden ? "?" : write(gradient(one))),
    ];
    const go = () => one !== null && pick(op, recurrentCell(op, one, cell.unit[1], { gate: cell.gate, p: lane.name === "h" && !start ? cell.z[0] % recurrenceOf(op).P : undefined }));
    const down = one === null ? [] : [
      draw("path", { class: `wire b ${on ? "" : "faint"}`, d: `M${x + 75},74V106` }), tip(x + 75, 108, 90, on ? "b" : "b faint"),
      draw("text", { class: "amount mid b", x: x + 75, y: 62 }, write(lane.above(one))),
    ];
    const last = first + k === all.length - 1;
    const back = one === null ? gradient(one) : lane.after(one);
    const nothing = last && one !== null && back === 0;
    const arrow = nothing ? [] : [
      draw("path", { class: `wire b ${on ? "" : "faint"}`, d: `M${x + each - (k === shown.length - 1 ? 20 : 0)},196H${x + 176}` }), tip(x + 176, 196, 180, on ? "b" : "b faint"),
      k === shown.length - 1 && narrow ? null : draw("text", { class: "amount mid b small", x: x + 150 + (each - 150) / 2, y: 178 }, write(back)),
    ];
    return [draw("g", { class: "use", on: { click: go } }, ...box), ...down, ...arrow];
  });
  const says = say("recurrent.says", { name: lane.name, n: shown.length });
  return draw("svg", { viewBox: `0 0 ${wide} ${high}`, class: "wires unrolled", role: "img", "aria-label": says },
    draw("text", { class: "caption", x: 10, y: 24 }, [say(lane.name === "h" ? "recurrent.above" : "recurrent.through.h"), words].filter(Boolean).join(", ")),
    draw("text", { class: "caption", x: 10, y: 254 }, say("recurrent.next")), ...parts);
}

// 12 as ₁₂.
const lowered = (k) => String(k).replace(/\d/g, (d) => "₀₁₂₃₄₅₆₇₈₉"[d]);

// A weight was used at every time, and an element of x by every gate: each use sends a share, and they are added up.
function gateShares(op, part, cell) {
  const { label } = part;
  const { sizes } = recurrenceOf(op);
  const several = sizes[0] > 1;
  const [row, u] = cell.unit;
  const own = { gate: cell.gate, i: cell.x[1], j: cell.w_hh[1], p: cell.w_hr[0] };
  const timeName = ({ t, n }) => (several ? `${t},${n}` : String(t));
  const uses = label === "x"
    ? upTo(op.in.w_ih.shape[0]).map((k) => ({ name: gateName(op, k), cell: cellOfGate(op, row, k, { i: own.i }) }))
    : upTo(op.in.x.shape[0]).map((r) => ({ name: timeName(timeOf(op, r)), cell: recurrentCell(op, r, u, own) }));
  const rows = uses.map((use) => {
    const { sent, local } = gateShare(op, label, use.cell);
    return { ...use, a: sent, b: local, product: sent * local };
  });
  const table = equations({
    heads: [say(label === "x" ? "recurrent.gate" : several ? "recurrent.rows" : "recurrent.t"), ...gateShare(op, label, cell).heads, say("recurrent.share")],
    rows, chosen: label === "x" ? cell.gx[1] : row,
    over: (one) => preview(op, one.cell), pick: (one) => pick(op, one.cell),
  });
  const total = speech(make("span", { class: "m" }, say("linear.together", { n: counted(rows.length) })), "=", chip(short(at(op.d[label], cell[label]))));
  const whole = arrayFigure({ op, label: part.id, array: op.d[label], index: cell[label], hue: "b", result: true, frame: "r" });
  return make("div", { class: "row shares-of recurrent-shares" }, make("div", { class: "stack" }, whole, total, legend()), sign("◀"), table);
}
