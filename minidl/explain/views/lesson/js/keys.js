// The keyboard: a presenter's clicker sends arrows or page keys, and everything else has a letter.

const KEY_WORDS = [
  ["← →", "screen"], ["↑ ↓", "line"], ["Shift + ← → ↑ ↓", "cell"], ["Enter, ⌫", "follow"], ["Space", "play"], ["P C M", "alone"],
  ["G", "guess"], ["N", "teacher"], ["E", "engine"], ["D V", "live"], ["S R", "steps"], ["O, 1 … 9", "digits"], ["L T", "look"],
];

const step = (by) => goTo(SCREENS[Math.max(0, Math.min(SCREENS.length - 1, state.screen + by))]);

function alone(panel) {
  state.alone = state.alone === panel ? "" : panel;
  document.body.className = state.alone ? `alone-${state.alone}` : "";
  show();
}

// Move the chosen cell of what this screen is about: of the result.
function moveCell(down, right) {
  const { op, part, kind } = here();
  if (kind === "update") return moveWeight(down, right);
  if (kind === "change") return moveChanged(down, right);
  if (!op) return;
  const own = here().lesson.move;
  if (own && !part.label) {
    const moved = own(op, part, cellOf(op), down, right);
    return moved && pick(op, moved);
  }
  const label = part.phase === "backward" ? (part.label ?? "z") : "z";
  const array = label === "z" ? op.z : op.in[label];
  const place = [...cellOf(op)[label]];
  if (!place.length) return;
  const move = (axis, by) => (place[axis] = Math.max(0, Math.min(array.shape[axis] - 1, place[axis] + by)));
  if (place.length > 1) move(place.length - 2, down);
  move(place.length - 1, place.length > 1 ? right : right + down);
  if (place.length > 1 && array.shape.at(-2) === 1 && down) move(place.length - 1, down);
  pick(op, op.lesson.cell(op, label, place));
}

function play() {
  if (state.playing) {
    stopPlaying();
    return show();
  }
  const { op, part, lesson: own } = here();
  const next = own.play?.(op, part);
  if (!next) return step(1);
  state.playing = setInterval(() => (next() ? show({ light: true }) : (stopPlaying(), show())), STILL.matches ? 700 : (own.pace ?? 120));
  show();
}

// The result of this screen goes on: gradients to what was before, values to what comes after.
function followResult() {
  const { op, part, lesson: own } = here();
  if (!op) return step(1);
  const cell = cellOf(op);
  if (part.phase === "forward") return followFrom(traced(op, "z", cell.z));
  followFrom(part.label ? traced(op, "d" + part.label, cell[part.label]) : own.chain(op, part, cell)?.terms[0].go);
}

function goBack() {
  const last = state.trail.pop();
  if (!last) return goTo(screenNamed("overview"));
  for (const [op, cell] of last.cells) CELLS.set(op, cell);
  goTo(last.screen);
}

const KEYS = {
  ArrowRight: () => step(1),
  PageDown: () => step(1),
  ArrowLeft: () => step(-1),
  PageUp: () => step(-1),
  ArrowDown: () => setLine(lineHere() + 1),
  ArrowUp: () => setLine(lineHere() - 1),
  Home: () => goTo(SCREENS[0]),
  End: () => goTo(SCREENS.at(-1)),
  Enter: followResult,
  Backspace: goBack,
  Escape: () => (state.alone ? alone(state.alone) : goTo(screenNamed("overview"))),
  " ": play,
  p: () => alone("picture"),
  c: () => alone("code"),
  m: () => alone("chain"),
  g: toggleGuess,
  n: toggleTeacher,
  e: openEngine,
  d: () => LIVE && goTo(screenNamed("live")),
  v: () => LIVE && changeHere(),
  s: () => LIVE && stepOnce(),
  r: () => LIVE && toggleRun(),
  o: () => goTo(screenNamed("overview")),
  0: () => goTo(screenNamed("overview")),
  l: switchLanguage,
  t: switchTheme,
  "?": showKeys,
};

// A digit opens that operation of the network, in the phase that is on the screen.
function digit(n) {
  const op = OPS[n - 1];
  if (!op) return;
  const backward = here().part?.phase === "backward";
  const part = op.lesson.parts(op).find((one) => (one.phase === "backward") === backward);
  goTo(screenOf(op, part?.id ?? "z"));
}

// The key by its position on the keyboard, so that P is P while Hangul is being typed.
const letterOf = (event) => (event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.key);

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("dialog").open) return;
  const target = event.target;
  if (target.matches("input[type=text], textarea, select")) return;
  const arrows = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (target.matches("input[type=range]") && (arrows || ["Home", "End"].includes(event.key))) return;
  if ([" ", "Enter"].includes(event.key) && target.matches("button, input[type=checkbox]")) return;
  const key = letterOf(event);
  const own = here().lesson.keys?.(key);
  const act = own ? own : event.shiftKey && arrows ? () => moveCell(...arrows) : /^[1-9]$/.test(key) ? () => digit(Number(key)) : KEYS[key];
  if (!act) return;
  event.preventDefault();
  act(event);
}
