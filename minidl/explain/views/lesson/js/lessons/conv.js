// Convolution: aligned grids that slide. Forward lays the kernel on the image; dx lays the turned kernel on dz; dw lays
// x and dz on each other; db adds dz up.

// The geometry of a window, and which cells belong together. Places: n image, o kernel, c channel of the kernel,
// i, j tap, p, q output, r, s pixel.
function geometryOf(op) {
  const { kernel: [kh, kw], stride: [sh, sw], padding: [[pt, pb], [pl, pr]], dilation: [dh, dw] } = op.window;
  const [, , H, W] = op.in.x.shape;
  const [N, O, P, Q] = op.z.shape;
  const C = op.in.w?.shape[1] ?? 1;
  const first = (o) => Math.floor(o / (O / (op.options.groups ?? 1))) * C;
  const row = (p, i) => p * sh + i * dh - pt;
  const column = (q, j) => q * sw + j * dw - pl;
  const inside = (r, s) => r >= 0 && s >= 0 && r < H && s < W;
  const plain = sh === 1 && sw === 1 && dh === 1 && dw === 1;
  return { kh, kw, sh, sw, pt, pb, pl, pr, dh, dw, H, W, N, O, P, Q, C, first, row, column, inside, plain };
}

// The output that read pixel r through tap i, or null where the stride passes over it.
function outputAt(r, i, pad, stride, dilation, count) {
  const p = (r + pad - i * dilation) / stride;
  return Number.isInteger(p) && p >= 0 && p < count ? p : null;
}

const CONV = {
  // The cell of a tap: output (n, o, p, q) read pixel x through w[o, c, i, j].
  tap(op, n, o, c, i, j, p, q) {
    const g = geometryOf(op);
    return { z: [n, o, p, q], w: [o, c, i, j], x: [n, g.first(o) + c, g.row(p, i), g.column(q, j)], b: [o] };
  },
  x: (op, index) => (geometryOf(op).inside(index[2], index[3]) ? at(op.in.x, index) : 0), // padding is 0
  ofOutput(op, [n, o, p, q]) {
    const g = geometryOf(op);
    const [c, i, j] = most(placesOf([g.C, g.kh, g.kw]), ([c, i, j]) => {
      const { x, w } = CONV.tap(op, n, o, c, i, j, p, q);
      return g.inside(x[2], x[3]) ? Math.abs(CONV.x(op, x) * at(op.in.w, w)) || 0 : -1; // rather not padding
    });
    return CONV.tap(op, n, o, c, i, j, p, q);
  },
  // The shares of a pixel: every output and tap through which it was read.
  *readers(op, [n, channel, r, s], only) {
    const g = geometryOf(op);
    for (let o = 0; o < g.O; o++) {
      const c = channel - g.first(o);
      if (c < 0 || c >= g.C || (only !== undefined && o !== only)) continue;
      for (let i = 0; i < g.kh; i++) {
        const p = outputAt(r, i, g.pt, g.sh, g.dh, g.P);
        if (p === null) continue;
        for (let j = 0; j < g.kw; j++) {
          const q = outputAt(s, j, g.pl, g.sw, g.dw, g.Q);
          if (q !== null) yield [n, o, c, i, j, p, q];
        }
      }
    }
  },
  ofPixel(op, index, only) {
    const tap = most(CONV.readers(op, index, only), ([n, o, c, i, j, p, q]) =>
      Math.abs((op.dz ? at(op.dz, [n, o, p, q]) : 1) * at(op.in.w, [o, c, i, j])) || 0);
    return tap ? CONV.tap(op, ...tap) : { ...CONV.ofOutput(op, [index[0], only ?? 0, 0, 0]), x: index };
  },
  ofTap(op, [o, c, i, j], only) {
    const g = geometryOf(op);
    const [n, p, q] = most(placesOf([g.N, g.P, g.Q]), ([n, p, q]) => {
      if (only !== undefined && n !== only) return -1;
      const { x, z } = CONV.tap(op, n, o, c, i, j, p, q);
      return Math.abs(CONV.x(op, x) * (op.dz ? at(op.dz, z) : 1)) || 0;
    });
    return CONV.tap(op, n, o, c, i, j, p, q);
  },
  ofBias(op, [o]) {
    const g = geometryOf(op);
    const [n, p, q] = most(placesOf([g.N, g.P, g.Q]), ([n, p, q]) => (op.dz ? Math.abs(at(op.dz, [n, o, p, q])) : 0) || 0);
    return CONV.ofOutput(op, [n, o, p, q]);
  },
};

lesson({
  name: "conv",
  ops: ["Conv2d"],
  inks: { patch: "f", products: "", turned: "f", under: "f" },
  pace: 90,
  holes: (op) => ({ kernels: geometryOf(op).O }),
  parts: (op) => [
    { id: "z", phase: "forward" },
    ...["w", "b", "x"].filter((label) => op.d[label]).map((label) => ({ id: "d" + label, phase: "backward", label })),
  ],

  lines(op, part) {
    const g = geometryOf(op);
    const padded = g.pt || g.pb || g.pl || g.pr;
    const pad = padded ? [["x = pad(x, " + (new Set([g.pt, g.pb, g.pl, g.pr]).size === 1 ? g.pt : `(${g.pt}, ${g.pl})`) + ")"]] : [];
    const all = g.C > 1 ? ":, " : "";
    const how = g.plain ? "" : say("conv.stride", { stride: pair(g.sh, g.sw), dilation: pair(g.dh, g.dw) });
    const bias = op.in.b ? " + b" : "";
    if (part.id === "z")
      return [
        ...pad,
        ["for p, q in places:"],
        [g.plain ? `  patch    = x[${all}p:p+${g.kh}, q:q+${g.kw}]` : "  patch    = window(x, p, q)", how],
        ["  products = patch * w"],
        [`  z[p, q]  = sum(products)${bias}`],
      ];
    if (part.id === "dx")
      return [
        ["for r, c in pixels:"],
        ["  for o in kernels:"],
        [`    turned = w[o, ${all}::-1, ::-1]`],
        [g.plain ? `    patch  = dz[o, ${span("r", g.pt - g.kh + 1, g.kh)}, ${span("c", g.pl - g.kw + 1, g.kw)}]` : "    patch  = dz_around(o, r, c)", how],
        ["    dx[r,c] += sum(patch * turned)"],
      ];
    if (part.id === "dw")
      return [
        ...pad,
        ["for i, j in taps:"],
        [g.plain ? `  under   = x[${all}i:i+${g.P}, j:j+${g.Q}]` : "  under   = read_by(x, i, j)", how],
        ["  dw[i,j] = sum(under * dz)"],
      ];
    return [["for o in kernels:"], ["  db[o] = sum(dz[o])", say("conv.line.db")]];
  },

  cell(op, label, index) {
    if (label === "z") return CONV.ofOutput(op, index);
    return { x: CONV.ofPixel, w: CONV.ofTap, b: CONV.ofBias }[label](op, index);
  },

  draw(op, part, cell) {
    return { z: convForward, dx: convInput, dw: convKernel, db: convBias }[part.id](op, cell);
  },

  chain(op, part, cell) {
    const g = geometryOf(op);
    if (!op.dz) return null;
    const x = CONV.x(op, cell.x);
    const outside = !g.inside(cell.x[2], cell.x[3]);
    if (part.id === "db")
      return chainOf({ op, label: "b", x: cell.b, z: cell.z, local: 1, says: say("conv.local.b"), share: true,
        note: [say("conv.note.b", { n: counted(g.N * g.P * g.Q), sum: short(at(op.d.b, cell.b)) }), " ", nudgedNote(op, "b", cell.b)] });
    if (part.id === "dx")
      return chainOf({ op, label: "x", x: cell.x, z: cell.z, local: at(op.in.w, cell.w), says: say("conv.local.w", { at: cell.w.slice(2).join(",") }), share: true, factor_: ["w", cell.w],
        note: [say("conv.note.x", { taps: g.kh * g.kw, kernels: g.O, sum: short(at(op.d.x, cell.x)) }), " ", nudgedNote(op, "x", cell.x)] });
    if (!op.d.w) return null;
    const note = part.id === "z"
      ? say("conv.note.z", { n: counted(g.P * g.Q) })
      : [say("conv.note.w", { n: counted(g.N * g.P * g.Q), sum: short(at(op.d.w, cell.w)) }), " ", nudgedNote(op, "w", cell.w)];
    return chainOf({ op, label: "w", x: cell.w, z: cell.z, local: x, says: outside ? say("conv.local.pad") : say("conv.local.x"), share: true, factor_: ["x", cell.x], note });
  },

  play(op, part) {
    const g = geometryOf(op);
    const cell = cellOf(op);
    if (part.id === "dw") {
      let k = -1;
      return () => {
        k += 1;
        if (k < g.kh * g.kw) CELLS.set(op, CONV.ofTap(op, [cell.w[0], cell.w[1], Math.floor(k / g.kw), k % g.kw]));
        return k < g.kh * g.kw;
      };
    }
    const [rows, columns, label] = part.id === "dx" ? [g.H, g.W, "x"] : [g.P, g.Q, "z"];
    if (part.id === "db") return null;
    let k = -1;
    return () => {
      k += 1;
      if (k >= rows * columns) return false;
      const place = [...cell[label].slice(0, 2), Math.floor(k / columns), k % columns];
      CELLS.set(op, label === "z" ? CONV.ofOutput(op, place) : CONV.ofPixel(op, place, cell.z[1]));
      return true;
    };
  },
});

// r-1:r+4
const span = (name, from, length) => {
  const end = (k) => (k ? `${name}${k > 0 ? "+" : "-"}${Math.abs(k)}` : name);
  return `${end(from)}:${end(from + length)}`;
};

const pair = (a, b) => (a === b ? String(a) : `${a} × ${b}`);

// ‹ kernel 7/10 ›: to choose one of several.
function chooser(words, place, count, pickOne) {
  if (count < 2) return null;
  const turn = (by) => pickOne((place + by + count) % count);
  return make("span", { class: "chooser" },
    button("‹", () => turn(-1), { "aria-label": `${words} −1`, "data-key": `${words}-` }),
    make("span", { class: "num" }, `${words} ${place + 1}/${count}`),
    button("›", () => turn(1), { "aria-label": `${words} +1`, "data-key": `${words}+` }));
}

const playButton = () => button(say(state.playing ? "conv.stop" : "conv.slide"), play, { class: "large", "data-key": "play" });

// The padded image of a channel, with the window on it.
function paddedMap(op, n, channel, extra) {
  const g = geometryOf(op);
  return map({
    rows: g.H + g.pt + g.pb, columns: g.W + g.pl + g.pr, top: topOfArray(op.in.x), hue: "f",
    get: (r, s) => at(op.in.x, [n, channel, r - g.pt, s - g.pl]),
    padding: (r, s) => !g.inside(r - g.pt, s - g.pl),
    ...extra,
  });
}

const limited = (v, most_) => Math.max(0, Math.min(most_, v));

function convForward(op, cell) {
  const g = geometryOf(op);
  const [n, o, p, q] = cell.z;
  const [, c, i, j] = cell.w;
  const tap = (a, b) => CONV.tap(op, n, o, c, a, b, p, q);
  const x = (a, b) => CONV.x(op, tap(a, b).x);
  const w = (a, b) => at(op.in.w, [o, c, a, b]);
  const outside = (a, b) => !g.inside(tap(a, b).x[2], tap(a, b).x[3]);
  const grid = { rows: g.kh, columns: g.kw, chosen: [i, j], over: (a, b) => preview(op, tap(a, b)), pick: (a, b) => pickOrFollow(op, tap(a, b), "x", tap(a, b).x) };
  const sums = Array.from({ length: g.C }, (_, k) => {
    let sum = 0;
    for (const [a, b] of placesOf([g.kh, g.kw])) sum += CONV.x(op, CONV.tap(op, n, o, k, a, b, p, q).x) * at(op.in.w, [o, k, a, b]);
    return sum;
  });
  const sum = sums.reduce((total, v) => total + v, 0);
  const bias = op.in.b ? at(op.in.b, [o]) : undefined;
  const products = [...placesOf([g.kh, g.kw])].map(([a, b]) => x(a, b) * w(a, b));
  const topW = topOf([...placesOf([g.kh, g.kw])].map(([a, b]) => w(a, b)));
  const center = (r, s) => [limited(Math.round((r - ((g.kh - 1) * g.dh) / 2) / g.sh), g.P - 1), limited(Math.round((s - ((g.kw - 1) * g.dw) / 2) / g.sw), g.Q - 1)];
  const goZ = (r, s) => CONV.ofOutput(op, [n, o, r, s]);
  const frames = [{ row: p * g.sh, column: q * g.sw, rows: (g.kh - 1) * g.dh + 1, columns: (g.kw - 1) * g.dw + 1 }];
  const padding = Math.max(g.pt, g.pl);
  const known = topOfArray(op.in.x) <= 1.0001 ? 1 : topOf([...placesOf([g.kh, g.kw])].map(([a, b]) => x(a, b)));
  const [l0, l1, l2, l3] = linesHere().length === 5 ? [0, 1, 2, 3] : [-1, 0, 1, 2];
  const left = figure({ name: say(n + c + g.first(o) || op.inputs[0].from ? "conv.x" : "conv.image"), hue: "f", more: padding ? say("conv.padded", { n: padding }) : "", of: "edge" },
    filled(make("div", { class: lit(l0, l1, l2) }), paddedMap(op, n, g.first(o) + c, { frames, over: (r, s) => preview(op, goZ(...center(r, s))), pick: (r, s) => pick(op, goZ(...center(r, s))) })),
    make("div", { class: "below" }, legend(), playButton(),
      chooser(say("conv.kernel.one"), o, g.O, (k) => pick(op, CONV.ofOutput(op, [n, k, p, q]))),
      chooser(say("conv.channel"), c, g.C, (k) => pick(op, strongest(op, n, o, k, p, q))),
      chooser(say("conv.sample"), n, g.N, (k) => pick(op, CONV.ofOutput(op, [k, o, p, q])))));
  const right = figure({ name: say("conv.z"), hue: "f", more: `${g.P} × ${g.Q}`, of: "edge" },
    filled(make("div", { class: lit(l1) }), map({ rows: g.P, columns: g.Q, hue: "f", frame: "r", top: topOf(planeNumbers(op.z, [n, o])), get: (r, s) => at(op.z, [n, o, r, s]), painted: state.playing ? p * g.Q + q : undefined, frames: [{ row: p, column: q, rows: 1, columns: 1 }], over: (r, s) => preview(op, goZ(r, s)), pick: (r, s) => pickOrFollow(op, goZ(r, s), "z", [n, o, r, s]) })),
    make("div", { class: `below ${lit(l1)}` }, speech(make("span", { class: "m" }, "z"), chip(short(at(op.z, cell.z)))), make("div", { class: "label num" }, placed("z", trimmed(cell.z)))));
  const one = g.C === 1;
  return make("div", { class: "slide" },
    left,
    figure({ name: say("conv.patch"), hue: "f", of: lit(l2, l3) }, cells({ ...grid, get: x, top: known, padding: outside, hue: "f" })),
    sign("×", lit(l3)),
    figure({ name: say("conv.kernel"), hue: "f", more: [`${o + 1}/${g.O}`, unitOf(topW).words].filter(Boolean).join(", "), of: lit(l3) }, cells({ ...grid, get: w, top: topW, hue: "f" })),
    sign("=", lit(l3)),
    figure({ name: say("conv.products"), hue: "f", more: unitOf(topW * Math.min(1, known)).words, of: lit(l3) }, cells({ ...grid, get: (a, b) => x(a, b) * w(a, b), top: topW * Math.min(1, known), hue: "f", class: "result" })),
    right,
    make("div", { class: `speech ${lit()}` },
      make("div", { class: "lines" },
        speech(make("span", { class: "m" }, "x·w"), ink("f", short(x(i, j))), "×", ink("f", factor(w(i, j))), "=", short(x(i, j) * w(i, j)), make("small", {}, say("conv.product", { k: i * g.kw + j + 1, n: g.kh * g.kw }))),
        one
          ? speech(make("span", { class: "m" }, say("conv.sum")), short(sum), ...(bias === undefined ? [] : [bias < 0 ? MINUS : "+", `${say("conv.bias")} ${short(Math.abs(bias))}`]), "=", chip(short(at(op.z, cell.z))))
          : speech(make("span", { class: "m" }, say("conv.channels", { n: g.C })), short(sum), ...(bias === undefined ? [] : [bias < 0 ? MINUS : "+", `${say("conv.bias")} ${short(Math.abs(bias))}`]), "=", chip(short(at(op.z, cell.z))))),
      make("div", { class: "aside" },
        one
          ? waterfall({ shares: products, chosen: i * g.kw + j, last: bias, pick: (k) => pick(op, tap(Math.floor(k / g.kw), k % g.kw)) })
          : waterfall({ shares: sums, chosen: c, last: bias, pick: (k) => pick(op, strongest(op, n, o, k, p, q)) }))));
}

// The tap of one channel with the largest product.
function strongest(op, n, o, c, p, q) {
  const g = geometryOf(op);
  const [i, j] = most(placesOf([g.kh, g.kw]), ([a, b]) => Math.abs(CONV.x(op, CONV.tap(op, n, o, c, a, b, p, q).x) * at(op.in.w, [o, c, a, b])) || 0);
  return CONV.tap(op, n, o, c, i, j, p, q);
}

const planeNumbers = (array, leading) => {
  const found = [];
  for (const [r, c] of placesOf(array.shape.slice(-2))) found.push(at(array, [...leading, r, c]));
  return found;
};

// A click chooses a cell; a click on the chosen one follows its number to where it came from.
function pickOrFollow(op, cell, name, index) {
  const known = CELLS.get(op);
  const same = known && Object.keys(cell).every((label) => String(known[label]) === String(cell[label]));
  const target = same ? traced(op, name, index) : null;
  if (target?.screen && target.screen !== here()) return followFrom(target);
  pick(op, cell);
}

let turning = { screen: "", turned: true, moving: false }; // the kernel of dx, before and after its half turn

function turnKernel() {
  turning = { screen: here().id, turned: true, moving: !STILL.matches };
  show({ light: true });
  const grid = document.querySelector(".turning");
  if (!grid) return;
  grid.getBoundingClientRect();
  setTimeout(() => grid.classList.add("turned"), 350);
  setTimeout(() => ((turning.moving = false), grid.isConnected && show({ light: true })), 2000);
}

function convInput(op, cell) {
  const g = geometryOf(op);
  const [n, channel] = cell.x;
  const [r, s] = [limited(cell.x[2], g.H - 1), limited(cell.x[3], g.W - 1)];
  const [o, c] = cell.w;
  const [a0, b0] = [g.kh - 1 - cell.w[2], g.kw - 1 - cell.w[3]]; // the chosen tap, in the turned kernel
  const reader = (a, b) => {
    const p = outputAt(r, g.kh - 1 - a, g.pt, g.sh, g.dh, g.P);
    const q = outputAt(s, g.kw - 1 - b, g.pl, g.sw, g.dw, g.Q);
    return p === null || q === null ? null : [p, q];
  };
  const dz = (a, b) => (reader(a, b) ? at(op.dz, [n, o, ...reader(a, b)]) : 0);
  const w = (a, b) => at(op.in.w, [o, c, g.kh - 1 - a, g.kw - 1 - b]);
  const tap = (a, b) => (reader(a, b) ? CONV.tap(op, n, o, c, g.kh - 1 - a, g.kw - 1 - b, ...reader(a, b)) : null);
  const places = [...placesOf([g.kh, g.kw])];
  const dzTop = topOf(places.map(([a, b]) => dz(a, b)));
  const productTop = topOf(places.map(([a, b]) => dz(a, b) * w(a, b)));
  const [dzUnit, unit] = [unitOf(dzTop), unitOf(productTop)];
  const choose_ = (a, b) => tap(a, b) && pickOrFollow(op, tap(a, b), "dz", tap(a, b).z);
  const grid = { rows: g.kh, columns: g.kw, chosen: [a0, b0], over: (a, b) => tap(a, b) && preview(op, tap(a, b)), pick: choose_ };
  const shares = Array.from({ length: g.O }, (_, k) => {
    let sum = 0;
    for (const [m, oo, cc, i, j, p, q] of CONV.readers(op, cell.x, k)) sum += at(op.dz, [m, oo, p, q]) * at(op.in.w, [oo, cc, i, j]);
    return sum;
  });
  const total = unitOf(topOf([...shares, at(op.d.x, cell.x)]));
  const readings = places.map(([a, b]) => reader(a, b)).filter(Boolean);
  const frames = readings.length ? [{ row: readings[0][0], column: readings[0][1], rows: readings.at(-1)[0] - readings[0][0] + 1, columns: readings.at(-1)[1] - readings[0][1] + 1 }] : [];
  const toPixel = (k) => CONV.ofPixel(op, cell.x, k);
  const kernel = turning.moving && turning.screen === here().id
    ? cells({ rows: g.kh, columns: g.kw, get: (i, j) => at(op.in.w, [o, c, i, j]), top: topOf(places.map(([a, b]) => w(a, b))), hue: "f", corner: true, class: "turning" })
    : cells({ ...grid, get: w, top: topOf(places.map(([a, b]) => w(a, b))), hue: "f", class: "turned-once" });
  const mini = cells({ rows: g.kh, columns: g.kw, get: (i, j) => at(op.in.w, [o, c, i, j]), top: topOf(places.map(([a, b]) => w(a, b))), hue: "f", corner: true, class: "mini" });
  const left = figure({ name: say("conv.dz"), hue: "b", more: `${o + 1}/${g.O}`, of: "edge" },
    filled(make("div", { class: lit(1, 3) }), map({ rows: g.P, columns: g.Q, hue: "b", top: topOf(planeNumbers(op.dz, [n, o])), get: (y, x) => at(op.dz, [n, o, y, x]), frames,
      over: (y, x) => preview(op, CONV.ofPixel(op, [n, channel, limited(y * g.sh - g.pt + (g.kh >> 1), g.H - 1), limited(x * g.sw - g.pl + (g.kw >> 1), g.W - 1)], o)),
      pick: (y, x) => pick(op, CONV.ofPixel(op, [n, channel, limited(y * g.sh - g.pt + (g.kh >> 1), g.H - 1), limited(x * g.sw - g.pl + (g.kw >> 1), g.W - 1)], o)) })),
    make("div", { class: "below" }, legend(),
      chooser(say("conv.channel"), channel, op.in.x.shape[1], (k) => pick(op, CONV.ofPixel(op, [n, k, r, s]))),
      g.O > 10 ? chooser(say("conv.kernel.one"), o, g.O, (k) => pick(op, toPixel(k))) : null,
      filled(button("", turnKernel, { class: "large with-mini", "data-key": "turn" }), mini, make("span", {}, `↻ ${say("conv.turn")}`))));
  const right = figure({ name: say(op.inputs[0].from ? "conv.dx" : "conv.dx.image"), of: "edge" },
    filled(make("div", { class: lit(0) }), map({ rows: g.H, columns: g.W, hue: "b", frame: "r", result: true, top: topOf(planeNumbers(op.d.x, [n, channel])), get: (y, x) => at(op.d.x, [n, channel, y, x]), frames: [{ row: r, column: s, rows: 1, columns: 1 }],
      over: (y, x) => preview(op, CONV.ofPixel(op, [n, channel, y, x], o)), pick: (y, x) => pickOrFollow(op, CONV.ofPixel(op, [n, channel, y, x], o), "dx", [n, channel, y, x]) })),
    make("div", { class: `below ${lit()}` }, speech(make("span", { class: "m" }, "Σ"), chip(fixed(at(op.d.x, cell.x) * total.scale, total.digits))), make("div", { class: "label num" }, [placed("dx", trimmed(cell.x)), total.words].filter(Boolean).join(", "))));
  return make("div", { class: "slide" },
    left,
    figure({ name: say("conv.dz.patch"), hue: "b", more: dzUnit.words, of: lit(3) }, cells({ ...grid, get: dz, top: dzTop, unit: dzUnit, hue: "b", padding: (a, b) => !reader(a, b) })),
    sign("×"),
    figure({ name: say(turning.moving ? "conv.kernel" : "conv.turned"), hue: "f", of: lit(2) }, kernel),
    sign("="),
    figure({ name: say("conv.products"), hue: "b", more: unit.words, of: lit() }, cells({ ...grid, get: (a, b) => dz(a, b) * w(a, b), top: productTop, unit, hue: "b", frame: "r" })),
    right,
    make("div", { class: `speech ${lit()}` },
      make("div", { class: "lines" },
        speech(make("span", { class: "m" }, "dz·w"), ink("b", fixed(dz(a0, b0) * dzUnit.scale, 2)), "×", ink("f", factor(w(a0, b0))), "=", fixed(dz(a0, b0) * w(a0, b0) * dzUnit.scale, 2), make("small", {}, dzUnit.words)),
        g.O <= 10
          ? make("div", { class: "shares" }, make("small", {}, say("conv.shares", { n: g.O })), ...shares.map((v, k) => button(`${v > 0 && k ? "+" : ""}${fixed(v * total.scale, 1)}`, () => pick(op, toPixel(k)), { "aria-pressed": String(k === o), "data-key": `share-${k}` })), make("span", { class: "say num" }, "= "), chip(fixed(at(op.d.x, cell.x) * total.scale, 1)))
          : speech(make("span", { class: "m" }, say("conv.share.one", { k: o + 1 })), fixed(shares[o] * total.scale, total.digits), make("small", {}, say("conv.all", { n: g.O })), "=", chip(fixed(at(op.d.x, cell.x) * total.scale, total.digits)))),
      make("div", { class: "aside" },
        g.O > 10 ? waterfall({ shares, chosen: o, hue: "b", pick: (k) => pick(op, toPixel(k)) }) : null)));
}

function convKernel(op, cell) {
  const g = geometryOf(op);
  const [o, c, i, j] = cell.w;
  const [n, , p0, q0] = cell.z;
  const under = (p, q) => CONV.x(op, CONV.tap(op, n, o, c, i, j, p, q).x);
  const dz = (p, q) => at(op.dz, [n, o, p, q]);
  const product = (p, q) => under(p, q) * dz(p, q);
  const dzTop = topOf(planeNumbers(op.dz, [n, o]));
  const grid = planeNumbers(op.d.w, [o, c]);
  const unit = unitOf(topOf(grid));
  const place = [{ row: p0, column: q0, rows: 1, columns: 1 }];
  const toPlace = (p, q) => CONV.tap(op, n, o, c, i, j, p, q);
  const toTap = (a, b) => CONV.ofTap(op, [o, c, a, b], n);
  const maps = { rows: g.P, columns: g.Q, hue: "b", top: dzTop, frames: place, over: (p, q) => preview(op, toPlace(p, q)) };
  const padded = linesHere().length === 4;
  const [l0, l1, l2] = padded ? [0, 1, 2] : [-1, 0, 1];
  const frames = [{ row: i * g.dh, column: j * g.dw, rows: (g.P - 1) * g.sh + 1, columns: (g.Q - 1) * g.sw + 1 }, { row: cell.x[2] + g.pt, column: cell.x[3] + g.pl, rows: 1, columns: 1, hue: "--b" }];
  return make("div", { class: "slide wide" },
    figure({ name: say("conv.under"), hue: "f", more: `${(g.P - 1) * g.sh + 1} × ${(g.Q - 1) * g.sw + 1}`, of: lit(l0, l2) }, paddedMap(op, n, g.first(o) + c, { frames })),
    sign("·"),
    figure({ name: say("app.arriving", { name: "dz" }), hue: "b", of: lit() }, map({ ...maps, get: dz, pick: (p, q) => pickOrFollow(op, toPlace(p, q), "dz", [n, o, p, q]) })),
    sign("="),
    figure({ name: "x · dz", hue: "b", of: lit() }, map({ ...maps, get: product, frame: "r", top: dzTop * Math.min(1, topOfArray(op.in.x)), pick: (p, q) => pick(op, toPlace(p, q)) })),
    sign("Σ"),
    figure({ name: "dw", more: [`${o + 1}/${g.O}`, unit.words].filter(Boolean).join(", "), of: lit(l1) },
      cells({ rows: g.kh, columns: g.kw, get: (a, b) => at(op.d.w, [o, c, a, b]), top: topOf(grid), unit, chosen: [i, j], hue: "b", frame: "r", result: true, over: (a, b) => preview(op, toTap(a, b)), pick: (a, b) => pickOrFollow(op, toTap(a, b), "dw", [o, c, a, b]) })),
    make("div", { class: `speech ${lit()}` },
      legend(),
      speech(make("span", { class: "m" }, say(g.N > 1 ? "conv.sum.images" : "conv.sum.products", { n: counted(g.P * g.Q), images: g.N })), "=", chip(short(at(op.d.w, cell.w))), make("span", { class: "m" }, placed("dw", trimmed(cell.w)))),
      make("div", { class: "choosers" },
        chooser(say("conv.kernel.one"), o, g.O, (k) => pick(op, CONV.ofTap(op, [k, c, i, j]))),
        chooser(say("conv.channel"), c, g.C, (k) => pick(op, CONV.ofTap(op, [o, k, i, j]))),
        chooser(say("conv.sample"), n, g.N, (k) => pick(op, CONV.ofTap(op, [o, c, i, j], k)))),
      playButton()));
}

function convBias(op, cell) {
  const g = geometryOf(op);
  const [n, o, p, q] = cell.z;
  const toPlace = (a, b) => CONV.ofOutput(op, [n, o, a, b]);
  const top = topOf(planeNumbers(op.dz, [n, o]));
  return make("div", { class: "slide wide bias" },
    figure({ name: say("app.arriving", { name: "dz" }), hue: "b", more: `${o + 1}/${g.O}` },
      map({ rows: g.P, columns: g.Q, hue: "b", top, get: (a, b) => at(op.dz, [n, o, a, b]), frames: [{ row: p, column: q, rows: 1, columns: 1 }], over: (a, b) => preview(op, toPlace(a, b)), pick: (a, b) => pickOrFollow(op, toPlace(a, b), "dz", [n, o, a, b]) })),
    sign("Σ"),
    make("div", { class: "stack" },
      speech(make("span", { class: "m" }, say(g.N > 1 ? "conv.sum.images" : "conv.sum.places", { n: counted(g.P * g.Q), images: g.N })), "=", chip(short(at(op.d.b, cell.b))), make("span", { class: "m" }, placed("db", cell.b))),
      make("p", { class: "muted" }, say("conv.bias.why")),
      make("div", { class: "choosers" }, chooser(say("conv.kernel.one"), o, g.O, (k) => pick(op, CONV.ofBias(op, [k]))), chooser(say("conv.sample"), n, g.N, (k) => pick(op, CONV.ofOutput(op, [k, o, p, q])))),
      legend()),
    figure({ name: "db", more: unitOf(topOfArray(op.d.b)).words },
      bars({ numbers: Array.from(op.d.b.numbers), chosen: o, hue: "b", result: true, pick: (k) => pick(op, CONV.ofBias(op, [k])) })));
}
