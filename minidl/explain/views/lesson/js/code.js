// The plain lines of the operation: the current one large, names in the inks of the chain rule.

function drawCode() {
  const { op, part } = here();
  const lines = linesHere();
  const box = byId("code");
  box.hidden = !lines.length;
  const line = lineHere();
  const first = Math.max(0, Math.min(line - 2, lines.length - 5));
  const rows = lines.map(([text, note = "", phase = part?.phase], k) => {
    const shown = make("li", { "data-line": k, "aria-current": k === line ? "step" : null, class: phase === "backward" ? "b" : "f" });
    if (k < first || k >= first + 5) shown.classList.add("off");
    if (Math.abs(k - Math.max(1, Math.min(lines.length - 2, line))) > 1) shown.classList.add("far");
    if (text.length + widthOf(note) > 38) shown.classList.add("long");
    const hidden = isGuessing() && k === lines.length - 1;
    shown.append(
      make("button", { type: "button", class: "line", "data-key": `line-${k}`, on: { click: () => onLine(k) } }, hidden ? make("span", { class: "blank" }, "?") : inked(text, part?.id)),
      note && !hidden ? make("span", { class: "c" }, note) : "",
    );
    return shown;
  });
  refill(box, make("ol", {}, ...rows));
}

// The room that a note takes beside a line, in letters of the line; Hangul is wider.
const widthOf = (note) => [...note].reduce((sum, letter) => sum + (letter >= "\u1100" ? 1.05 : 0.58), 0);

function onLine(k) {
  setLine(k);
  if (isLab()) suspect(k);
}

function setLine(k) {
  const count = linesHere().length;
  state.lines.set(here().id, Math.max(0, Math.min(count - 1, k)));
  state.preview = null;
  show({ light: true });
}

const NAMES = /\b(d?[a-zA-Z]\w*)\b/g;

// A line with its names in their inks: dz arrived, dx is the result, x and w are what forward knew.
function inked(text, result) {
  const op = here().op;
  const known = new Set(op ? op.inputs.map((input) => input.label) : []);
  const words = here().lesson.inks ?? {};
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(NAMES)) {
    const name = match[1];
    const hue = (name === result ? "r" : words[name]) ?? (name.startsWith("d") && known.has(name.slice(1)) ? "r" : name === "dz" ? "b" : known.has(name) || name === "z" ? "f" : "");
    parts.push(text.slice(from, match.index), hue ? make("span", { class: hue }, name) : name);
    from = match.index + name.length;
  }
  return make("span", { class: "k" }, ...parts, text.slice(from));
}
