// Normalisation. Forward: the group is moved to mean 0 and stretched to variance 1. Backward: x moved the mean and the
// variance too, so what they did is taken back: dx = (g - mean(g) - x̂ mean(g x̂)) / σ, with g = w dz.

// All numbers of one cell: x, its group's mean and σ, x̂, w, g and the two means.
function normOf(op, index) {
  const read = (array) => (array ? at(array, unbroadcast(array.shape, index)) : undefined);
  const [x, mean, sigma] = [at(op.in.x, index), read(op.extra.mean), read(op.extra.sigma)];
  const w = read(op.in.w) ?? 1;
  const b = read(op.in.b) ?? 0;
  const normal = (x - mean) / sigma;
  const dz = op.dz ? at(op.dz, index) : undefined;
  return { x, mean, sigma, w, b, normal, dz, g: w * dz, meanG: read(op.extra.mean_g) ?? 0, meanGx: read(op.extra.mean_gx) ?? 0, z: at(op.z, index) };
}

const isConstant = (op) => op.op === "Standardize";

// The places of the group in which an index lies: the axes along which the statistics have length 1.
function groupOfNorm(op, index) {
  const own = op.extra.mean.shape;
  const axes = op.z.shape.map((_, axis) => axis).filter((axis) => own[axis] === 1 && op.z.shape[axis] > 1);
  return [...placesOf(axes.map((axis) => op.z.shape[axis]))].map((place) => index.map((i, axis) => (axes.includes(axis) ? place[axes.indexOf(axis)] : i)));
}

const inSameGroup = (op, a, b) => sameIndex(unbroadcast(op.extra.mean.shape, a), unbroadcast(op.extra.mean.shape, b));

lesson({
  name: "norm",
  ops: ["Normalize", "NormalizeChannels", "Standardize"],
  parts: (op) => [{ id: "z", phase: "forward" }, ...(isConstant(op) ? gradientsOf(op).filter(({ label }) => "xwb".includes(label)) : gradientsOf(op))],
  cell(op, label, index) {
    const z = label === "z" || label === "x" ? index : op.z.shape.map((n, axis) => {
      const own = op.in[label].shape;
      const place = axis - (op.z.shape.length - own.length);
      return place < 0 ? 0 : own[place] === 1 ? 0 : index[place];
    });
    const found = { z, x: z };
    for (const one of ["w", "b", "mean", "var"]) if (op.in[one]) found[one] = unbroadcast(op.in[one].shape, z);
    return label === "z" ? found : { ...found, [label]: index };
  },
  holes: (op) => ({ n: counted(groupOfNorm(op, op.z.shape.map(() => 0)).length), name: say(isConstant(op) ? "norm.fixed" : "norm.own") }),
  lines(op, part) {
    const constant = isConstant(op);
    const [w, b] = [op.in.w ? "w * " : "", op.in.b ? " + b" : ""];
    if (part.phase === "forward")
      return constant
        ? [["s  = sqrt(var + eps)", say("norm.line.fixed")], ["xn = (x - mean) / s"], [`z  = ${w}xn${b}`]]
        : [["m  = mean(x)", say("norm.line.m")], ["s  = sqrt(mean((x - m)**2) + eps)", say("norm.line.s")], ["xn = (x - m) / s", say("norm.line.xn")], [`z  = ${w}xn${b}`]];
    if (part.label === "b") return [[`db = sum(dz)`, say("norm.line.sum")]];
    if (part.label === "w") return [["dw = sum(dz * xn)", say("norm.line.sum")]];
    if (constant) return [[`dx = ${w}dz / s`, say("norm.line.constant")]];
    return [[`g  = ${w}dz`], ["a  = mean(g)", say("norm.line.a")], ["c  = mean(g * xn)", say("norm.line.c")], ["dx = (g - a - xn * c) / s"]];
  },
  inks: { m: "f", s: "f", xn: "f", g: "b", a: "b", c: "b", w: "f" },
  draw(op, part, cell) {
    if (part.label === "w" || part.label === "b") return normSums(op, part, cell);
    return part.phase === "forward" ? normForward(op, cell) : normBackward(op, cell);
  },
  chain(op, part, cell) {
    if (!op.dz) return null;
    const one = normOf(op, cell.z);
    const { label } = part;
    if (label === "w" || label === "b") {
      const n = groupOfParameter(op, label, cell).length;
      const rule = chainOf({ op, label, x: cell[label], z: cell.z, local: label === "w" ? one.normal : 1, says: label === "w" ? "= x̂" : "", share: n > 1, note: [say("pairs.note", { n, name: "d" + label, sum: short(at(op.d[label], cell[label])) }), " ", nudgedNote(op, label, cell[label])] });
      for (const one of [rule.terms[0], rule.terms[2]]) one.bottom = [label, cell[label].filter((_, axis) => op.in[label].shape[axis] > 1)];
      return rule;
    }
    if (!op.d.x) return null;
    if (isConstant(op)) return chainOf({ op, label: "x", x: cell.x, z: cell.z, local: one.w / one.sigma, says: "= w / σ", note: nudgedNote(op, "x", cell.x) });
    const ratio = (value, words, hue, symbol) => ({ symbol: make("span", { class: "frac v" }, symbol), value, words, hue });
    return {
      sign: "=",
      between: "·",
      terms: [
        term(["L"], ["x", trimmed(cell.x)], at(op.d.x, cell.x), say("app.handed", { name: "dx" }), "r", traced(op, "dx", cell.x)),
        ratio(one.g - one.meanG - one.normal * one.meanGx, say("norm.left"), "b", `g ${MINUS} a ${MINUS} x̂ c`),
        ratio(1 / one.sigma, say("norm.stretch"), "f", "1 / σ"),
      ],
      note: nudgedNote(op, "x", cell.x),
    };
  },
});

// The group on two axes: as it came, with its mean and σ; and moved and stretched to mean 0 and variance 1.
function normForward(op, cell) {
  const one = normOf(op, cell.z);
  const group = groupOfNorm(op, cell.z);
  const dots = group.filter((_, k) => k % Math.ceil(group.length / 160) === 0).map((index) => ({ index, x: at(op.in.x, index) })).filter(({ x }) => Number.isFinite(x));
  const choose_ = (index) => pick(op, op.lesson.cell(op, "z", index));
  const x = dots.map((dot) => dot.x);
  const xs = axisOf({ values: x, chosen: one.x, middle: one.mean, spread: one.sigma, name: "x", middleName: isConstant(op) ? say("norm.mean.fixed") : say("norm.mean"), pick: (k) => choose_(dots[k].index) });
  const ns = axisOf({ values: x.map((v) => (v - one.mean) / one.sigma), chosen: one.normal, middle: 0, spread: 1, name: "x̂", middleName: "0", pick: (k) => choose_(dots[k].index) });
  const spoken = speech("x̂ = (", ink("f", short(one.x)), MINUS, ink("f", factor(one.mean)), ") ÷", ink("f", short(one.sigma)), "=", ink("f", short(one.normal)));
  const w = op.in.w || op.in.b ? speech("z =", ink("f", short(one.w)), "×", ink("f", factor(one.normal)), "+", ink("f", factor(one.b)), "=", chip(short(one.z))) : speech("z = x̂ =", chip(short(one.z)));
  return make("div", { class: "norm stack" }, xs, spoken, ns, w);
}

// A number line: dots, the chosen one, the mean and one σ to both sides.
function axisOf({ values, chosen, middle, spread, name, middleName, pick: pickDot }) {
  const [wide, high] = [1200, 118];
  const all = [...values, chosen, middle - spread, middle + spread];
  const [low, top] = [Math.min(...all), Math.max(...all)];
  const px = (v) => 90 + ((v - low) / (top - low || 1)) * (wide - 150);
  const base = 56;
  return draw(
    "svg",
    { viewBox: `0 0 ${wide} ${high}`, class: "axis-of", role: "img", "aria-label": say("norm.axis", { n: values.length, name, mean: short(middle), sigma: short(spread) }) },
    draw("rect", { class: "band", x: px(middle - spread), y: base - 30, width: px(middle + spread) - px(middle - spread), height: 60 }),
    draw("path", { class: "rule", d: `M70,${base}H${wide - 20}` }),
    draw("text", { class: "letter", x: 8, y: base + 12 }, name),
    ...values.map((v, k) => draw("circle", { class: "dot", cx: px(v), cy: base, r: 9, on: { click: () => pickDot(k) } })),
    draw("path", { class: "mean", d: `M${px(middle)},${base - 34}V${base + 34}` }),
    draw("circle", { class: "here", cx: px(chosen), cy: base, r: 14 }),
    draw("text", { class: "note-of", x: px(middle), y: high - 4 }, middleName === "0" ? "0 ± 1" : `${middleName} ${short(middle)} ± σ ${short(spread)}`),
    draw("text", { class: "at", x: Math.max(110, Math.min(wide - 110, px(chosen))), y: base - 24 }, short(chosen)),
  );
}

// Three terms: what arrived, less what the mean takes back, less what the variance takes back; then the stretch.
function normBackward(op, cell) {
  const one = normOf(op, cell.z);
  if (isConstant(op)) {
    const inputs = [{ name: "x", value: one.x, local: one.w / one.sigma, grad: at(op.d.x, cell.x) }];
    return make("div", { class: "row scalar" }, wires({ symbol: "× w/σ", inputs, z: one.z, dz: one.dz, chosen: "x" }));
  }
  const terms = [
    { symbol: "g", says: op.in.w ? `w · dz = ${short(one.w)} · ${factor(one.dz)}` : "= dz", value: one.g },
    { symbol: `${MINUS} a`, says: say("norm.term.mean"), value: -one.meanG },
    { symbol: `${MINUS} x̂ c`, says: `${say("norm.term.variance")}: ${short(one.normal)} · ${factor(one.meanGx)}`, value: -one.normal * one.meanGx },
  ];
  const left = one.g - one.meanG - one.normal * one.meanGx;
  const rows = [...terms, { symbol: "=", says: say("norm.term.left"), value: left, line: true }, { symbol: "÷ σ", says: `σ = ${short(one.sigma)}`, value: at(op.d.x, cell.x), result: true }];
  return make("div", { class: "row norm-back" }, termsTable(rows), normMap(op, cell));
}

// Rows of terms: symbol, what it is, its number, its bar; `act` is what a click does. hue: who made the numbers.
function termsTable(rows, hue = "b") {
  const top = topOf(rows.filter((row) => !row.result || row.bar).map((row) => row.value));
  return make(
    "div",
    { class: "terms" },
    ...rows.flatMap(({ symbol, says, value, line, result, bar = !result, act }) => {
      const length = styled(make("i", { class: value > 0 ? "full" : "" }), { left: `${50 + Math.min(0, (50 * value) / top)}%`, width: `${result && isGuessing() ? 0 : Math.abs((50 * value) / top)}%` });
      const kind = `${line ? "total" : ""} ${act ? "touch" : ""}`;
      const on = act && { on: { click: act } };
      return [
        make("span", { class: `symbol v ${kind}`, ...on }, symbol),
        make("span", { class: `says ${kind}`, ...on }, says),
        make("span", { class: `value num ${kind}`, ...on }, result ? chip(short(value)) : ink(hue, short(value))),
        make("span", { class: `bar-place ${bar ? `bar ${hue}` : ""} ${kind}`, ...on }, bar ? length : null),
      ];
    }),
  );
}

const normMap = (op, cell) =>
  make("div", { class: "stack" }, groupFigure({ op, label: "dx", array: op.d.x, index: cell.x, hue: "b", result: true, frame: "r", member: (i) => inSameGroup(op, i, cell.x) }));

// The outputs that used an element of w or b.
function groupOfParameter(op, label, cell) {
  return usersOf(op, label, cell[label]);
}

// dw and db: one share of every element that the parameter scaled or shifted.
function normSums(op, part, cell) {
  const { label } = part;
  const places = groupOfParameter(op, label, cell);
  const shareAt = (z) => normOf(op, z).dz * (label === "w" ? normOf(op, z).normal : 1);
  const result = speech(`d${label} =`, `Σ ${label === "w" ? "dz · x̂" : "dz"} =`, chip(short(at(op.d[label], cell[label]))));
  const one = normOf(op, cell.z);
  const share = label === "w" ? speech(ink("b", short(one.dz)), "×", ink("f", factor(one.normal)), "=", ink("b", short(one.dz * one.normal))) : speech(ink("b", short(one.dz)));
  const few = places.length <= 64;
  const picture = groupFigure({ op, label: "dz", as: "z", array: op.dz, index: cell.z, hue: "b", name: label === "w" ? "dz · x̂" : "dz", get: shareAt, member: (z) => places.length < sizeOf(op.z.shape) && inParameter(op, label, z, cell) });
  return make("div", { class: "row shares-row" }, picture, make("div", { class: "stack middle" }, share, few ? waterfall({ shares: places.map(shareAt), chosen: places.findIndex((z) => sameIndex(z, cell.z)), hue: "b", result: true, pick: (k) => pick(op, op.lesson.cell(op, "z", places[k])) }) : make("p", { class: "muted" }, say("reduce.many", { n: counted(places.length) })), result), groupFigure({ op, label: part.id, array: op.d[label], index: cell[label], hue: "b", result: true, frame: "r", member: (i) => sameIndex(i, cell[label]) }));
}

const inParameter = (op, label, z, cell) => sameIndex(unbroadcast(op.in[label].shape, z), cell[label]);
