// The tape as a diagram: forward goes down, gradients come back up.

const STATE_SIGNS = { waiting: "○", running: "◐", done: "▼", arrived: "▲", accumulated: "Σ" };

function drawDiagram() {
  const box = byId("diagram");
  const boxes = TAPE.nodes.map((node) => make("li", {}, nodeBox(node)));
  const edges = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  edges.setAttribute("aria-hidden", "true");
  const list = make("ol", {}, ...boxes);
  drawGiven();
  refill(box, list, edges);
  drawEdges(box, edges);
  const current = box.querySelector("[aria-current]");
  if (current) reveal(box, current);
}

// The model, what went in, and the loss.
function drawGiven() {
  const [title, input] = [inLanguage(TAPE.title), inLanguage(TAPE.input)];
  refill(
    byId("given"),
    title ? make("b", {}, title) : null,
    input ? make("span", {}, input) : null,
    TAPE.loss === null
      ? null
      : make("span", { class: "loss" }, `${t("tape.loss")} `, make("span", { id: "loss" }, lossNow())),
  );
}

// The loss is shown when the last operation has run.
function lossNow() {
  const { state } = stateOf(TAPE.nodes.length - 1);
  return state === "waiting" || state === "running" ? "?" : formatNumber(TAPE.loss);
}

function nodeBox(node) {
  const { state, uses } = stateOf(node.id);
  const here = currentStep().node === node.id;
  const verdict = isJudged(node.id) ? worstVerdict(node.id) : null;
  const shown = state !== "waiting" && state !== "running";
  const text = state === "accumulated" ? t("state.accumulated", { n: uses }) : t("state." + state);
  const go = () =>
    goTo(SPANS[currentStep().phase].get(node.id)?.first ?? SPANS.forward.get(node.id)?.first ?? walk.step);
  return make(
    "button",
    {
      class: `node ${state}`,
      type: "button",
      "data-key": `node-${node.id}`,
      "data-node": node.id,
      "data-state": state,
      "aria-current": here ? "step" : null,
      on: { click: go },
    },
    make(
      "span",
      { class: "node-head" },
      make("span", { class: "node-op" }, node.op),
      make("span", { class: "node-name" }, node.name),
    ),
    make(
      "span",
      { class: "node-foot" },
      make(
        "span",
        { class: "node-state" },
        make("span", { class: "glyph", "aria-hidden": "true" }, STATE_SIGNS[state]),
        text,
      ),
      make("span", { class: "node-shape" }, shown ? shortShape(VALUES[node.output].shape) : ""),
    ),
    verdict ? verdictBadge(verdict, "small") : null,
  );
}

// The edges, measured from the boxes as they stand: neighbours by short arrows, the others through the margins.
function drawEdges(box, svg) {
  const origin = box.getBoundingClientRect();
  const places = new Map();
  for (const button of box.querySelectorAll(".node")) {
    const place = button.getBoundingClientRect();
    const top = place.top - origin.top + box.scrollTop;
    places.set(Number(button.dataset.node), {
      left: place.left - origin.left,
      right: place.right - origin.left,
      top,
      bottom: top + place.height,
    });
  }
  svg.setAttribute("height", box.querySelector("ol").getBoundingClientRect().bottom - origin.top + box.scrollTop);
  svg.setAttribute("width", box.clientWidth);
  for (const node of TAPE.nodes) {
    const sources = [...new Set(node.inputs.map((input) => input.from).filter((from) => from !== null))];
    for (const from of sources) addEdge(svg, places, from, node);
  }
}

function addEdge(svg, places, from, node) {
  const [upper, lower] = [places.get(from), places.get(node.id)];
  const sent = SPANS.backward.get(node.id)?.last;
  const back = node.inputs.some((input) => input.from === from && input.wants) && sent !== undefined;
  const near = node.id === from + 1;
  const down = DONE[from] < walk.step || DONE[from] === walk.step;
  addPath(
    svg,
    near ? straight(upper, lower, 0.14, true) : aside(upper, lower, "left", node.id - from),
    `down ${down ? "on" : ""}`,
  );
  if (!back) return;
  const up = sent <= walk.step - (isHidden() ? 1 : 0);
  addPath(
    svg,
    near ? straight(upper, lower, 0.28, false) : aside(upper, lower, "right", node.id - from),
    `up ${up ? "on" : ""}`,
  );
}

function straight(upper, lower, share, down) {
  const x = upper.left + share * (upper.right - upper.left);
  const [start, end] = down ? [upper.bottom + 1, lower.top - 2] : [lower.top - 1, upper.bottom + 2];
  return { line: `M${x} ${start}V${end}`, tip: arrow(x, end, down ? -1 : 1) };
}

// Around the boxes between; longer edges run further out.
function aside(upper, lower, margin, length) {
  const edge = upper[margin];
  const out = (margin === "left" ? -1 : 1) * Math.min(5 + 2 * length, 13);
  const [y0, y1] = [upper.bottom - 10, lower.top + 10];
  const [start, end] = margin === "left" ? [y0, y1] : [y1, y0];
  const inward = margin === "left" ? -1 : 1;
  return {
    line: `M${edge} ${start}H${edge + out}V${end}H${edge + inward * 2}`,
    tip: `M${edge + inward} ${end}l${inward * 6} -4v8z`,
  };
}

function arrow(x, y, toward) {
  return `M${x} ${y}l-4 ${toward * 6}h8z`;
}

function addPath(svg, { line, tip }, name) {
  for (const [kind, d] of [
    ["line", line],
    ["tip", tip],
  ]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", `edge ${kind} ${name}`);
    path.setAttribute("d", d);
    svg.append(path);
  }
}

function stateLegend() {
  const states = ["waiting", "done", "arrived", "accumulated"];
  return make(
    "ul",
    { class: "state-legend", "aria-label": t("legend.title") },
    ...states.map((state) =>
      make(
        "li",
        {},
        make("span", { class: `swatch ${state}`, "aria-hidden": "true" }, STATE_SIGNS[state]),
        t("legend." + state),
      ),
    ),
  );
}
