// The walk over the recorded lines: where we are, what has happened by then, what may be shown.

const TAPE = JSON.parse(document.getElementById("tape").textContent);
const VALUES = TAPE.values.map(decodeValue);
const STEPS = TAPE.steps;
const MODES = ["whole", "forward", "backward"];

const walk = {
  step: 0,
  mode: "whole",
  predicting: false,
  revealed: new Set(), // steps
  guesses: new Map(), // step -> text
  blanked: false,
  uncovered: new Set(), // "source:line" of the lines shown while the backward is blank
};

// The steps of the mode, as places in STEPS.
function stepsOfMode() {
  return STEPS.map((_, i) => i).filter((i) => walk.mode === "whole" || STEPS[i].phase === walk.mode);
}

function currentStep() {
  return STEPS[walk.step];
}

function nodeOf(step) {
  return TAPE.nodes[step.node];
}

// Where each operation's forward and backward begin and end: {first, last} by phase and node.
const SPANS = { forward: new Map(), backward: new Map() };
STEPS.forEach((step, i) => {
  const spans = SPANS[step.phase];
  spans.set(step.node, { first: spans.get(step.node)?.first ?? i, last: i });
});

// The step after which an operation's output is there: its own last line, or the first line of a later operation.
function doneAfter(node) {
  const own = SPANS.forward.get(node)?.last;
  if (own !== undefined) return own;
  const later = STEPS.findIndex((step) => step.phase === "backward" || step.node > node);
  return later < 0 ? STEPS.length : later - 1;
}

// The steps that each brought a gradient to an operation's output.
function arrivalsAt(node) {
  const found = [];
  for (const other of TAPE.nodes) {
    other.inputs.forEach((input, k) => {
      const last = SPANS.backward.get(other.id)?.last;
      if (input.from !== node || last === undefined) return;
      if (STEPS[last].returned?.[k] !== null) found.push(last);
    });
  }
  const own = SPANS.backward.get(node)?.first;
  if (!found.length && own !== undefined) found.push(own);
  return found.sort((first, second) => first - second);
}

const DONE = TAPE.nodes.map((node) => doneAfter(node.id));
const ARRIVALS = TAPE.nodes.map((node) => arrivalsAt(node.id));

// {state, uses} of an operation now: waiting, running, done, arrived or accumulated.
function stateOf(node) {
  const before = walk.step - (isHidden() ? 1 : 0);
  const arrived = ARRIVALS[node].filter((step) => step <= before).length;
  if (arrived > 1) return { state: "accumulated", uses: arrived };
  if (arrived === 1) return { state: "arrived", uses: 1 };
  if (DONE[node] <= before) return { state: "done", uses: 0 };
  return { state: currentStep().node === node ? "running" : "waiting", uses: 0 };
}

// Whether an operation's backward has run to its end, so that its gradients may be judged.
function isJudged(node) {
  const last = SPANS.backward.get(node)?.last;
  return last !== undefined && last <= walk.step - (isHidden() ? 1 : 0);
}

// What a line brings: cards of arrays ({names, value, kind}) and short texts ({names, text, kind}).
function itemsOf(step) {
  const items = new Map();
  const add = (name, held, kind) => {
    const key = typeof held === "number" ? held : `${name.replace(/^self\./, "")} ${held}`; // one array may have many names
    const item = items.get(key) ?? { names: [], held, kind: "known" };
    if (!item.names.includes(name)) item.names.push(name);
    if (RANK[kind] > RANK[item.kind]) item.kind = kind;
    items.set(key, item);
  };
  (step.returned ?? []).forEach((held, k) => {
    if (held !== null && held !== undefined) add(returnedName(step, k), held, "returned");
  });
  for (const [name, held, changed] of step.locals) add(name, held, changed ? "new" : "known");
  const found = [...items.values()];
  for (const item of found) item.onLine = item.names.some((name) => isOnLine(step, name));
  return found.sort((one, other) => RANK[other.kind] - RANK[one.kind] || other.onLine - one.onLine);
}

// Whether a name stands on the line of a step.
function isOnLine(step, name) {
  if (name === "...") return true; // the note on a loop that went on
  const source = TAPE.sources[step.source];
  const [first, last] = statementFrom(source, step.line);
  const text = source.lines
    .slice(first - source.first, last - source.first + 1)
    .map((line) => line.replace(/#.*$/, ""))
    .join("\n");
  const literal = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\w.])${literal}(?!\\w)`).test(text);
}

const RANK = { known: 0, new: 1, returned: 2 };

function returnedName(step, k) {
  return step.phase === "forward" ? "z" : "d" + (nodeOf(step).inputs[k]?.label ?? k);
}

function isHidden() {
  return (
    walk.predicting && !walk.revealed.has(walk.step) && itemsOf(currentStep()).some((item) => item.kind !== "known")
  );
}

// Moving. Every move ends in `show`, which draws the page.
function goTo(step) {
  const steps = stepsOfMode();
  if (!steps.length) return;
  const nearest = steps.reduce((best, i) => (Math.abs(i - step) < Math.abs(best - step) ? i : best), steps[0]);
  walk.step = nearest;
  show();
}

function moveLine(by) {
  const steps = stepsOfMode();
  const place = steps.indexOf(walk.step) + by;
  goTo(steps[Math.max(0, Math.min(steps.length - 1, place))]);
}

// To the first line of the next operation; back to the first line of this one, then of the one before.
function moveOperation(by) {
  const starts = stepsOfMode().filter((i) => SPANS[STEPS[i].phase].get(STEPS[i].node).first === i);
  const next = by > 0 ? starts.find((i) => i > walk.step) : starts.findLast((i) => i < walk.step);
  goTo(next ?? (by > 0 ? stepsOfMode().at(-1) : stepsOfMode()[0]));
}

function moveToEnd(by) {
  goTo(by > 0 ? stepsOfMode().at(-1) : stepsOfMode()[0]);
}

function setMode(mode) {
  if (mode !== "whole" && !STEPS.some((step) => step.phase === mode)) return;
  walk.mode = mode;
  goTo(walk.step);
}

// The part of an array that is on the page, in words; "" for all of it.
function sampledWords(array) {
  if (isWhole(array)) return "";
  const rank = array.shape.length;
  const names = { 1: ["element"], 2: ["row", "column"], 4: ["image", "channel", "row", "column"] }[rank];
  return array.shape
    .map((length, axis) => ({ length, axis, stop: array.block[axis][1], start: array.block[axis][0] }))
    .filter(({ length, start, stop }) => stop - start < length)
    .map(({ length, axis, start, stop }) => {
      const name = names ? t("axis." + names[axis]) : t("axis.other", { axis });
      return t("axis.part", { name, first: start, last: stop - 1, length });
    })
    .join(", ");
}
