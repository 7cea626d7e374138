// The lens: what the network sees, the maps of one layer, or how one score follows the pixels.
import { color, fitted, made, one } from "./dom.js";
import { columns, grid, isMap, stages, values } from "./maps.js";
import { known, run, state } from "./state.js";
import { say, signed } from "./words.js";

const FAINT = 0.34; // of the largest mark's side: smaller marks are left out

export function label(stage) {
  const { name, shape, shown } = stages()[stage];
  if (!stage) return say("sees");
  if (shape.length < 3) return say("values", name, shape[0]);
  return say(shown < shape[0] ? "some" : "maps", name, shape[0], shape[1], shape[2], shown);
}

export function paint() {
  const glass = one("#glass"), brush = fitted(glass, glass.clientWidth, glass.clientHeight), size = glass.width;
  const explained = state.why !== null && state.slope && known();
  one("#lens").classList.toggle("back", !!explained);
  const title = explained ? say(state.mode === "slope" ? "slopeof" : "shareof", run.classes[state.why]) : label(state.stage);
  one("#lens h2").textContent = title;
  glass.setAttribute("aria-label", title);
  if (explained) marks(brush, size);
  else if (!state.stage) digit(brush, size, "forward");
  else if (isMap(state.stage)) maps(brush, size);
  else columns(brush, Array.from(values(state.stage) ?? [0]), size, size * 0.98);
  controls(explained);
}

function digit(brush, size, ink) {
  const pixels = values(0), at = (i) => Math.round((i * size) / 28);
  brush.fillStyle = color("rule");
  for (let i = 4; i < 28; i += 4) {
    brush.fillRect(at(i), 0, 1, size);
    brush.fillRect(0, at(i), size, 1);
  }
  brush.fillStyle = color(ink);
  pixels?.forEach((value, i) => {
    const row = Math.floor(i / 28), column = i % 28;
    brush.globalAlpha = value / 255;
    if (value) brush.fillRect(at(column), at(row), at(column + 1) - at(column), at(row + 1) - at(row));
  });
  brush.globalAlpha = 1;
}

function maps(brush, size) {
  const { shown } = stages()[state.stage], across = Math.ceil(Math.sqrt(shown)), down = Math.ceil(shown / across), gap = Math.round(size / 90);
  const side = Math.floor((size - gap * (across + 1)) / across);
  grid(brush, state.stage, across, side, gap, gap, Math.max(gap, Math.round((size - down * (side + gap)) / 2)));
}

// A square per pixel, as large as the number: filled where more ink raises the score, hollow where it lowers it.
function marks(brush, size) {
  digit(brush, size, "under");
  const pixels = values(0), slopes = state.slope.slopes.flat(), cell = size / 28;
  const numbers = state.mode === "slope" ? slopes : slopes.map((value, i) => (value * pixels[i]) / 255);
  const most = numbers.reduce((found, value) => Math.max(found, Math.abs(value)), 1e-12);
  numbers.forEach((value, i) => {
    const share = Math.sqrt(Math.abs(value) / most);
    if (share < FAINT) return;
    const side = cell * 0.94 * share, x = ((i % 28) + 0.5) * cell - side / 2, y = (Math.floor(i / 28) + 0.5) * cell - side / 2;
    brush.fillStyle = color("backward");
    brush.fillRect(x, y, side, side);
    const edge = Math.max(1, side * 0.17);
    brush.fillStyle = color("panel");
    if (value < 0) brush.fillRect(x + edge, y + edge, side - 2 * edge, side - 2 * edge);
  });
}

function controls(explained) {
  const why = one("#why"), answer = known(), asked = state.why ?? (answer ? answer.probabilities.reduce((top, p, i, list) => (p.probability > list[top].probability ? i : top), 0) : null);
  why.disabled = !answer || !run.has_gradients;
  why.textContent = asked === null ? say("whynone") : say("why", run.classes[asked]);
  why.setAttribute("aria-pressed", state.why !== null);
  one("#modes").hidden = !explained;
  for (const button of one("#modes").children) button.setAttribute("aria-pressed", button.dataset.mode === state.mode);
  const key = one("#key");
  if (!explained) key.replaceChildren(!run.has_gradients ? say("integers") : answer ? say("more") : "");
  else {
    const parts = [["full", "raises"], ["", "lowers"]].map(([look, word]) => made("span", {}, made("i", { className: look }), say(word)));
    if (state.mode === "share") {
      const { score, rest } = state.slope;
      parts.push(made("span", { textContent: say("sum", signed(score), signed(score - rest), rest < 0 ? "−" : "+", Math.abs(rest).toFixed(2)) }));
    }
    key.replaceChildren(...parts);
  }
}
