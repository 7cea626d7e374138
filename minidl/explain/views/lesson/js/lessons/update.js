// After the pass: w becomes w - lr · dw for every weight, and the same input goes through once more.

// The weights that are updated, [{leaf, ...}], and the one that is shown: {leaf, index}.
const updatedLeaves = () => GIVEN.update.leaves.map((place) => ({ place, ...LEAVES[place] }));

function weightShown() {
  if (state.weight && GIVEN.update.leaves.includes(state.weight.leaf)) return state.weight;
  const found = updatedLeaves().find((leaf) => leaf.array.shape.length > 1) ?? updatedLeaves()[0];
  const op = OPS.find((one) => one.inputs.some((input) => !input.from && input.leaf === found.name));
  const label = op?.inputs.find((input) => input.leaf === found.name)?.label;
  return { leaf: found.place, index: CELLS.get(op)?.[label] ?? found.array.shape.map(() => 0) };
}

function moveWeight(down, right) {
  const { leaf, index } = weightShown();
  const shape = LEAVES[leaf].array.shape;
  const move = (axis, by) => (axis < 0 ? 0 : Math.max(0, Math.min(shape[axis] - 1, index[axis] + by)));
  const place = [...index];
  if (place.length > 1) place[place.length - 2] = move(place.length - 2, down);
  if (place.length) place[place.length - 1] = move(place.length - 1, place.length > 1 ? right : right + down);
  state.weight = { leaf, index: place };
  show({ light: true });
}

// 0.02, or 2 · 10⁻⁵.
const rateText = (rate) => ((rate >= 1e-3 && rate < 1e4) || rate === 0 ? String(rate) : exponential(rate, 1));

const lossAt = (k) => arrayOf(GIVEN.update.losses).numbers[k];

// Whether the gradients are so small that the step changes next to nothing, as behind saturated neurons.
const isFlat = () => GIVEN.update.rates[GIVEN.update.chosen] * GIVEN.update.slope < 1e-3 * Math.abs(lossAt(0));

lesson({
  name: "update",
  variant: () => (isFlat() ? "flat" : ""),
  inks: { w: "f", dw: "r" },
  lines: () => [["loss.backward()", say("update.all")], ["for w, dw in parameters:"], ["  w -= lr * dw", say("update.step")], ["loss = L(net(x), t)", say("update.again")]],
  draw() {
    const { rates } = GIVEN.update;
    const rate = rates[state.rate];
    const { leaf, index } = weightShown();
    const { array, grad, name } = LEAVES[leaf];
    const plane = planeOf(array, index);
    const near = plane.rows <= 5 && plane.columns <= 5 ? plane : cutOut(plane, 5);
    const w = (r, c) => near.get(r, c);
    const dw = (r, c) => (near.indexOf(r, c) ? at(grad, near.indexOf(r, c)) : undefined);
    const after = (r, c) => (w(r, c) === undefined ? undefined : w(r, c) - rate * dw(r, c));
    const pickOne = (r, c) => { if (near.indexOf(r, c)) { state.weight = { leaf, index: near.indexOf(r, c) }; show({ light: true }); } };
    const grid = { rows: near.rows, columns: near.columns, chosen: near.place, pick: pickOne, over: pickOne };
    const places = [...placesOf([near.rows, near.columns])];
    const [top, dTop] = [topOf(places.map(([r, c]) => w(r, c) ?? 0)), topOf(places.map(([r, c]) => dw(r, c) ?? 0))];
    const reached = Math.max(top, topOf(places.map(([r, c]) => after(r, c) ?? 0)));
    const digits = reached >= 100 ? 0 : reached >= 10 ? 1 : reached >= 1 ? 2 : 3; // what a cell has room for; the sentence below says more
    const unit = { scale: 1, digits, words: "" };
    const [before, now] = [at(array, index), at(array, index) - rate * at(grad, index)];
    const leaves = updatedLeaves();
    const turn = (k) => { state.weight = { leaf: leaves[k].place, index: leaves[k].array.shape.map(() => 0) }; show({ light: true }); };
    return make("div", { class: "descent" },
      figure({ name: say("update.before", { name: name ?? "w" }), hue: "f", more: index.length > 2 ? `[${index.slice(0, -2).join(", ")}]` : "", of: lit(1, 2) }, cells({ ...grid, get: w, top, unit, hue: "f" })),
      make("div", { class: `op lr num ${lit(2)}` }, `${MINUS} lr`, make("br"), make("b", {}, rateText(rate)), make("br"), "×"),
      figure({ name: "dw", hue: "b", more: unitOf(dTop).words, of: lit(0, 1, 2) }, cells({ ...grid, get: dw, top: dTop, hue: "b" })),
      sign("=", lit(2)),
      figure({ name: say("update.after"), of: lit(2) }, cells({ ...grid, get: after, top, unit, hue: "f", frame: "r" })),
      make("div", { class: `plotted ${lit(3)}` }, lossPlot(), make("label", { class: "rate" }, make("span", {}, `${say("update.rate")} `, make("b", { class: "num" }, rateText(rate))),
        make("input", { type: "range", min: 0, max: rates.length - 1, step: 1, value: state.rate, "data-key": "rate", on: { input: (event) => { state.rate = Number(event.target.value); show({ light: true }); } } }))),
      make("div", { class: `speech ${lit(2)}` },
        speech(ink("f", fixed(before, 4)), MINUS, rateText(rate), "·", ink("b", factor(at(grad, index))), "=", make("span", { class: "num chip" }, fixed(now, 4))),
        chooser(say("update.array"), leaves.findIndex((one) => one.place === leaf), leaves.length, turn)),
      make("div", { class: `again ${lit(3)}` },
        make("div", {}, make("div", { class: "label" }, make("b", {}, say("update.same"))), make("div", { class: "big num" }, `L ${short(lossAt(0), 4)} → `, make("span", { class: "f" }, short(lossAt(state.rate), 4)))),
        chancesPlot()));
  },
  chain() {
    const rate = GIVEN.update.rates[state.rate];
    const { leaf, index } = weightShown();
    const slope = at(LEAVES[leaf].grad, index);
    const moved = -rate * slope;
    const symbol = (text) => make("span", { class: "frac v" }, make("span", { class: "plain" }, text));
    const input = OPS.flatMap((op) => op.inputs.map((one) => ({ op, one }))).find(({ one }) => !one.from && one.leaf === LEAVES[leaf].name);
    const go = input ? { screen: screenOf(input.op, "d" + input.one.label), op: input.op, cell: input.op.lesson.cell(input.op, input.one.label, index) } : null;
    return {
      sign: "≈",
      terms: [
        { symbol: symbol("ΔL"), value: slope * moved, words: say("update.own"), hue: "r" },
        term(["L"], ["w", index.slice(-2)], slope, say("app.arriving", { name: "dw" }), "b", go),
        { symbol: symbol("Δw"), value: moved, words: `${MINUS} lr · dw`, hue: "f" },
      ],
      note: say("update.together", { n: counted(GIVEN.update.count), promised: short(-rate * GIVEN.update.slope), happened: short(lossAt(state.rate) - lossAt(0)) }),
    };
  },
});

// The loss against the learning rate: what the slope promised (dashed) and what happened.
function lossPlot() {
  const { rates, slope } = GIVEN.update;
  const losses = rates.map((_, k) => lossAt(k));
  const [first, last] = [losses[0], rates.at(-1)];
  const finite = losses.filter(Number.isFinite);
  const high = Math.min(Math.max(...finite), first + 1.5 * Math.abs(first) + 1e-9);
  const low = Math.min(0, ...finite.filter((v) => v > first - 3 * Math.abs(first)));
  const px = (v) => 70 + (v / last) * 356;
  const py = (v) => 24 + ((high - v) / (high - low || 1)) * 216;
  const path = rates.map((rate, k) => [rate, losses[k]]).filter(([, v]) => v <= high + 1e-9).map(([a, b], k) => `${k ? "L" : "M"}${px(a).toFixed(1)},${py(b).toFixed(1)}`).join("");
  const end = Math.min(last, (first - low) / slope);
  const now = Math.min(losses[state.rate], high);
  const text = (x, y, words, attributes = {}) => draw("text", { x, y, "font-size": 26, ...attributes }, words);
  const [x, y] = [px(rates[state.rate]), py(now)];
  return draw("svg", { viewBox: "0 0 450 286", class: "plot update-plot", role: "img", "aria-label": say("update.plot", { rate: rates[state.rate], loss: short(losses[state.rate]) }) },
    draw("path", { class: "axis", d: `M70,10V${py(low)}H440` }),
    draw("path", { class: "tangent b", d: `M${px(0)},${py(first)}L${px(end)},${py(first - slope * end)}` }),
    draw("path", { class: "curve", d: path }),
    draw("path", { class: "drop", d: `M${x},${y}V${py(low)}` }),
    draw("circle", { class: "start", cx: px(0), cy: py(first), r: 9 }),
    draw("circle", { class: "point", cx: x, cy: y, r: 11 }),
    text(Math.min(x + 18, 300), Math.max(y - 12, 90), `L ${short(losses[state.rate], 4)}`, { "font-size": 28, class: "big" }),
    draw("path", { class: "tangent b", d: "M150,24H186" }), text(194, 32, say("update.promise")),
    draw("path", { class: "curve", d: "M150,52H186" }), text(194, 60, say("update.reality")),
    text(px(0), 268, "0", { class: "m", "text-anchor": "middle" }), text(px(last), 268, String(last), { class: "m", "text-anchor": "end" }),
    text(58, py(first) + 7, short(first, 2), { class: "m", "text-anchor": "end" }));
}

// The probabilities before and after, if there is a softmax.
function chancesPlot() {
  const scores = arrayOf(GIVEN.update.scores);
  const op = OPS.find((one) => one.op === "CrossEntropy");
  if (!scores || !op || scores.shape.length !== 3) return make("span");
  const classes = scores.shape[2];
  const m = CELLS.get(op).t[0] ?? 0;
  const chances = (k) => {
    const row = Array.from({ length: classes }, (_, c) => at(scores, [k, m, c]));
    const top = Math.max(...row);
    const powers = row.map((v) => Math.exp(v - top));
    const total = powers.reduce((sum, v) => sum + v, 0);
    return powers.map((v) => v / total);
  };
  const [before, after] = [chances(0), chances(state.rate)];
  const right = predictionsOf(op).label(CELLS.get(op).t);
  const shown = Array.from({ length: classes }, (_, c) => c).toSorted((a, b) => (b === right) - (a === right) || Math.max(before[b], after[b]) - Math.max(before[a], after[a])).slice(0, 10).sort((a, b) => a - b);
  const top = Math.max(0.2, ...shown.map((c) => Math.max(before[c], after[c])));
  const columns = shown.map((c, k) => draw("g", { transform: `translate(${k * 40} 0)` },
    draw("rect", { class: "was", x: 4, y: 70 - (before[c] / top) * 66, width: 13, height: (before[c] / top) * 66 }),
    draw("rect", { class: "is", x: 19, y: 70 - (after[c] / top) * 66, width: 15, height: (after[c] / top) * 66 }),
    draw("text", { x: 19, y: 94, "font-size": 25, "text-anchor": "middle", class: c === right ? "big" : "" }, className(c))));
  return make("div", { class: "chances" },
    styled(draw("svg", { viewBox: `0 0 ${shown.length * 40} 98`, class: "plot", role: "img", "aria-label": say("update.chances") }, ...columns), { "--bars": shown.length }),
    make("div", { class: "key bars-key" }, make("span", {}, make("i"), say("update.p.before")), make("span", {}, make("i", { class: "full" }), say("update.p.after"))));
}
