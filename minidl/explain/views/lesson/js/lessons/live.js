// Live: draw a digit and the network answers; press Step and it learns from that digit, computed here, in this page.

const livePanels = {}; // what a step draws anew, while the sheet and the sliders stay

lesson({
  name: "live",
  holes: () => ({ says: say(LIVE.paper ? "live.says.draw" : "live.says.train") }),
  draw() {
    if (!isLive()) return make("p", { class: "say" }, say(live.why.key, live.why.holes));
    Object.assign(livePanels, { answer: make("div", { class: "answers" }), seen: make("div", { class: "seen" }), curve: make("div", { class: "losses" }), buttons: make("div", { class: "acts" }) });
    fillLive();
    return make("div", { class: `workshop ${LIVE.paper && liveTarget() ? "" : "plain"}` }, inputPanel(), livePanels.answer, trainPanel());
  },
  refresh() {
    fillLive();
    drawMaps();
  },
  keys: (key) => (isLive() && liveTarget() && /^\d$/.test(key) && Number(key) < liveTarget().classes ? () => setLabel(Number(key)) : null),
});

function fillLive() {
  refill(livePanels.answer, ...(liveTarget() ? answerRows() : [make("div", { class: "outputs" }, ...outputFigures())]));
  const seen = live.pass.leaves[LIVE.input ?? 0];
  if (livePanels.shown !== seen || !livePanels.seen.firstChild) refill(livePanels.seen, seenFigure(seen)); // a step leaves it as it is
  livePanels.shown = seen;
  refill(livePanels.curve, historyPlot());
  refill(livePanels.buttons, ...actButtons());
}

// The sheet, or where no digit can be drawn the numbers that go in.
function inputPanel() {
  if (!LIVE.paper) return make("div", { class: "sheet" }, livePanels.seen);
  const clear = button(say("live.clear"), emptyPaper, { "data-key": "clear" });
  return make("div", { class: "sheet" },
    figure(say("live.draw"), padFigure()),
    make("div", { class: "beside" }, livePanels.seen, clear),
    make("div", { class: "samples", role: "group", "aria-label": say("live.samples") }, ...LIVE.samples.map(sampleButton)));
}

function seenFigure(array) {
  if (!LIVE.paper) return numbersFigure("x", array);
  const { side } = LIVE.paper;
  const get = (r, c) => array.numbers[r * side + c];
  return figure({ name: "x", more: `${side} × ${side}` }, map({ rows: side, columns: side, get, top: topOf(array.numbers), class: "small" }));
}

// The first plane of an array: its numbers, or a map where there are many.
function numbersFigure(name, array) {
  const plane = planeOf(array, array.shape.map(() => 0));
  const given = { rows: plane.rows, columns: plane.columns, get: plane.get, top: topOf(array.numbers) };
  return figure({ name, more: array.shape.join(" × ") }, plane.rows <= FEW && plane.columns <= FEW ? cells(given) : map(given));
}

// Without classes: what comes out, beside what should.
function outputFigures() {
  const op = OPS.find((one) => ["SquaredError", "AbsoluteError"].includes(one.op));
  if (!op) return [];
  const { x, y } = inputsOf(op, op.id, live.pass);
  return [numbersFigure(say("live.output"), x), numbersFigure(say("live.wanted"), y)];
}

function sampleButton(sample, k) {
  const canvas = make("canvas", { width: WHOLE, height: WHOLE, "aria-hidden": "true" });
  const image = new ImageData(WHOLE, WHOLE);
  const [paper, dark] = [rgb(colour("--panel")), rgb(colour("--ink"))];
  samplePixels(sample).forEach((v, i) => {
    for (let part = 0; part < 3; part++) image.data[4 * i + part] = paper[part] + (dark[part] - paper[part]) * v;
    image.data[4 * i + 3] = 255;
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
  const load = () => {
    clearInk();
    Object.assign(live, { sample: k, base: null, turns: false });
    recompute(putOnPaper(samplePixels(sample), sample.label));
    show();
  };
  return filled(button("", load, { "aria-label": say("live.sample", { label: sample.label }), "aria-pressed": String(live.sample === k), "data-key": `sample-${k}` }), canvas);
}

function setLabel(label) {
  const { leaf } = liveTarget();
  live.base = null;
  live.turns = false;
  recompute(live.pass.leaves.map((one, k) => (k === leaf ? withLabel(one, label) : one)));
  refreshLive();
}

// One bar per class; the pressed one is the right answer, for which the loss is taken.
function answerRows() {
  const { p, label } = liveAnswer();
  const best = p.indexOf(Math.max(...p));
  const rows = p.map((share, k) => {
    const bar = styled(make("i", {}), { "--share": `${(100 * share).toFixed(2)}%` });
    return make("button", { type: "button", class: `class ${k === best ? "best" : ""}`, "aria-pressed": String(k === label), "aria-label": say("live.class", { k, p: fixed(share, 2) }), "data-key": `class-${k}`, on: { click: () => setLabel(k) } },
      make("b", {}, String(k)), make("span", { class: "bar" }, bar), make("span", { class: "num" }, fixed(share, 2)), make("span", { class: "mark", "aria-hidden": "true" }, k === label ? "✓" : ""));
  });
  const loss = lossOf(live.pass);
  return [
    make("p", { class: "label" }, make("b", {}, say("live.answer")), " ", say("live.choose")),
    make("div", { class: "classes" }, ...rows),
    speech("L", "=", `−log p${low(label)}`, "=", make("span", { class: "num r chip" }, fixed(loss, loss < 10 ? 4 : 2))),
  ];
}

function trainPanel() {
  return make("div", { class: "train" }, livePanels.curve, livePanels.buttons, rateSlider(),
    make("div", { class: "more" },
      liveChoice("momentum", [0, 0.5, 0.9], (value) => Object.assign(live, { momentum: value, speed: [] })),
      liveChoice("decay", [0, 0.0001, 0.001, 0.01], (value) => (live.decay = value)),
      LIVE.samples.length && liveTarget() ? turnsBox() : null));
}

function actButtons() {
  return [
    button(say("live.step"), stepOnce, { class: "main", "data-key": "step" }),
    button(say(live.running ? "live.stop" : "live.run"), toggleRun, { class: "main", "aria-pressed": String(live.running), "data-key": "run" }),
    button(say("live.reset"), resetLive, { disabled: !live.recorded, "data-key": "reset" }),
  ];
}

function rateSlider() {
  const { rate } = live;
  const shown = make("output", { class: "num" }, String(RATES[rate]));
  const slider = make("input", { type: "range", id: "rate", min: 0, max: RATES.length - 1, step: 1, value: rate, "data-key": "rate", "aria-valuetext": String(RATES[rate]) });
  slider.addEventListener("input", () => {
    live.rate = Number(slider.value);
    slider.setAttribute("aria-valuetext", RATES[live.rate]);
    shown.textContent = RATES[live.rate];
  });
  return make("div", { class: "rate" }, make("label", { for: "rate" }, say("live.rate")), slider, shown);
}

function liveChoice(name, values, choose_) {
  const options = values.map((value) => make("option", { value, selected: live[name] === value }, String(value)));
  const box = make("select", { id: name, "data-key": name, on: { change: () => choose_(Number(box.value)) } }, ...options);
  return make("span", {}, make("label", { for: name }, say(`live.${name}`)), " ", box);
}

function turnsBox() {
  const box = make("input", { type: "checkbox", id: "turns", checked: live.turns, "data-key": "turns", on: { change: () => (live.turns = box.checked) } });
  return make("span", {}, box, " ", make("label", { for: "turns" }, say("live.turns")));
}

// The loss after every step, the recorded one first.
function historyPlot() {
  const [wide, high] = [460, 190];
  const losses = live.losses;
  const loss = lossOf(live.pass);
  const levels = [...losses, loss].filter(Number.isFinite);
  const [bottom, top] = [Math.min(0, ...levels), Math.max(1e-6, ...levels)];
  const last = Math.max(20, losses.length - 1);
  const x = (k) => 8 + (k / last) * (wide - 24);
  const y = (v) => high - 12 - ((v - bottom) / (top - bottom)) * (high - 52);
  const stride_ = Math.ceil(losses.length / 400);
  const path = losses.map((v, k) => [k, v]).filter(([k, v]) => Number.isFinite(v) && (k % stride_ === 0 || k === losses.length - 1)).map(([k, v], i) => `${i ? "L" : "M"}${x(k).toFixed(1)},${y(v).toFixed(1)}`).join("");
  return draw("svg", { viewBox: `0 0 ${wide} ${high}`, class: "plot losses", role: "img", "aria-label": say("live.curve", { n: live.steps, loss: short(loss) }) },
    draw("path", { class: "axis", d: `M4,${y(0)}H${wide - 8}M4,${y(top)}V${high - 12}` }),
    draw("path", { class: "curve", d: path }),
    Number.isFinite(loss) ? draw("circle", { class: "point", cx: x(losses.length - 1), cy: y(loss), r: 9 }) : null,
    draw("text", { class: "words", x: 4, y: 26 }, say("live.loss", { loss: short(loss) })),
    draw("text", { class: "words end", x: wide - 8, y: 26 }, say("live.steps", { n: counted(live.steps) })));
}
