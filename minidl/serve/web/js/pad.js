// The pad: strokes of a mouse, a finger or a pen, whose pressure sets the width, and of the keyboard.
import { color, fitted, one } from "./dom.js";
import { cleared, empty, forgotten, state } from "./state.js";

export const PENS = [0.045, 0.075, 0.11]; // of the pad
const NEAR = 0.006, MOST = 4900; // points nearer than this are one; as many as the server takes, and some to spare
const STEP = 0.03, LEAP = 0.08; // of the keyboard's pen
const pad = one("#pad");

// `changed(done)` is called after each point, and with true after a stroke.
export function listen(changed) {
  let held = null;
  const place = (event) => {
    const box = pad.getBoundingClientRect(), pressed = event.pointerType === "pen" && event.pressure ? 0.5 + event.pressure : 1;
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height, PENS[state.pen] * pressed];
  };
  pad.addEventListener("pointerdown", (event) => {
    if (held !== null || event.button) return;
    event.preventDefault();
    pad.focus({ preventScroll: true, focusVisible: false });
    held = event.pointerId;
    pad.setPointerCapture(held);
    state.cursor = null;
    begin(place(event));
    changed(false);
  });
  pad.addEventListener("pointermove", (event) => {
    if (event.pointerId !== held) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) extend(place(move));
    changed(false);
  });
  const lift = (event) => {
    if (event.pointerId !== held) return;
    held = null;
    state.live = false;
    changed(true);
  };
  pad.addEventListener("pointerup", lift);
  pad.addEventListener("pointercancel", lift);
  pad.addEventListener("contextmenu", (event) => event.preventDefault());
  pad.addEventListener("keydown", (event) => {
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !(way || event.key === " ")) return;
    event.preventDefault();
    state.cursor ??= [0.5, 0.15];
    if (way) {
      state.cursor = state.cursor.map((at, i) => Math.max(0.04, Math.min(0.96, at + way[i] * (event.shiftKey ? LEAP : STEP))));
      if (state.live) extend([...state.cursor, PENS[state.pen]]);
    } else if (state.live) state.live = false;
    else begin([...state.cursor, PENS[state.pen]]);
    changed(!state.live && !way);
  });
  pad.addEventListener("blur", () => {
    if (!state.cursor) return;
    const wet = state.live;
    Object.assign(state, { cursor: null, live: false });
    changed(wet);
  });
}

const points = () => state.strokes.reduce((sum, stroke) => sum + stroke.length, 0);
const inside = ([x, y, w]) => [x, y].map((at) => Math.max(-1, Math.min(2, at))).concat(Math.min(0.25, w)).map((v) => Math.round(v * 1e4) / 1e4);

function begin(point) {
  if (state.picture) cleared();
  if (points() >= MOST || state.strokes.length >= 200) {
    state.trouble = "full";
    return;
  }
  forgotten();
  state.strokes.push([inside(point)]);
  state.live = true;
}

function extend(point) {
  const stroke = state.strokes.at(-1), last = stroke?.at(-1);
  if (!state.live || points() >= MOST || Math.hypot(point[0] - last[0], point[1] - last[1]) < NEAR) return;
  stroke.push(inside(point));
}

export function undo() {
  state.picture = null;
  state.live = false;
  state.strokes.pop();
  forgotten();
}

// A stroke as the server draws it: each piece as wide as the mean of its two points.
export function trace(brush, side, stroke) {
  brush.lineCap = "round";
  stroke.forEach((point, i) => {
    const before = stroke[Math.max(0, i - 1)];
    brush.lineWidth = ((before[2] + point[2]) / 2) * side;
    brush.beginPath();
    brush.moveTo(before[0] * side, before[1] * side);
    brush.lineTo(point[0] * side + (i ? 0 : 0.01), point[1] * side);
    brush.stroke();
  });
}

export function paint() {
  const side = pad.clientWidth, brush = fitted(pad, side, side), size = pad.width;
  const shown = state.picture?.shown;
  if (shown) {
    const scale = size / Math.max(shown.width, shown.height), w = shown.width * scale, h = shown.height * scale;
    brush.imageSmoothingEnabled = shown.width > 28;
    brush.drawImage(shown, (size - w) / 2, (size - h) / 2, w, h);
  }
  brush.strokeStyle = color("ink");
  for (const stroke of state.strokes) trace(brush, size, stroke);
  if (state.cursor) {
    const [x, y] = state.cursor.map((at) => at * size), r = Math.max(6, (PENS[state.pen] * size) / 2);
    brush.strokeStyle = color("focus");
    brush.lineWidth = 3 * (devicePixelRatio || 1);
    brush.beginPath();
    brush.arc(x, y, r, 0, 7);
    brush.moveTo(x - 2 * r, y);
    brush.lineTo(x + 2 * r, y);
    brush.moveTo(x, y - 2 * r);
    brush.lineTo(x, y + 2 * r);
    brush.stroke();
  }
  one("#howto").hidden = !empty() || !!state.cursor;
}
