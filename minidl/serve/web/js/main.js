// Puts the page together: what happens leads to a question, the answer to a new picture of it all.
import * as answer from "./answer.js";
import { all, bytes, color, fitted, made, one } from "./dom.js";
import * as lens from "./lens.js";
import * as pad from "./pad.js";
import * as photo from "./photo.js";
import { ask, correct, slope, withdraw } from "./server.js";
import { cleared, empty, known, order, run, start, state } from "./state.js";
import * as strip from "./strip.js";
import { probability, relabel, say } from "./words.js";

// In the next frame, paint all of it or, while the pen moves, the pad alone.
let frame = 0, whole = false;
function soon(all = true) {
  whole ||= all !== false;
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    if (whole) paint();
    else pad.paint();
    whole = false;
  });
}

function paint() {
  pad.paint();
  answer.paint();
  lens.paint();
  strip.paint();
  one("#undo").disabled = one("#clear").disabled = empty() && !state.trouble;
  all("#pens button").forEach((button, i) => button.setAttribute("aria-pressed", state.pen === i));
  all("#examples button").forEach((button, i) => button.setAttribute("aria-pressed", state.picture?.example === i));
}

// What is on the pad has changed: ask about it. `done`: a stroke has ended, so that the answer is spoken too.
function changed(done) {
  soon(done || !state.answer);
  const told = (found) => {
    if (empty()) return;
    state.answer = found;
    soon();
    if (done) {
      strip.wave();
      announce();
    }
  };
  if (empty()) {
    withdraw(() => {});
    state.answer = null;
    return announce();
  }
  ask(state.picture ? state.picture.image : { strokes: state.strokes }, told);
}

let speaking = 0;
function announce() {
  clearTimeout(speaking);
  speaking = setTimeout(() => {
    const sure = state.answer?.state === "sure" && state.why === null && known();
    one("#spoken").textContent = answer.words() + (sure ? ` p ${probability(order()[0][1])}` : "");
  }, 400);
}

async function explain(number) {
  if (!known() || !run.has_gradients) return;
  if (state.why === number) Object.assign(state, { why: null, slope: null });
  else {
    const asked = state.answer;
    Object.assign(state, { why: number, slope: null, stage: 0 });
    soon();
    const found = await slope(asked.pixels, number);
    if (state.why !== number || state.answer !== asked) return;
    if (found.trouble) Object.assign(state, { why: null, trouble: found.trouble });
    else state.slope = found;
  }
  soon();
  announce();
}

async function save() {
  const asked = state.answer, found = await correct(asked.pixels, state.truth);
  if (state.answer !== asked) return;
  state.saved = found.trouble ? false : found.number;
  soon();
}

async function take(file) {
  if (!file) return;
  await photo.take(file);
  if (state.trouble) soon();
  else changed(true);
}

const act = {
  lang() {
    state.lang = state.lang === "en" ? "ko" : "en";
    remember();
    if (state.answer?.warnings.length) changed(false); // they come in the language that was asked for
  },
  theme() {
    state.theme = state.theme === "dark" ? "light" : "dark";
    remember();
  },
  help: () => one("#keys").showModal(),
  undo() {
    pad.undo();
    changed(true);
  },
  clear() {
    cleared();
    changed(true);
  },
  why: () => known() && explain(state.why ?? order()[0][0]),
  retry() {
    state.trouble = null;
    changed(true);
  },
  save,
};

function remember() {
  try {
    localStorage.setItem("minidl", JSON.stringify({ lang: state.lang, theme: state.theme }));
  } catch {} // a browser that keeps nothing
  relabel();
  examples();
  soon();
}

function recalled() {
  state.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  if (navigator.language.startsWith("ko")) state.lang = "ko";
  try {
    Object.assign(state, JSON.parse(localStorage.getItem("minidl") ?? "{}"));
  } catch {}
}

const digits = start.examples.map(bytes);
function examples() {
  all("#examples canvas").forEach((canvas, i) => {
    const brush = fitted(canvas, 28 / (devicePixelRatio || 1), 28 / (devicePixelRatio || 1));
    brush.fillStyle = color("forward");
    digits[i].forEach((value, k) => {
      brush.globalAlpha = value / 255;
      if (value) brush.fillRect(k % 28, Math.floor(k / 28), 1, 1);
    });
  });
}

function choose(stage) {
  Object.assign(state, { stage, why: null, slope: null });
  soon();
  announce();
}

function keys(event) {
  if (event.altKey || one("#keys").open) return;
  const key = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (key === "z") act.undo();
    return;
  }
  if (key === "z") act.undo();
  else if (key === "delete" || key === "backspace") act.clear();
  else if (key === "w") act.why();
  else if (/^[0-9]$/.test(key) && run.classes.includes(key)) explain(run.classes.indexOf(key));
  else if (key === "[" || key === "]") state.pen = Math.max(0, Math.min(2, state.pen + (key === "]" ? 1 : -1)));
  else if (key === "l") act.lang();
  else if (key === "t") act.theme();
  else if (key === "?") act.help();
  else if (key === "escape") Object.assign(state, { why: null, slope: null, stage: 0, live: false, cursor: null });
  else return;
  event.preventDefault();
  soon();
}

recalled();
one("#pens").replaceChildren(...pad.PENS.map((_, i) => made("button", { type: "button", onclick: () => { state.pen = i; soon(); } }, made("i"))));
one("#examples").replaceChildren(...digits.map((pixels, i) => made("button", { type: "button", onclick: () => { photo.example(i, pixels); changed(true); } }, made("canvas"))));
answer.build(explain, (number) => {
  Object.assign(state, { truth: state.truth === number ? null : number, saved: null });
  soon();
});
strip.build(choose);
relabel();
examples();
for (const name of Object.keys(act)) one(`#${name}`).addEventListener("click", act[name]);
for (const button of all("[data-mode]"))
  button.addEventListener("click", () => {
    state.mode = button.dataset.mode;
    soon();
    announce();
  });
pad.listen(changed);
one("#photo input").addEventListener("change", (event) => {
  take(event.target.files[0]);
  event.target.value = "";
});
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  one("#sheet").classList.add("over");
});
document.addEventListener("dragleave", (event) => event.relatedTarget || one("#sheet").classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  one("#sheet").classList.remove("over");
  take(event.dataTransfer.files[0]);
});
document.addEventListener("paste", (event) => take(event.clipboardData.files[0]));
document.addEventListener("keydown", keys);
addEventListener("resize", () => soon());
paint();
