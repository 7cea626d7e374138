// Pooling: a window without overlap or with it; the winner takes the gradient, or every cell an equal part.

// The pixels under output z that lie inside the image: [[n, c, r, s], ...].
function underWindow(op, [n, c, p, q]) {
  const g = geometryOf(op);
  const found = [];
  for (const [i, j] of placesOf([g.kh, g.kw])) {
    const [r, s] = [g.row(p, i), g.column(q, j)];
    found.push({ i, j, index: [n, c, r, s], inside: g.inside(r, s) });
  }
  return found;
}

const winnerOf = (op, z) => {
  let best = null;
  for (const one of underWindow(op, z)) if (one.inside && (!best || at(op.in.x, one.index) > at(op.in.x, best.index))) best = one;
  return best;
};

// The outputs whose windows hold a pixel.
function* windowsOver(op, [n, c, r, s]) {
  const g = geometryOf(op);
  for (const [i, j] of placesOf([g.kh, g.kw])) {
    const [p, q] = [outputAt(r, i, g.pt, g.sh, g.dh, g.P), outputAt(s, j, g.pl, g.sw, g.dw, g.Q)];
    if (p !== null && q !== null) yield [n, c, p, q];
  }
}

const isMax = (op) => op.op === "MaxPool2d";

function divisorAt(op, z) {
  const divisor = op.options.divisor;
  if (typeof divisor === "number") return divisor;
  const g = geometryOf(op);
  return Array.isArray(divisor) ? divisor.flat(9)[z[2] * g.Q + z[3]] ?? divisor.flat(9)[0] : g.kh * g.kw;
}

const poolLocal = (op, cell) => (isMax(op) ? (sameIndex(winnerOf(op, cell.z).index, cell.x) ? 1 : 0) : 1 / divisorAt(op, cell.z));

const POOL = {
  inks: { window: "f", winner: "f" },
  cell(op, label, index) {
    if (label === "z") {
      const best = isMax(op) ? winnerOf(op, index) : most(underWindow(op, index).filter((one) => one.inside), ({ index: x }) => Math.abs(at(op.in.x, x)) || 0);
      return { z: index, x: best.index };
    }
    const z = most(windowsOver(op, index), (z) => (op.dz ? Math.abs(at(op.dz, z)) : 0) * poolLocal(op, { z, x: index }) + 1e-30);
    return z ? { z, x: index } : { ...POOL.cell(op, "z", op.z.shape.map((_, axis) => index[axis] && axis < 2 ? index[axis] : 0)), x: index };
  },
  draw: (op, part, cell) => poolPicture(op, part, cell),
  chain(op, part, cell) {
    if (!op.dz || !op.d.x) return null;
    const g = geometryOf(op);
    const overlap = g.kh > g.sh || g.kw > g.sw;
    const local = poolLocal(op, cell);
    const says = isMax(op) ? say(local ? "maxpool.won" : "maxpool.lost") : say("avgpool.part", { n: short(1 / local, 4) });
    return chainOf({ op, label: "x", x: cell.x, z: cell.z, local, says, share: overlap, note: nudgedNote(op, "x", cell.x) || (isMax(op) && isTie(op, cell.z) ? say("maxpool.tie") : "") });
  },
};

function isTie(op, z) {
  const best = at(op.in.x, winnerOf(op, z).index);
  return underWindow(op, z).filter((one) => one.inside && at(op.in.x, one.index) === best).length > 1;
}

function poolPicture(op, part, cell) {
  const g = geometryOf(op);
  const [n, c, p, q] = cell.z;
  const forward = part.phase === "forward";
  const under = underWindow(op, cell.z);
  const tapAt = (i, j) => under[i * g.kw + j];
  const winner = isMax(op) ? winnerOf(op, cell.z) : null;
  const on = under.find((one) => sameIndex(one.index, cell.x)) ?? winner ?? under[0];
  const toTap = (i, j) => ({ z: cell.z, x: tapAt(i, j).index });
  const x = (i, j) => (tapAt(i, j).inside ? at(op.in.x, tapAt(i, j).index) : undefined);
  const share = (i, j) => (tapAt(i, j).inside ? at(op.dz, cell.z) * poolLocal(op, { z: cell.z, x: tapAt(i, j).index }) : undefined);
  const grid = { rows: g.kh, columns: g.kw, chosen: [on.i, on.j], padding: (i, j) => !tapAt(i, j).inside, ring: (i, j) => winner?.i === i && winner?.j === j, over: (i, j) => tapAt(i, j).inside && preview(op, toTap(i, j)) };
  const top = topOf(under.filter((one) => one.inside).map((one) => at(op.in.x, one.index)));
  const xUnit = unitOf(top);
  const frames = [{ row: p * g.sh, column: q * g.sw, rows: (g.kh - 1) * g.dh + 1, columns: (g.kw - 1) * g.dw + 1 }];
  const go = (r, s) => POOL.cell(op, "z", [n, c, limited(Math.floor((r) / g.sh), g.P - 1), limited(Math.floor(s / g.sw), g.Q - 1)]);
  const choosers = [chooser(say("conv.channel"), c, op.z.shape[1], (k) => pick(op, POOL.cell(op, "z", [n, k, p, q]))), chooser(say("conv.sample"), n, op.z.shape[0], (k) => pick(op, POOL.cell(op, "z", [k, c, p, q])))];
  const left = figure({ name: "x", hue: "f", of: "edge" }, paddedMap(op, n, c, { frames, top: topOf(planeNumbers(op.in.x, [n, c])), over: (r, s) => preview(op, go(r, s)), pick: (r, s) => pick(op, go(r, s)) }), make("div", { class: "below" }, legend(), ...choosers));
  const windowGrid = figure({ name: say("maxpool.window"), hue: "f", more: xUnit.words, of: lit(0, 1) }, cells({ ...grid, get: x, top, unit: xUnit, hue: "f", pick: (i, j) => tapAt(i, j).inside && pickOrFollow(op, toTap(i, j), "x", tapAt(i, j).index) }));
  const zOne = (result) => figure({ name: placed("z", trimmed(cell.z)), hue: result ? "" : "f", more: xUnit.words }, cells({ rows: 1, columns: 1, across: 2, get: () => at(op.z, cell.z), top, unit: xUnit, hue: "f", frame: result ? "r" : "f", result, pick: () => pickOrFollow(op, cell, "z", cell.z) }));
  const zMap = figure({ name: "z", hue: "f", more: `${g.P} × ${g.Q}`, of: "edge" }, map({ rows: g.P, columns: g.Q, hue: "f", top: topOf(planeNumbers(op.z, [n, c])), get: (r, s) => at(op.z, [n, c, r, s]), frames: [{ row: p, column: q, rows: 1, columns: 1 }], over: (r, s) => preview(op, POOL.cell(op, "z", [n, c, r, s])), pick: (r, s) => pick(op, POOL.cell(op, "z", [n, c, r, s])) }));
  if (forward) {
    const sum = under.filter((one) => one.inside).reduce((total, one) => total + at(op.in.x, one.index), 0);
    const words = isMax(op)
      ? speech(make("span", { class: "m" }, say("maxpool.largest")), chip(short(at(op.z, cell.z))))
      : speech(make("span", { class: "m" }, say("conv.sum")), short(sum), "÷", short(divisorAt(op, cell.z), 4), "=", chip(short(at(op.z, cell.z))));
    return make("div", { class: "row pool one" }, left, windowGrid, sign("▶", "f"), make("div", { class: "stack middle" }, zOne(true), words), zMap);
  }
  const dTop = Math.abs(at(op.dz, cell.z)) || 1e-30;
  const unit = unitOf(dTop);
  const overlap = g.kh > g.sh || g.kw > g.sw;
  return make("div", { class: "row pool two" }, left,
    make("div", { class: "stack" }, windowGrid, figure({ name: overlap ? say("maxpool.share") : "dx", more: unit.words, of: lit() }, cells({ ...grid, get: share, top: dTop, unit, hue: "b", frame: "r", result: true, pick: (i, j) => tapAt(i, j).inside && pickOrFollow(op, toTap(i, j), "dx", tapAt(i, j).index) }))),
    make("div", { class: "stack ways" }, sign("▶", "f"), sign("◀", "b")),
    make("div", { class: "stack" }, zOne(false), figure({ name: placed("dz", trimmed(cell.z)), hue: "b", more: unit.words }, cells({ rows: 1, columns: 1, across: 2, get: () => at(op.dz, cell.z), top: dTop, unit, hue: "b", pick: () => pickOrFollow(op, cell, "dz", cell.z) }))),
    make("div", { class: "stack" },
      isMax(op)
        ? speech(make("span", { class: "m" }, say("maxpool.winner")), ink("f", short(x(winner.i, winner.j))))
        : speech(make("span", { class: "m" }, say("avgpool.each")), ink("f", `1/${short(divisorAt(op, cell.z), 4)}`)),
      speech(ink("b", short(at(op.dz, cell.z))), "×", ink("f", short(poolLocal(op, cell))), "=", chip(short(at(op.dz, cell.z) * poolLocal(op, cell)))),
      overlap ? speech(make("span", { class: "m" }, say("maxpool.all")), chip(short(at(op.d.x, cell.x)))) : null,
      figure({ name: "dx", of: "small" }, map({ rows: g.H, columns: g.W, hue: "b", frame: "r", result: true, top: topOf(planeNumbers(op.d.x, [n, c])), get: (r, s) => at(op.d.x, [n, c, r, s]), frames: [{ row: cell.x[2], column: cell.x[3], rows: 1, columns: 1 }], over: (r, s) => preview(op, POOL.cell(op, "x", [n, c, r, s])), pick: (r, s) => pickOrFollow(op, POOL.cell(op, "x", [n, c, r, s]), "dx", [n, c, r, s]) }))));
}

const windowLine = (op) => {
  const { kh, kw, sh, sw } = geometryOf(op);
  const slice = (name, stride, size) => {
    const from = stride === 1 ? name : `${stride}*${name}`;
    return `${from}:${from}+${size}`;
  };
  return `  window = x[${slice("p", sh, kh)}, ${slice("q", sw, kw)}]`;
};

lesson({
  ...POOL,
  name: "maxpool",
  ops: ["MaxPool2d"],
  slug: () => "pool",
  lines: (op, part) =>
    part.phase === "forward"
      ? [["for p, q in places:"], [windowLine(op)], ["  z[p, q] = max(window)", say("maxpool.line.z")]]
      : [["for p, q in places:"], ["  winner = argmax(window)", say("maxpool.line.winner"), "forward"], ["  dx[winner] += dz[p, q]", say("maxpool.line.dx")]],
});

lesson({
  ...POOL,
  name: "avgpool",
  ops: ["AvgPool2d"],
  slug: () => "pool",
  lines: (op, part) =>
    part.phase === "forward"
      ? [["for p, q in places:"], [windowLine(op)], ["  z[p, q] = mean(window)"]]
      : [["for p, q in places:"], ["  share = dz[p, q] / n", say("avgpool.line.share")], ["  dx[window] += share", say("avgpool.line.dx")]],
});
