// Softmax and cross-entropy: what was predicted, what was right, and their difference, which is the entire backward.

// Scores x (N, C, rest...), labels t (N, rest...). A place m is one prediction: a sample, and a pixel if there are any.
function predictionsOf(op) {
  const { x, t } = op.in;
  const C = x.shape[1];
  const places = t.shape.length ? t.shape : [1];
  const score = (m, k) => at(x, [m[0], k, ...m.slice(1)]);
  const grad = (m, k) => at(op.d.x, [m[0], k, ...m.slice(1)]);
  const label = (m) => at(t, t.shape.length ? m : []);
  return { C, places, N: sizeOf(places), score, grad, label };
}

// softmax of one prediction, from the recorded scores.
function softmaxOf(op, m) {
  const { C, score } = predictionsOf(op);
  const scores = Array.from({ length: C }, (_, k) => score(m, k));
  const top = Math.max(...scores);
  const powers = scores.map((v) => Math.exp(v - top));
  const total = powers.reduce((sum, v) => sum + v, 0);
  return powers.map((v) => v / total);
}

const labelled = (m, k) => [m[0], k, ...m.slice(1)];

lesson({
  name: "softmax",
  ops: ["CrossEntropy"],
  inks: { p: "f", onehot: "f", L: "f", N: "" },
  parts: (op) => [{ id: "z", phase: "forward" }, ...(op.d.x ? [{ id: "dx", phase: "backward", label: "x" }] : [])],
  lines(op, part) {
    const { N } = predictionsOf(op);
    const forward = [
      ["p  = exp(x) / sum(exp(x))", say("softmax.line.p"), "forward"],
      [N > 1 ? "L  = mean(-log(p[t]))" : "L  = -log(p[t])", say("softmax.line.L"), "forward"],
    ];
    return part.id === "z" ? forward : [...forward, [N > 1 ? "dx = (p - onehot(t)) / N" : "dx = p - onehot(t)", say("softmax.line.dx")]];
  },
  // The prediction that is the most wrong, and the class with the largest gradient that is not the right one.
  start(op) {
    const { places, label, C, grad } = predictionsOf(op);
    const m = (op.d.x && most(placesOf(places), (m) => Math.abs(grad(m, label(m))) || 0)) ?? places.map(() => 0);
    const k = most(Array.from({ length: C }, (_, k) => k), (k) => (k === label(m) ? -1 : Math.abs(op.d.x ? grad(m, k) : softmaxOf(op, m)[k])));
    return { z: [], x: labelled(m, k), t: m };
  },
  cell(op, name, index) {
    if (name === "x") return { z: [], x: index, t: [index[0], ...index.slice(2)] };
    return lessonStart(op);
  },
  draw: (op, part, cell) => softmaxRows(op, part, cell),
  chain(op, part, cell) {
    if (!op.d.x) return null;
    const { N, label } = predictionsOf(op);
    const k = cell.x[1];
    const m = cell.t;
    const p = softmaxOf(op, m);
    const right = label(m);
    const arriving = -1 / p[right] / N * at(op.dz, []);
    const local = p[right] * ((k === right ? 1 : 0) - p[k]);
    const value = at(op.d.x, cell.x);
    return {
      label: "x",
      sign: "=",
      terms: [
        term(["L"], ["x", [k]], value, say("app.handed", { name: "dx" }), "r", traced(op, "dx", cell.x)),
        term(["L"], ["p", [right]], arriving, N > 1 ? say("softmax.arriving.mean", { t: low(right), n: N }) : say("softmax.arriving", { t: low(right) }), "b"),
        term(["p", [right]], ["x", [k]], local, k === right ? say("softmax.local.own", { t: low(right) }) : say("softmax.local.other", { t: low(right), k: low(k) }), "f"),
      ],
      note: [say(N > 1 ? "softmax.note.mean" : "softmax.note", { k: low(k), p: short(p[k]), one: k === right ? 1 : 0, n: N }), " ", nudgedNote(op, "x", cell.x)],
    };
  },
});

const lessonStart = (op) => LESSONS.find((one) => one.name === "softmax").start(op);

const CLASSES = 10; // rows at most; of more classes one row less, and a line that says so

function softmaxRows(op, part, cell) {
  const { C, N, places, score, grad, label } = predictionsOf(op);
  const m = cell.t;
  const chosen = cell.x[1];
  const p = softmaxOf(op, m);
  const right = label(m);
  const backward = part.id === "dx";
  const line = lineHere();
  const dim = lit;
  const classes = Array.from({ length: C }, (_, k) => k);
  const shown = C <= CLASSES ? classes : classes.toSorted((a, b) => (b === right) - (a === right) || (b === chosen) - (a === chosen) || p[b] - p[a]).slice(0, CLASSES - 1).sort((a, b) => a - b);
  const widest = Math.max(...p, ...shown.map((k) => Math.abs(p[k] - (k === right ? 1 : 0))));
  const dx = backward ? shown.map((k) => grad(m, k)) : [];
  const unit = N > 1 && backward ? unitOf(topOf(dx)) : { scale: 1, digits: 3, words: "" };
  const hidden = backward && isGuessing();
  const bar = (hue, v, size) => styled(make("span", { class: `bar ${hue} ${v < 0 ? "hollow" : "full"}` }), { "--length": Math.min(1, Math.abs(v) / size).toFixed(4) });
  const rows = shown.map((k) => {
    const diff = p[k] - (k === right ? 1 : 0);
    const on = k === chosen;
    const cellsOf = [
      make("span", { class: "cls num" }, className(k)),
      make("span", { class: `num m ${dim(0)}` }, fixed(score(m, k), 2)),
      make("span", { class: `num f ${line === 1 && k !== right && backward ? "dim" : ""}` }, fixed(p[k], 3)),
      make("span", { class: `track ${line === 1 && k !== right && backward ? "dim" : ""}` }, bar("f", p[k], Math.max(...p))),
    ];
    const rest = backward
      ? [
          make("span", { class: `num ${dim()}` }, MINUS), make("span", { class: `num hot ${k === right ? "f" : "m"} ${dim()}` }, k === right ? "1" : "0"), make("span", { class: `num ${dim()}` }, "="),
          make("span", { class: `num b ${dim()}` }, hidden ? "?" : fixed(grad(m, k) * unit.scale, unit.scale === 1 ? 3 : unit.digits)),
          make("span", { class: `track both ${dim()}` }, hidden ? null : bar("b", diff, widest)),
        ]
      : [];
    const row = make("div", { class: `soft-row ${on ? "on" : ""} ${k === right ? "right" : ""}` }, ...cellsOf, ...rest);
    row.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && preview(op, { ...cell, x: labelled(m, k) }));
    row.addEventListener("click", () => pickOrFollow(op, { ...cell, x: labelled(m, k) }, backward ? "dx" : "x", labelled(m, k)));
    return row;
  });
  const head = make("div", { class: "soft-row heads" },
    make("span", { class: "mid" }, say("softmax.class")), make("span", {}, make("b", { class: "v f" }, "x"), say("softmax.score")), make("span", {}, make("b", { class: "v f" }, "p"), say("softmax.predicted")), make("span"),
    ...(backward ? [make("span"), make("span", { class: "mid" }, make("b", {}, "onehot"), say("softmax.right")), make("span"), make("span", {}, make("b", { class: "chip v" }, "dx"), N > 1 ? "/ N" : say("softmax.gradient")), make("span", { class: "unit" }, unit.words)] : []));
  const flat = flatOf(places, m);
  const go = (n) => pick(op, { ...cell, t: indexOf(places, n), x: labelled(indexOf(places, n), chosen) });
  return make("div", { class: `soft ${backward ? "back" : "fore"}` },
    make("div", { class: "stack" }, make("div", { class: "soft-rows touch" }, head, ...rows), C > CLASSES ? make("p", { class: "muted" }, say("softmax.more", { n: C - shown.length })) : null),
    make("div", { class: `side ${dim(1)}` }, lossCurve(op, p[right], right, N, go, places, label), chooser(say("linear.sample"), flat, N, go)));
}

// A number as an index below the line: 12 as ₁₂.
const low = (k) => String(k).replace(/\d/g, (d) => "₀₁₂₃₄₅₆₇₈₉"[d]);

const className = (k) => TAPE.classes?.[k] ?? String(k);

// -log p with the point of the right class; in a batch, the points of the other samples too.
function lossCurve(op, p, right, N, go, places, label) {
  const px = (v) => 44 + v * 396;
  const top = Math.max(3.2, -Math.log(Math.max(p, 1e-6)) + 0.6);
  const py = (v) => 290 - (v / top) * 272;
  let path = "";
  for (let v = Math.exp(-top); v <= 1; v += 0.004) path += `${path ? "L" : "M"}${px(v).toFixed(1)},${py(-Math.log(v)).toFixed(1)}`;
  const loss = -Math.log(p);
  const slope = -1 / p;
  const reach = Math.min(0.13, 0.9 / Math.abs(slope), (top - loss) / Math.abs(slope), p);
  const others = N > 1 ? Array.from({ length: Math.min(N, 64) }, (_, n) => [n, softmaxOf(op, indexOf(places, n))[label(indexOf(places, n))]]) : [];
  const text = (x, y, size, words, attributes = {}) => draw("text", { x, y, "font-size": size, ...attributes }, words);
  const sub = low(right);
  return draw("svg", { viewBox: "0 0 450 352", class: "plot loss", role: "img", "aria-label": say("softmax.plot", { p: short(p), loss: short(loss) }) },
    draw("path", { class: "axis", d: "M44,6V290H446" }),
    draw("path", { class: "curve", d: path }),
    draw("path", { class: "tangent b", d: `M${px(p - reach)},${py(loss - slope * reach)}L${px(p + reach)},${py(loss + slope * reach)}` }),
    draw("path", { class: "drop", d: `M${px(p)},290V${py(loss)}` }),
    ...others.map(([n, v]) => draw("circle", { class: "other", cx: px(v), cy: py(Math.min(top, -Math.log(v))), r: 8, on: { click: () => go(n) } })),
    draw("circle", { class: "point", cx: px(p), cy: py(loss), r: 11 }),
    text(170, 40, 36, `${N > 1 ? "−log p" + sub : "L"} = ${short(loss, 4)}`, { class: "f big" }),
    text(170, 70, 23, N > 1 ? `L = ${short(at(op.z, []), 4)}, ${say("softmax.mean", { n: N })}` : `−log ${short(p)}`, { class: "m" }),
    text(206, 136, 34, `${say("softmax.slope")} ${short(slope)}`, { class: "b big" }),
    text(206, 165, 23, `∂L/∂p${sub} = −1/p${sub}`, { class: "m" }),
    px(p) < 110 ? null : text(44, 316, 23, "0", { class: "m", "text-anchor": "middle" }), text(440, 316, 23, "1", { class: "m", "text-anchor": "middle" }),
    text(Math.max(90, Math.min(390, px(p))), 318, 27, short(p), { class: "big", "text-anchor": "middle" }),
    text(246, 347, 23, say("softmax.axis", { p: `p${sub}` }), { class: "m", "text-anchor": "middle" }));
}
