// The chain rule in three inks: what arrived (crimson), the local slope (teal), what is handed on (orange).

// One factor: {top, bottom, value, words, hue, go}. `top` and `bottom` are [name, index]; `go` is where a click leads.
function term(top, bottom, value, words, hue, go = null) {
  return { top, bottom, value, words, hue, go };
}

// The usual rule of one cell: ∂L/∂x (+)= ∂L/∂z · ∂z/∂x. `given`: {op, label, x, z, local, says, share, value, note}
//   local   the value of ∂z/∂x     says   what it is, in few words     share   one of several that are added up
//   factor_ [name, index] of the input's element that the local slope is, as where two are multiplied
function chainOf({ op, label, x, z, local, says = "", share = false, note = null, letterOf = label, factor_ = null }) {
  const arriving = at(op.dz, z);
  const value = arriving * local;
  const short_ = (index) => trimmed(index);
  return {
    label,
    sign: share ? "+=" : "=",
    terms: [
      term(["L"], [letterOf, short_(x)], value, say(share ? "app.share" : "app.handed", { name: "d" + letterOf }), "r", traced(op, "d" + label, x)),
      term(["L"], ["z", short_(z)], arriving, say("app.arriving", { name: "dz" }), "b", traced(op, "dz", z)),
      term(["z", short_(z)], [letterOf, short_(x)], local, says, "f", factor_ && isInside(op.in[factor_[0]].shape, factor_[1]) ? traced(op, ...factor_) : null),
    ],
    note,
  };
}

// An index without the batch, where there is one sample; of images only row and column.
function trimmed(index) {
  if (index.length === 4) return index.slice(2);
  return index.length > 1 && BATCH === 1 ? index.slice(1) : index;
}

const BATCH = OPS[0]?.inputs.find((input) => input.array?.shape.length > 1)?.array.shape[0] ?? 0;

function fraction(top, bottom) {
  const part = ([name, index = []]) =>
    make("span", {}, "∂", name, index.length ? make("sub", {}, index.join(",")) : null);
  return make("span", { class: "frac v" }, part(top), part(bottom));
}

function drawChain() {
  const { op, part, lesson: own } = here();
  const rule = own.chain?.(op, part, op && cellOf(op));
  const box = byId("chain");
  if (op) Object.assign(box.dataset, { cell: JSON.stringify(cellOf(op)), node: op.id, label: rule?.label ?? "" });
  box.hidden = !rule;
  if (!rule) return refill(box);
  if (isGuessing()) return refill(box, guessPanel(rule));
  const columns = rule.terms.flatMap((one, k) => {
    const symbol = one.symbol ?? fraction(one.top, one.bottom);
    const number = shownTerm(one, k);
    const between = k === 0 ? [] : [k === 1 ? rule.sign : (rule.between ?? "·")];
    const signs = between.flatMap((text) => [
      make("span", { class: "o" }, text), make("span", { class: "o" }, text), make("span", { class: "o" }),
    ]);
    return [...signs, make("span", { class: `s ${one.hue}` }, symbol), number, make("span", { class: "w" }, one.words)];
  });
  const long = rule.terms.some((one, k) => termText(one, k).length > 8);
  refill(box, make("div", { class: `rule ${long ? "tight" : ""}`, role: "group" }, ...columns), noteOf(rule), comparedGuess(rule));
}

// Three figures for the product, four for its factors: so a class's calculator agrees.
const termText = (one, k) => (typeof one.value === "string" ? one.value : short(one.value, k === 0 ? 3 : 4));

// A number of the rule; if it came from somewhere, a button that leads there. A slope of backward is what forward left:
// without a place of its own, it leads to what this operation computed.
function shownTerm(one, k) {
  const { op, part } = here();
  const go = one.go ?? (op && part.phase === "backward" ? { screen: screenOf(op, "z"), op, cell: cellOf(op) } : null);
  const text = termText(one, k);
  const attributes = { class: `n num ${one.hue}`, "data-exact": typeof one.value === "number" ? one.value : null };
  if (!go?.screen) return make("span", attributes, text);
  return make("button", { type: "button", ...attributes, "data-key": `term-${k}`, title: say("app.follow"), on: { click: () => followFrom(go) } }, text);
}

function followFrom(target) {
  if (!target?.screen) return;
  state.trail.push({ screen: here(), cells: new Map(CELLS) });
  follow(target);
}

function noteOf(rule) {
  return rule.note ? make("p", { class: "note" }, ...[rule.note].flat()) : null;
}

// "✓ nudging gives −0.0203", or why there is no such number: said once.
function nudgedNote(op, label, index) {
  const verdict = inputOf(op, label)?.verdict;
  if (here().part?.phase === "forward") return say("app.later"); // nothing has come back yet
  if (isLab() || !verdict || verdict.numeric === null) return "";
  const slope = nudged(op, label, index);
  const cells = verdict.places?.length ?? sizeOf(op.in[label].shape);
  const corners = verdict.kinks ? ` (${say("app.corners", { n: verdict.kinks })})` : "";
  if (verdict.state === "MISMATCH") return slope === undefined ? say("app.nudge.wrong") : say("app.nudge.differs", { slope: short(slope) });
  if (slope !== undefined && !isCorner(op, label, index, slope)) return say("app.nudge", { slope: short(slope) });
  return say("app.nudge.cells", { n: cells, all: counted(sizeOf(op.in[label].shape)) }) + corners;
}

// Whether nudging found no single slope here: the two sides differ, as where windows of blank paper tie.
function isCorner(op, label, index, slope) {
  const own = at(op.d[label], index);
  return inputOf(op, label).verdict.kinks > 0 && Math.abs(slope - own) > 1e-5 + 1e-3 * Math.abs(own);
}
