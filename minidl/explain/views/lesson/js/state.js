// Where the class is: the screen, the line, what is hidden.

const state = {
  screen: 0,
  lines: new Map(), // screen -> the current line
  preview: null, // {op, cell}: the cell under the mouse
  weight: null, // {leaf, index}: the number that the update shows
  rate: GIVEN.update?.chosen ?? 0, // index among the rates
  guessing: false,
  guesses: new Map(), // screen and cell -> {sign, value, shown}
  playing: null,
  alone: "", // the one panel that is shown
  teacher: false,
  trail: [], // screens that a number was followed from
};

const STILL = matchMedia("(prefers-reduced-motion: reduce)");

let SCREENS = []; // {id, kind, op, part, lesson}

function buildScreens() {
  const screens = [{ id: "overview", kind: "overview" }];
  const add = (op, part, own) => screens.push({ id: part.id === "z" ? op.slug : `${op.slug}.${part.id}`, kind: "op", op, part, lesson: own });
  for (const op of OPS) for (const part of op.lesson.parts(op)) if (part.phase === "forward") add(op, part);
  for (const op of OPS.toReversed()) {
    if (!op.dz) continue;
    if (isShared(op)) add(op, { id: "dz", phase: "backward" }, lessonNamed("shared"));
    for (const part of op.lesson.parts(op)) if (part.phase === "backward") add(op, part);
  }
  if (GIVEN.update) screens.push({ id: "update", kind: "update" });
  if (LIVE) screens.push({ id: "change", kind: "change" }, { id: "live", kind: "live" });
  for (const screen of screens) screen.lesson ??= screen.op?.lesson ?? lessonNamed(screen.kind);
  SCREENS = screens;
}

const lessonNamed = (name) => LESSONS.find((one) => one.name === name);
const here = () => SCREENS[state.screen];
const screenOf = (op, part) =>
  SCREENS.find((one) => one.op === op && (one.part.id === part || `d${one.part.label}` === part)) ?? SCREENS.find((one) => one.op === op);

// The screen of an address: conv1.dw, update; conv.dw where there is only one convolution; layer1.0.dw by the module.
function screenNamed(name) {
  const [, base, part] = /^(.*?)(?:\.(z|gx|d\w+))?$/.exec(name);
  return (
    SCREENS.find((one) => one.id === name) ??
    SCREENS.find((one) => one.op && (one.op.base === base || (one.op.name && one.op.name === base)) && one.part.id === (part ?? "z"))
  );
}

function linesHere() {
  const { op, part, lesson: own } = here();
  return own.lines(op, part);
}

function lineHere() {
  const count = linesHere().length;
  return Math.min(state.lines.get(here().id) ?? count - 1, count - 1);
}

// "" if the current line is one of these, or the last, on which all is lit; "dim" otherwise.
function lit(...lines) {
  const line = lineHere();
  return line === linesHere().length - 1 || lines.includes(line) ? "" : "dim";
}

const isGuessing = () => state.guessing && here().kind === "op" && !state.guesses.get(guessKey())?.shown;
const guessKey = () => `${here().id} ${JSON.stringify(cellOf(here().op))}`;

function goTo(screen) {
  const place = SCREENS.indexOf(screen);
  if (place < 0) return;
  stopPlaying();
  state.screen = place;
  state.preview = null;
  show();
}

function stopPlaying() {
  clearInterval(state.playing);
  state.playing = null;
}

// Choose a cell of the operation on the screen.
function pick(op, cell) {
  state.preview = null;
  choose(op, cell);
  show();
}

function preview(op, cell) {
  if (state.playing) return;
  state.preview = cell ? { op, cell } : null;
  show({ light: true });
}
