// The centre: formula, the source of forward and backward side by side, the line that has just run.

function drawSource() {
  const step = currentStep();
  const node = nodeOf(step);
  refill(
    byId("operation"),
    make(
      "h2",
      {},
      make("span", { class: "op" }, node.op),
      node.name ? make("span", { class: "path" }, node.name) : null,
    ),
    make("p", { class: `phase ${step.phase}` }, t("phase." + step.phase)),
  );
  drawFormulas(node, step.phase);
  for (const phase of ["forward", "backward"]) drawPane(node, phase, step);
  byId("panes").dataset.phase = step.phase;
  drawEngine(step, node);
}

// Bring the line that has just run into view, once everything around it is laid out: with the line that called its
// function, or with the function's beginning, as far as they fit.
function revealLines() {
  for (const box of document.querySelectorAll(".pane .listing")) {
    box.scrollTop = 0;
    const line = box.querySelector(".line.current");
    if (!line) continue;
    const [outer, bottom] = [box.getBoundingClientRect(), line.getBoundingClientRect().bottom];
    const starts = [box.querySelector(".line.calling"), line.closest(".function")].filter(Boolean);
    const tops = starts.map((start) => start.getBoundingClientRect().top);
    const top = tops.find((place) => bottom - place <= outer.height && bottom > outer.bottom);
    if (top !== undefined) box.scrollTop += top - outer.top;
    reveal(box, line);
  }
}

// The line of an operation's own forward or backward that called the helper in which this step is: it is done, and so
// recorded, when the helper has returned.
function callingLine(step) {
  const main = nodeOf(step)[step.phase + "_source"];
  const place = STEPS.indexOf(step);
  const last = SPANS[step.phase].get(step.node).last;
  return STEPS.slice(place, last + 1).find((later) => later.source === main)?.line ?? null;
}

// The numbers of the lines of a statement that begins on a line: up to where its brackets are closed.
function statementFrom(source, line) {
  let depth = 0;
  for (let i = line - source.first; i < source.lines.length; i++) {
    const code = source.lines[i].replace(/#.*$/, "");
    depth += (code.match(/[([{]/g) ?? []).length - (code.match(/[)\]}]/g) ?? []).length;
    if (depth <= 0) return [line, source.first + i];
  }
  return [line, line];
}

function drawFormulas(node, phase) {
  const box = byId("formulas");
  const entries = [
    ["forward", node.formula, node.plain],
    ["backward", node.derivative, node.derivative_plain],
  ].filter(([, mathml, plain]) => mathml || plain);
  refill(
    box,
    ...entries.map(([side, mathml, plain]) =>
      make(
        "div",
        { class: `formula ${side} ${side === phase ? "active" : ""}` },
        make(
          "span",
          {
            class: `formula-label ${side}`,
            role: "img",
            "aria-label": t("formula." + side),
            title: t("formula." + side),
          },
          side === "forward" ? "▼" : "▲",
        ),
        formulaBody(mathml, plain),
      ),
    ),
  );
  for (const [i, body] of [...box.querySelectorAll(".math")].entries()) fitFormula(body, inLanguage(entries[i][2]));
}

// A formula as mathematics, or as text where it could not be read as such.
function formulaBody(mathml, plain) {
  const [math, text] = [inLanguage(mathml), inLanguage(plain)];
  return make(
    "div",
    { class: "math", role: "math", "aria-label": text || null },
    ...(math ? mathOf(math) : [make("span", {}, text)]),
  );
}

// A formula that is too wide or too tall gets smaller letters; one that would be too small to read is set as text,
// which can wrap.
function fitFormula(body, plain) {
  const letter = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const tallest = letter * (body.closest(".formula").classList.contains("active") ? 7.5 : 4.5);
  const isWide = () => body.scrollWidth > body.clientWidth + 1;
  for (const size of ["", "snug", "tight", "tiny"]) {
    body.dataset.size = size;
    if (!isWide() && body.scrollHeight <= tallest) return;
  }
  if (plain && isWide()) {
    body.dataset.size = "text";
    body.replaceChildren(plain);
  }
}

function drawPane(node, phase, step) {
  const pane = byId(phase + "-pane");
  const main = node[phase + "_source"];
  const active = step.phase === phase;
  const helper = active && step.source !== main ? step.source : null;
  pane.classList.toggle("active", active);
  const blank = phase === "backward" && walk.blanked;
  const listings = [main, helper]
    .filter((source) => source !== null && source !== undefined)
    .map((id) => listing(id, active ? step : null, blank, id === helper ? calledWords(step) : null, helper !== null));
  if (active && phase === "backward" && !isHidden())
    listings.push(...engineSources(step).map((id) => listing(id, null, false, t("engine"))));
  const empty = listings.length ? null : make("p", { class: "none" }, t("source.none", { phase: t("phase." + phase) }));
  const box = make(
    "div",
    {
      class: "listing",
      tabindex: "0",
      role: "region",
      "data-key": phase + "-listing",
      "aria-label": `${t("source")}: ${t("phase." + phase)}`,
    },
    empty,
    ...listings,
  );
  const title = make(
    "h3",
    {},
    make("span", { class: "glyph", "aria-hidden": "true" }, phase === "forward" ? "▼" : "▲"),
    t("phase." + phase),
  );
  refill(
    pane,
    make("div", { class: "pane-head" }, title, fileLine(helper ?? main, active ? step : null)),
    box,
    blank ? writingPlace(node) : null,
  );
}

function calledWords(step) {
  const line = callingLine(step);
  return line === null ? t("source.called") : t("source.called.on", { line });
}

// The file and line of a function: of the line that has just run, if that is in it.
function fileLine(id, step) {
  if (id === null || id === undefined) return null;
  const source = TAPE.sources[id];
  const here = step !== null && step.source === id;
  const parts = `${source.file}:${here ? step.line : source.first}`.split(/(?<=\/)/);
  return make(
    "span",
    { class: here ? "file current" : "file" },
    ...parts.flatMap((part, k) => (k ? [make("wbr"), part] : [part])),
  );
}

// One function: its lines without the indentation they have in common.
function listing(id, step, blank, called, calls = false) {
  const source = TAPE.sources[id];
  const head = called ? make("p", {}, make("span", { class: "called" }, called), fileLine(id, null)) : null;
  if (!source.lines.length) return make("div", {}, head, make("p", { class: "none" }, t("source.unread")));
  const margin = Math.min(...source.lines.filter((line) => line.trim()).map((line) => line.search(/\S/)));
  const calling = calls && !called ? callingLine(step) : null;
  const within = textsAtStart(source.lines);
  const lines = source.lines.map((text, i) =>
    codeLine(id, source.first + i, text.slice(margin), step, blank && i > 0, within[i], calling),
  );
  return make("div", { class: "function" }, head, make("ol", { class: "code", start: source.first }, ...lines));
}

function codeLine(place, number, text, step, blank, within, calling) {
  const here = step !== null && step.source === place;
  const current = here && step.line === number;
  const continued = here && !current && step.line < number && number <= statementFrom(TAPE.sources[place], step.line)[1];
  const key = `${place}:${number}`;
  const hidden = blank && text.trim() && !walk.uncovered.has(key);
  const body = hidden
    ? make("button", {
        type: "button",
        class: "blank",
        "data-key": `blank-${key}`,
        "aria-label": t("blank.line", { line: number }),
        on: {
          click: () => {
            walk.uncovered.add(key);
            show();
          },
        },
      })
    : make("code", {}, ...coloured(text, within));
  const indent = text.length - text.trimStart().length;
  const line = make(
    "li",
    {
      class: ["line", current && "current", continued && "continued", number === calling && "calling"]
        .filter(Boolean)
        .join(" "),
      "data-source": place,
      "data-line": number,
      "aria-current": current ? "true" : null,
    },
    make("span", { class: "number", "aria-hidden": "true" }, String(number)),
    body,
  );
  line.style.setProperty("--indent", indent);
  return line;
}

const WORDS =
  /(#.*$)|("""(?:.*?"""|.*$)|'''(?:.*?'''|.*$)|"[^"]*"|'[^']*')|\b(def|return|if|else|elif|for|while|in|not|and|or|is|None|True|False|lambda|with|as|raise|yield|assert)\b|\b(self)\b/g;

// For each line, the quotes of the multi-line string in which it begins, or null.
function textsAtStart(lines) {
  let quotes = null;
  return lines.map((line) => {
    const before = quotes;
    const rest = quotes === null ? line : line.includes(quotes) ? line.slice(line.indexOf(quotes) + 3) : null;
    if (rest === null) return before;
    const open = [...rest.matchAll(WORDS)].map((match) => match[2] ?? "").find(isOpen);
    quotes = open ? open.slice(0, 3) : null;
    return before;
  });
}

// Whether a text begins with three quotes that are not closed on its line.
function isOpen(text) {
  return /^("""|''')/.test(text) && (text.length < 6 || !text.endsWith(text.slice(0, 3)));
}

// Comments, strings and keywords in their own styles; the text itself stays as it is.
function coloured(text, within = null) {
  const parts = [];
  let from = 0;
  if (within !== null) {
    const end = text.indexOf(within);
    from = end < 0 ? text.length : end + 3;
    const indent = text.length - text.trimStart().length;
    parts.push(text.slice(0, indent), make("span", { class: "string" }, text.slice(indent, from)));
  }
  const start = from;
  for (const match of text.slice(start).matchAll(WORDS)) {
    const kind = ["comment", "string", "keyword", "self"][match.slice(1).findIndex((group) => group !== undefined)];
    parts.push(text.slice(from, start + match.index), make("span", { class: kind }, match[0]));
    from = start + match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts.flatMap((part) => (typeof part === "string" ? breakable(part) : [part])).filter((part) => part !== "");
}

// Places where a long line may wrap: after a dot, an opening bracket; if room is scarce, within a name.
function breakable(text) {
  return text
    .split(/(?<=[.(\[_])(?=\w)/)
    .flatMap((part, k, all) => (k ? [make("wbr", { class: all[k - 1].endsWith("_") ? "inner" : null }), part] : [part]));
}

let written = ""; // what the class has written for the blank backward

function writingPlace(node) {
  const judged = make("ul", { class: "judged", "aria-live": "polite", tabindex: 0 }, ...writtenVerdicts(written, node));
  const area = make("textarea", {
    class: "writing",
    spellcheck: "false",
    "data-key": "writing",
    "aria-label": t("blank.write"),
    placeholder: t("blank.write"),
    rows: rowsFor(written),
    on: {
      input: (event) => {
        written = event.target.value;
        area.rows = rowsFor(written);
        judged.replaceChildren(...writtenVerdicts(written, node));
      },
    },
  });
  area.value = written;
  const all = () => {
    TAPE.sources.forEach((source, place) =>
      source.lines.forEach((_, i) => walk.uncovered.add(`${place}:${source.first + i}`)),
    );
    show();
  };
  return make(
    "div",
    { class: "write" },
    area,
    judged,
    make("button", { type: "button", "data-key": "blank-all", on: { click: all } }, t("blank.all")),
  );
}

function rowsFor(text) {
  return Math.min(5, Math.max(2, text.split("\n").length));
}

// What the engine did after the last line of a backward.
function drawEngine(step, node) {
  const events = isHidden() ? [] : (step.engine ?? []);
  const leaves = events.filter((what) => what.kind === "leaf").map((what) => leafName(what.leaf));
  const notes = events.map((what) => engineNote(what, node)).filter(Boolean);
  if (leaves.length) notes.push(t(leaves.length > 1 ? "engine.leaves" : "engine.leaf", { name: leaves.join(", ") }));
  const box = byId("engine");
  box.hidden = !notes.length;
  refill(box, make("h3", {}, t("engine")), make("ul", {}, ...notes.map((text) => make("li", {}, text))));
}

// The engine's own functions that changed a gradient after this line: the sum over axes, the sum over uses.
function engineSources(step) {
  const places = (step.engine ?? []).filter((what) => what.kind !== "leaf").map((what) => what.source);
  return [...new Set(places)].filter((id) => id !== null && id !== undefined);
}

function engineNote(what, node) {
  const label = what.input === undefined ? "" : "d" + (node.inputs[what.input]?.label ?? what.input);
  if (what.kind === "summed") {
    const [from, to] = [what.from, what.to].map((value) => formatShape(VALUES[value].shape));
    return t("engine.summed", { label, axes: what.axes.join(", "), from, to });
  }
  if (what.kind === "cast") return t("engine.cast", { label, dtype: what.dtype ?? VALUES[what.to].dtype });
  if (what.kind === "accumulated") return t("engine.accumulated", { name: nodeName(what.node), uses: what.uses });
  return null;
}

function nodeName(id) {
  const node = TAPE.nodes[id];
  return node.name ? `${node.op} ${node.name}` : node.op;
}

// A leaf's own name, or that of the operation's input it is.
function leafName(place) {
  const leaf = TAPE.leaves[place];
  if (leaf.name) return leaf.name;
  const label = TAPE.nodes
    .flatMap((node) => node.inputs)
    .find((input) => input.from === null && input.value === leaf.value)?.label;
  return t("unnamed", { label: label ?? "" }).trim();
}
