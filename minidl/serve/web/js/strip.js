// The strip below: the digit, each layer, the probabilities; each opens in the lens.
import { all, color, fitted, made, one, rem } from "./dom.js";
import { best, columns, grid, isMap, stages, values } from "./maps.js";
import { known, state } from "./state.js";
import { say } from "./words.js";

export function build(choose) {
  const buttons = stages().map((stage, i) => {
    const button = made("button", { type: "button" }, made("div", {}, made("canvas")), made("span"));
    button.firstChild.classList.add(`d${i}`);
    button.addEventListener("click", () => choose(i));
    return button;
  });
  const last = made("button", { type: "button", disabled: true, id: "softmax" }, made("div", {}, made("canvas")), made("span"));
  const parts = [...buttons, last].flatMap((button, i) => (i ? [made("i", { textContent: "▶", ariaHidden: "true", className: `d${i}` }), button] : [button]));
  one("#strip").replaceChildren(...parts);
}

const GAP = 0.1, ARROW = 1.6, BARS = 5.2, FINE = 7, HIGH = 4.6; // rem; fine are the bars of many values

// How wide each stage would like to be, and the factor by which all fit on one line, if they stand on one.
function widths() {
  const wanted = stages().map(({ shape, shown }, i) => {
    if (!i) return HIGH;
    if (shape.length < 3) return shape[0] > 64 ? FINE : BARS;
    return Math.ceil(shown / rowsOf(shown)) * (side(shape) + GAP);
  });
  const strip = one("#strip"), room = strip.clientWidth / rem() - 1.6 - stages().length * ARROW - (wanted.length + 1) * 0.7 - BARS;
  const single = getComputedStyle(strip).flexWrap === "nowrap";
  return [wanted, single ? Math.min(1, room / wanted.reduce((a, b) => a + b)) : 1];
}

const rowsOf = (shown) => (shown > 4 ? 2 : 1);
const side = (shape) => 2.3 * Math.sqrt(Math.min(1, shape[1] / 28));

export function paint() {
  const strip = one("#strip"), answer = known(), [wanted, factor] = widths(), unit = rem();
  strip.className = [answer ? (state.why === null ? "forward" : "back") : "", strip.classList.contains("wave") ? "wave" : ""].join(" ").trim();
  for (const arrow of all("#strip i")) arrow.textContent = state.why === null ? "▶" : "◀";
  all("#strip button").forEach((button, i) => {
    const canvas = button.querySelector("canvas"), name = stages()[i]?.name;
    button.lastChild.textContent = i === stages().length ? say("softmax") : (name ?? say("digit"));
    if (i === stages().length) return bars(canvas, answer?.probabilities.map((one) => one.probability) ?? [0], BARS * unit, HIGH * unit);
    button.setAttribute("aria-pressed", state.stage === i && state.why === null);
    button.setAttribute("aria-label", say("stage", name ?? say("digit")));
    if (!i) return tiny(canvas, wanted[0] * factor * unit);
    if (!isMap(i)) return bars(canvas, Array.from(values(i) ?? [0]), wanted[i] * factor * unit, HIGH * unit);
    maps(canvas, i, wanted[i] * factor * unit);
  });
}

function sized(canvas, width, height) {
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  return fitted(canvas, width, height);
}

function tiny(canvas, side) {
  const brush = sized(canvas, side, side), pixels = values(0), cell = canvas.width / 28;
  brush.fillStyle = color("panel");
  brush.fillRect(0, 0, canvas.width, canvas.width);
  brush.fillStyle = color("forward");
  pixels?.forEach((value, i) => {
    brush.globalAlpha = value / 255;
    if (value) brush.fillRect(Math.floor((i % 28) * cell), Math.floor(Math.floor(i / 28) * cell), Math.ceil(cell), Math.ceil(cell));
  });
  brush.globalAlpha = 1;
}

function bars(canvas, numbers, width, height) {
  const brush = sized(canvas, width, height);
  columns(brush, numbers, canvas.width, canvas.height, best(), numbers.length > 64 ? 0 : 1);
}

function maps(canvas, stage, width) {
  const { shown } = stages()[stage], rows = rowsOf(shown), across = Math.ceil(shown / rows), gap = Math.min(2, width / across / 10);
  const side = width / across - gap, brush = sized(canvas, width, rows * (side + gap)), scale = devicePixelRatio || 1;
  grid(brush, stage, across, side * scale, gap * scale);
}

// Shows for a moment in which order the layers follow.
export function wave() {
  const strip = one("#strip");
  strip.classList.remove("wave");
  void strip.offsetWidth;
  strip.classList.add("wave");
}
