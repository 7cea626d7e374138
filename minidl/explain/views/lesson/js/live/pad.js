// The sheet on which a digit is drawn: with mouse, finger or pen, or with the arrow keys and Space.

const padCursor = { x: 0.5, y: 0.25, down: false, seen: false }; // of the keyboard, in parts of the sheet
const KEY_STEP = 0.04;

function padFigure() {
  const canvas = make("canvas", { class: "drawpad", width: 2 * SHEET, height: 2 * SHEET, tabindex: 0, role: "application", "aria-label": say("live.pad"), "data-key": "pad" });
  let last = null;
  const placeOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
  };
  const on = {
    pointerdown(event) {
      if (event.button) return;
      event.preventDefault();
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      padCursor.seen = false;
      last = placeOf(event);
      inkStroke(last, last);
      inkChanged(canvas);
    },
    pointermove(event) {
      if (!last) return;
      const passed = event.getCoalescedEvents?.() ?? [];
      for (const one of passed.length ? passed : [event]) {
        const place = placeOf(one);
        inkStroke(last, place);
        last = place;
      }
      inkChanged(canvas);
    },
    pointerup: () => (last = null),
    pointercancel: () => (last = null),
    keydown: (event) => onPadKey(event, canvas),
    blur: () => {
      padCursor.seen = false;
      paintPad(canvas);
    },
  };
  for (const [event, listener] of Object.entries(on)) canvas.addEventListener(event, listener);
  paintPad(canvas);
  return canvas;
}

function onPadKey(event, canvas) {
  const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey || !(move || [" ", "Delete", "Backspace"].includes(event.key))) return;
  event.preventDefault();
  event.stopPropagation();
  const from = { ...padCursor };
  padCursor.seen = true;
  if (event.key === " ") padCursor.down = !padCursor.down;
  else if (move) move.forEach((by, axis) => (padCursor["xy"[axis]] = Math.max(0.04, Math.min(0.96, padCursor["xy"[axis]] + by * KEY_STEP))));
  else return emptyPaper();
  if (!padCursor.down) return paintPad(canvas);
  inkStroke(from, padCursor);
  inkChanged(canvas);
}

let inkWaits = false;
function inkChanged(canvas) {
  live.sample = null;
  live.turns = false;
  if (inkWaits) return;
  inkWaits = true;
  requestAnimationFrame(() => {
    inkWaits = false;
    live.base = null;
    recompute(putOnPaper(centred()));
    refreshLive();
    if (canvas.isConnected) paintPad(canvas);
  });
}

function emptyPaper() {
  clearInk();
  Object.assign(live, { sample: null, base: null, turns: false });
  recompute(putOnPaper(new Float32Array(WHOLE * WHOLE)));
  show();
}

// The ink; without any, the picture that the network has.
function paintPad(canvas) {
  const pen = canvas.getContext("2d");
  const [paper, dark] = [rgb(colour("--panel")), rgb(colour("--ink"))];
  const drawn = ink_.some((v) => v > 0);
  const { side, low, high } = LIVE.paper;
  const [cells_, value] = drawn ? [SHEET, (k) => ink_[k]] : [side, (k) => (live.pass.leaves[LIVE.input].numbers[k] - low) / (high - low)];
  const picture = new OffscreenCanvas(cells_, cells_);
  const image = new ImageData(cells_, cells_);
  for (let k = 0; k < cells_ * cells_; k++) {
    const share = Math.max(0, Math.min(1, value(k)));
    for (let part = 0; part < 3; part++) image.data[4 * k + part] = paper[part] + (dark[part] - paper[part]) * share;
    image.data[4 * k + 3] = 255;
  }
  picture.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = drawn;
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  if (!padCursor.seen) return;
  Object.assign(pen, { lineWidth: 4, strokeStyle: colour(padCursor.down ? "--b" : "--f") });
  pen.beginPath();
  pen.arc(padCursor.x * canvas.width, padCursor.y * canvas.height, 2 * BRUSH + 3, 0, 2 * Math.PI);
  pen.stroke();
}
