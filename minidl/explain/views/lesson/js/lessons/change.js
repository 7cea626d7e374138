// One number changed by hand: what its slope promised, and what the loss then did.

const SAMPLED = 32; // losses along the range of the number
const changePanels = {};

lesson({
  name: "change",
  inks: { dw: "b", dx: "b", db: "b", w: "f", x: "f", b: "f", L: "f" },
  lines() {
    if (!isLive()) return [];
    const w = letterOfLeaf(chosenNumber().leaf);
    return [[`promise = d${w} * (${w}_new - ${w})`, say("change.line.promise")], [`truth = L(${w}_new) - L(${w})`, say("change.line.truth")]];
  },
  draw() {
    if (!isLive()) return make("p", { class: "say" }, say(live.why.key, live.why.holes));
    changeBase();
    Object.assign(changePanels, { grid: make("div", { class: "where" }), plot: plotBox(), said: make("div", { class: "said" }) });
    fillChange();
    return make("div", { class: "row change" }, make("div", { class: "stack" }, leafChoice(), changePanels.grid), make("div", { class: "middle" }, changePanels.plot, numberSlider()), changePanels.said);
  },
  refresh() {
    fillChange();
    drawMaps();
    const slider = byId("number");
    if (slider && document.activeElement !== slider) slider.value = numberNow();
  },
  chain() {
    if (!isLive()) return null;
    const { slope, value, leaf, index } = changeBase();
    const delta = numberNow() - value;
    const name = letterOfLeaf(leaf);
    return {
      sign: "≈",
      terms: [
        { symbol: make("span", { class: "frac v" }, make("span", {}, "ΔL")), value: slope * delta, words: say("change.promise"), hue: "r" },
        { symbol: fraction(["L"], [name, trimmed(index)]), value: slope, words: say("change.slope"), hue: "b" },
        { symbol: make("span", { class: "frac v" }, make("span", {}, `Δ${name}`)), value: delta, words: say("change.delta"), hue: "f" },
      ],
    };
  },
});

const letterOfLeaf = (leaf) => OPS.flatMap((op, n) => op.inputs.filter((_, k) => LIVE.leaves[n][k] === leaf)).map((input) => input.label)[0] ?? "w";
const changeable = () => LEAVES.map((_, k) => k).filter((k) => live.pass.grads[k]);

// Where the chosen number stood: its value, the loss and the slope there, and the loss along its range.
function changeBase() {
  const { leaf, index } = chosenNumber();
  const place = flatOf(live.pass.leaves[leaf].shape, index);
  if (live.base?.leaf === leaf && live.base.place === place) return live.base;
  const value = live.pass.leaves[leaf].numbers[place];
  const [low, high] = rangeOf(leaf, value);
  const along = Array.from({ length: SAMPLED + 1 }, (_, k) => low + ((high - low) * k) / SAMPLED);
  const curve = along.map((v) => [v, lossOf(runForward(changedLeaves(leaf, (numbers) => (numbers[place] = v))))]);
  return (live.base = { leaf, index, place, value, low, high, curve, loss: lossOf(live.pass), slope: live.pass.grads[leaf].numbers[place] });
}

const numberNow = () => live.pass.leaves[changeBase().leaf].numbers[changeBase().place];

// Pixels from paper to ink; a weight as far as the largest of its array on both sides.
function rangeOf(leaf, value) {
  if (leaf === LIVE.input && LIVE.paper) return [Math.min(LIVE.paper.low, value), Math.max(LIVE.paper.high, value)];
  const reach_ = roundRate(3 * Math.max(topOf(live.pass.leaves[leaf].numbers), 0.05));
  return [value - reach_, value + reach_];
}

function chosenNumber() {
  if (!live.chosen || !live.pass.grads[live.chosen.leaf]) {
    const leaf = changeable().find((k) => LIVE.trained.includes(k)) ?? changeable()[0];
    choosePlace(leaf, steepest(leaf));
  }
  return live.chosen;
}

const steepest = (leaf) => most(placesOf(LEAVES[leaf].array.shape), (index) => Math.abs(at(live.pass.grads[leaf], index)));

function choosePlace(leaf, index) {
  live.chosen = { leaf, index };
  live.base = null;
}

function setNumber(value) {
  const { leaf, place } = changeBase();
  const kept = live.base;
  recompute(changedLeaves(leaf, (numbers) => (numbers[place] = value)));
  live.base = kept;
  refreshLive();
}

// From any operation: the number of its chosen cell that a hand can change.
function changeHere() {
  const { op, part } = here();
  if (op && isLive()) {
    const mine = op.inputs.map((input, k) => [input, LIVE.leaves[op.id][k]]).filter(([input, leaf]) => leaf !== null && live.pass.grads[leaf] && cellOf(op)[input.label]);
    const [input, leaf] = mine.find(([one]) => one.label === part.label) ?? mine[0] ?? [];
    if (input) choosePlace(leaf, cellOf(op)[input.label]);
  }
  goTo(screenNamed("change"));
}

function moveChanged(down, right) {
  if (!isLive()) return;
  const { leaf, index } = chosenNumber();
  const shape = LEAVES[leaf].array.shape;
  const place = [...index];
  const move = (axis, by) => shape.length + axis >= 0 && (place[shape.length + axis] = Math.max(0, Math.min(shape.at(axis) - 1, index.at(axis) + by)));
  if (shape.length > 1) move(-2, down);
  move(-1, shape.length > 1 ? right : right + down);
  choosePlace(leaf, place);
  show();
}

// Which array, and which plane of it.
function leafChoice() {
  const { leaf, index } = chosenNumber();
  const options = changeable().map((k) => make("option", { value: k, selected: k === leaf }, LEAVES[k].name ?? letterOfLeaf(k)));
  const box = make("select", { id: "leaf", "aria-label": say("change.leaf"), "data-key": "leaf", on: { change: () => (choosePlace(Number(box.value), steepest(Number(box.value))), show()) } }, ...options);
  const shape = LEAVES[leaf].array.shape;
  const turn = (axis, by) => {
    const place = [...index];
    place[axis] = (place[axis] + by + shape[axis]) % shape[axis];
    choosePlace(leaf, place);
    show();
  };
  const turns = index.slice(0, -2).flatMap((i, axis) => shape[axis] === 1 ? [] : [make("span", { class: "seg" },
    button("‹", () => turn(axis, -1), { "aria-label": say("change.before", { axis }), "data-key": `before-${axis}` }), make("b", { class: "num" }, String(i)), button("›", () => turn(axis, 1), { "aria-label": say("change.after", { axis }), "data-key": `after-${axis}` }))]);
  return make("div", { class: "choose" }, box, ...turns);
}

function fillChange() {
  const { leaf, index, value, loss, slope } = changeBase();
  const array = live.pass.leaves[leaf];
  const plane = planeOf(array, index);
  const given = { rows: plane.rows, columns: plane.columns, get: plane.get, top: topOf(array.numbers), pick: (r, c) => plane.indexOf(r, c) && (choosePlace(leaf, plane.indexOf(r, c)), show()) };
  const [row, column] = plane.place;
  const few = plane.rows <= FEW && plane.columns <= FEW;
  refill(changePanels.grid, few ? cells({ ...given, chosen: plane.place, unit: unitOf(given.top) }) : map({ ...given, frames: [{ row, column, rows: 1, columns: 1 }] }));
  refill(changePanels.plot, promisePlot(changeBase(), numberNow(), lossOf(live.pass)));
  const [promised, truth] = [slope * (numberNow() - value), lossOf(live.pass) - loss];
  refill(changePanels.said,
    speech(letterOfLeaf(leaf), ink("f", short(value)), "→", ink("f", short(numberNow()))),
    speech(say("change.promised"), make("span", { class: "num r chip" }, withSign(promised))),
    speech(say("change.true"), ink("f", withSign(truth))),
    make("p", { class: "muted" }, say(Math.abs(numberNow() - value) < 1e-12 ? "change.drag" : Math.abs(truth - promised) <= 0.1 * Math.abs(truth) + 1e-9 ? "change.kept" : "change.bent")),
    button(say("change.back"), () => setNumber(value), { disabled: numberNow() === value, "data-key": "back" }));
}

const withSign = (v) => (v > 0 ? `+${short(v)}` : short(v));

function numberSlider() {
  const { low, high } = changeBase();
  const slider = make("input", { type: "range", id: "number", min: low, max: high, step: (high - low) / 200, value: numberNow(), "aria-label": say("change.number"), "data-key": "number" });
  slider.addEventListener("input", () => setNumber(Number(slider.value)));
  return slider;
}

// The plot can be dragged: its box stays while the drawing in it changes.
function plotBox() {
  const box = make("div", { class: "drag" });
  const set = (event) => {
    const { low, high } = changeBase();
    const frame = box.firstElementChild.getBoundingClientRect();
    const part = ((event.clientX - frame.left) / frame.width) * PLOT.wide;
    setNumber(low + Math.max(0, Math.min(1, (part - PLOT.edge) / (PLOT.wide - 2 * PLOT.edge))) * (high - low));
  };
  box.addEventListener("pointerdown", (event) => {
    box.setPointerCapture(event.pointerId);
    set(event);
  });
  box.addEventListener("pointermove", (event) => box.hasPointerCapture(event.pointerId) && set(event));
  return box;
}

const PLOT = { wide: 520, high: 290, edge: 18 };

// The loss along the number (teal), the straight line that its slope promises (crimson), where it stood and stands.
function promisePlot({ curve, low, high, value, loss, slope }, now, lossNow) {
  const { wide, high: tall, edge } = PLOT;
  const finite = curve.filter(([, v]) => Number.isFinite(v));
  const levels = [...finite.map(([, v]) => v), loss, lossNow].filter(Number.isFinite);
  const [bottom, top] = [Math.min(...levels), Math.max(...levels)];
  const spread = Math.max(top - bottom, 1e-6 * Math.abs(top), 1e-9);
  const px = (v) => edge + ((v - low) / (high - low)) * (wide - 2 * edge);
  const py = (v) => tall - 34 - ((v - bottom + 0.12 * spread) / (1.24 * spread)) * (tall - 62);
  const inside = (v) => Math.max(0, Math.min(1, v));
  // the line is cut where it leaves the picture
  const ends = [low, high].map((end) => {
    const rise = slope * (end - value);
    const room = rise > 0 ? top + 0.12 * spread - loss : loss - bottom + 0.12 * spread;
    return value + (end - value) * (rise === 0 ? 1 : inside(room / Math.abs(rise)));
  });
  const line = (points) => points.map(([a, b], i) => `${i ? "L" : "M"}${px(a).toFixed(1)},${py(b).toFixed(1)}`).join("");
  const promised = loss + slope * (now - value);
  const seen = promised <= top + 0.12 * spread && promised >= bottom - 0.12 * spread;
  return draw("svg", { viewBox: `0 0 ${wide} ${tall}`, class: "plot promise", role: "img", "aria-label": say("change.plot", { now: short(now), loss: short(lossNow), promised: short(promised) }) },
    draw("path", { class: "axis", d: `M${edge},${tall - 30}H${wide - edge}` }),
    draw("path", { class: "curve", d: line(finite) }),
    draw("path", { class: "tangent b", d: line(ends.map((v) => [v, loss + slope * (v - value)])) }),
    now === value ? null : draw("path", { class: "drop", d: `M${px(now)},${tall - 30}V${py(lossNow)}` }),
    now !== value && seen ? draw("circle", { class: "promised", cx: px(now), cy: py(promised), r: 9 }) : null,
    draw("circle", { class: "other", cx: px(value), cy: py(loss), r: 8 }),
    draw("circle", { class: "point", cx: px(now), cy: py(lossNow), r: 12 }),
    draw("text", { class: "words", x: edge, y: 24 }, say("live.loss", { loss: short(lossNow) })),
    draw("text", { class: "words", x: edge, y: tall - 5 }, short(low)),
    draw("text", { class: "words end", x: wide - edge, y: tall - 5 }, short(high)));
}
