// The verdict of the differences on each gradient.

const LOOKS = {
  exact: { kind: "ok", sign: "✓" },
  approximate: { kind: "ok", sign: "≈" },
  kink: { kind: "kink", sign: "∧" },
  MISMATCH: { kind: "mismatch", sign: "✗" },
  "not checked": { kind: "unchecked", sign: "–" },
};
const GRAVITY = ["not checked", "exact", "approximate", "kink", "MISMATCH"];

function lookOf(verdict) {
  if (verdict.inherited) return { kind: "inherited", sign: "↧" };
  return LOOKS[verdict.state] ?? LOOKS["not checked"];
}

function wordOf(verdict) {
  const { kind } = lookOf(verdict);
  return t("verdict." + (kind === "mismatch" ? "MISMATCH" : kind));
}

function verdictBadge(verdict, size = "") {
  const { kind, sign } = lookOf(verdict);
  return make(
    "span",
    { class: `badge ${kind} ${size}`, "data-verdict": verdict.state },
    make("span", { "aria-hidden": "true" }, sign),
    " ",
    wordOf(verdict),
  );
}

// All checks of an operation: [{name, verdict, check}], those of its inputs first.
function verdictsOf(node) {
  return TAPE.checks
    .filter((check) => check.node === node)
    .map((check) => {
      const label =
        check.input === null
          ? t("verdict.arriving", { label: "dz" })
          : "d" + (TAPE.nodes[node].inputs[check.input]?.label ?? check.input);
      return { name: label, verdict: check.verdict };
    });
}

// The verdict that decides: on what this operation sent to its inputs; if it sent nothing, on what arrived. What arrived
// is a mistake of its own only if the engine added it up wrongly.
function worstVerdict(node) {
  const here = TAPE.checks.filter((check) => check.node === node);
  const own = here.filter((check) => check.input !== null || check.verdict.state === "MISMATCH");
  const all = own.length ? own : here;
  if (!all.length) return null;
  const gravity = ({ verdict }) => (verdict.inherited ? 3.5 : GRAVITY.indexOf(verdict.state));
  return all.reduce((worst, check) => (gravity(check) > gravity(worst) ? check : worst), all[0]).verdict;
}

function drawVerdicts() {
  const step = currentStep();
  const box = byId("verdicts");
  const rows = verdictsOf(step.node);
  const early = step.phase === "forward" || !isJudged(step.node);
  const body = early
    ? make("p", { class: "aside" }, t("verdict.later"))
    : rows.length
      ? verdictTable(rows)
      : make("p", { class: "aside" }, t("verdict.none"));
  box.hidden = step.phase === "forward";
  refill(box, make("h3", {}, t("verdict.title")), body);
}

function verdictTable(rows) {
  const head = ["of", "state", "difference", "checked", "numbers"].map((key) =>
    make("th", { scope: "col" }, t("verdict." + key)),
  );
  const lines = rows.map(({ name, verdict }, k) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, name),
      make("td", {}, verdictBadge(verdict)),
      make(
        "td",
        { "data-number": verdict.max_difference ?? "" },
        verdict.max_difference === null || verdict.max_difference === undefined
          ? "–"
          : formatNumber(verdict.max_difference),
      ),
      make("td", { title: inLanguage(verdict.checked) }, checkedWords(verdict)),
      make(
        "td",
        {},
        verdict.analytic === null || verdict.analytic === undefined
          ? "–"
          : make(
              "button",
              {
                type: "button",
                "data-key": `verdict-${name}-${k}`,
                "aria-label": t("verdict.numbers.of", { name }),
                on: { click: () => showNumbers(name, verdict) },
              },
              t("numbers.label"),
            ),
      ),
    ),
  );
  return make(
    "table",
    { class: "verdict-table" },
    make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...lines),
  );
}

// "all 250 elements" and "64 of 9000 elements, seed 0" in the reader's language and in few words; other texts as they
// are. The whole text is the cell's title.
function checkedWords(verdict) {
  const words = checkedElements(inLanguage(verdict.checked));
  return verdict.kinks ? `${words}, ${t("checked.kinks", { n: verdict.kinks })}` : words;
}

const REASONS = new Map(
  ["nan", "arrived", "faint", "hook", "jump", "edge", "elsewhere", "missing", "forgets"].map((key) => [
    STRINGS.en["checked." + key],
    key,
  ]),
);
const FORWARD_REASONS = { undefined: "fails", "each time": "anew", "in float64": "other" };

function checkedElements(text) {
  if (text === "the only element") return t("checked.only");
  const all = /^all ([\d,]+) elements?$/.exec(text);
  if (all) return t("checked.all", { n: all[1] });
  const some = /^([\d,]+) of ([\d,]+) elements?(.*)$/.exec(text);
  if (some) return t("checked.some", { n: some[1], all: some[2] });
  const forward = /^(\w+)\.forward (?:does not run in float64: (.*)|gives something else (each time|in float64))$/.exec(text);
  if (forward) return t("checked." + FORWARD_REASONS[forward[3]], { op: forward[1], error: forward[2] });
  return REASONS.has(text) ? t("checked." + REASONS.get(text)) : text;
}

function verdictLegend() {
  const kinds = [
    ["ok", { state: "exact" }],
    ["kink", { state: "kink" }],
    ["MISMATCH", { state: "MISMATCH" }],
    ["inherited", { state: "exact", inherited: true }],
  ];
  return make(
    "dl",
    { class: "verdict-legend" },
    ...kinds.map(([kind, verdict]) =>
      make("div", {}, make("dt", {}, verdictBadge(verdict)), make("dd", {}, t("legend." + kind))),
    ),
  );
}

// The numbers behind a verdict, the largest differences first.
function showNumbers(name, verdict) {
  const [analytic, numeric, torch] = ["analytic", "numeric", "torch"].map((kind) =>
    verdict[kind] === null || verdict[kind] === undefined ? null : VALUES[verdict[kind]].numbers,
  );
  const count = analytic.length;
  const places = Array.from({ length: count }, (_, i) => i);
  const difference = (i) => (numeric ? Math.abs(analytic[i] - numeric[i]) : 0);
  places.sort((i, j) => difference(j) - difference(i));
  const few = places.slice(0, 24);
  const columns = [
    ["analytic", analytic],
    ["numeric", numeric],
    ["torch", torch],
  ].filter(([, numbers]) => numbers);
  const number = (x) => make("td", { "data-number": x, title: exactNumber(x) }, formatNumber(x));
  const rows = few.map((i) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, String(verdict.places?.[i] ?? i)),
      ...columns.map(([, numbers]) => number(numbers[i])),
    ),
  );
  const head = [
    make("th", { scope: "col" }, t("verdict.place")),
    ...columns.map(([kind]) => make("th", { scope: "col" }, t("verdict." + kind))),
  ];
  openDialog(
    t("verdict.numbers.of", { name }),
    make("p", {}, verdictBadge(verdict), " ", t("verdict.sorted", { n: few.length, all: count })),
    make(
      "div",
      { class: "table-box", tabindex: "0", role: "region", "aria-label": t("numbers.label") },
      make("table", { class: "verdict-table" }, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)),
    ),
  );
}

function leafVerdicts() {
  return TAPE.leaves
    .map((leaf, i) => ({ name: leafName(i), verdict: leaf.verdict }))
    .filter(({ verdict }) => verdict && verdict.state !== "not checked");
}

function showAllVerdicts() {
  const rows = leafVerdicts();
  const inner = TAPE.nodes.flatMap((node) =>
    verdictsOf(node.id).map(({ name, verdict }) => ({ name: `${nodeName(node.id)} ${name}`, verdict })),
  );
  const all = [...rows, ...inner.filter(({ verdict }) => verdict.state !== "not checked")];
  openDialog(
    t("verdict.all"),
    make(
      "div",
      { class: "table-box", tabindex: "0", role: "region", "aria-label": t("verdict.all") },
      all.length ? verdictTable(all) : make("p", {}, t("verdict.none")),
    ),
  );
}

function drawVerdictSummary() {
  const states = [...TAPE.checks, ...TAPE.leaves].map((checked) => checked.verdict).filter(Boolean);
  const count = (kind) => states.filter((verdict) => lookOf(verdict).kind === kind).length;
  const [ok, kinks, wrong, unchecked] = ["ok", "kink", "mismatch", "unchecked"].map(count);
  const button = byId("summary");
  button.hidden = !states.length;
  const counts = [
    ["ok", ok, "✓"],
    ["kink", kinks, "∧"],
    ["mismatch", wrong, "✗"],
    ["unchecked", unchecked, "–"],
  ].filter(([kind, n]) => n || (kind === "ok" && !unchecked));
  button.replaceChildren(
    ...counts.map(([kind, n, sign]) =>
      make("span", { class: `count ${kind}` }, `${sign} ${t("verdict.summary." + kind, { n })}`),
    ),
  );
  button.setAttribute("aria-label", `${t("verdict.all")}: ${button.textContent}`);
}

// The seeded mistake, sealed until the class has found it: {name, en, ko}.
function drawBroken() {
  byId("broken").hidden = !TAPE.sealed;
}

function revealBroken() {
  if (!TAPE.sealed) return;
  const bytes = Uint8Array.from(atob(TAPE.sealed), (character) => character.charCodeAt(0));
  const mistake = JSON.parse(new TextDecoder().decode(bytes));
  const body = make("div", {});
  const open = () =>
    body.replaceChildren(
      make("p", { id: "mistake" }, make("code", {}, mistake.name)),
      make("p", {}, mistake[language] ?? ""),
    );
  body.append(
    make("p", {}, t("broken.sure")),
    make("button", { type: "button", class: "primary", id: "reveal-mistake", on: { click: open } }, t("broken.reveal")),
  );
  openDialog(t("broken.title"), body);
}
