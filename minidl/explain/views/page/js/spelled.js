// A sum spelled out: its terms, part sum by part sum, and whether the line gave the same.

const SPELLED_AT_ONCE = 30; // more terms than these are spelled one part at a time

function drawSum(sum, name, index) {
  const title = { sum: "sum.title", max: "sum.max", mean: "sum.mean" }[sum.kind];
  const parts = sum.terms.length > SPELLED_AT_ONCE && sum.groups.length > 1;
  const group = parts ? (sum.groups.find(({ id }) => id === view.group) ?? largestPart(sum)) : null;
  return make(
    "section",
    { class: "sum", "aria-label": t(title) },
    make(
      "div",
      { class: "sum-top" },
      make("h4", {}, t(title)),
      make("p", { class: "sum-head" }, `${formatIndex(name, index)} =`),
    ),
    parts ? partSums(sum, group) : null,
    spelledTerms(sum, parts ? group.id : null),
    sum.outside ? make("p", { class: "aside" }, t("sum.padding", { n: sum.outside })) : null,
    sumTotal(sum),
  );
}

function largestPart(sum) {
  return sum.groups.reduce(
    (best, group) => (Math.abs(group.total) > Math.abs(best.total) ? group : best),
    sum.groups[0],
  );
}

function partSums(sum, chosen) {
  const by = t("sum.by." + sum.by);
  const chips = sum.groups.map(({ id, total }) =>
    make(
      "button",
      {
        type: "button",
        class: "part",
        "data-key": `part-${id}`,
        "data-number": total,
        "aria-pressed": String(id === chosen.id),
        "aria-label": `${by} ${id}: ${formatNumber(total)}`,
        on: {
          click: () => {
            view.group = id;
            show();
          },
        },
      },
      make("small", {}, String(id)),
      formatNumber(total),
    ),
  );
  return make(
    "div",
    {},
    make("p", { class: "aside" }, t("sum.groups", { terms: sum.terms.length, by })),
    make("div", { class: "parts" }, ...chips),
    make("p", { class: "aside" }, t("sum.spelled", { by, i: chosen.id })),
  );
}

function spelledTerms(sum, group) {
  const terms = sum.terms.filter((term) => group === null || term.group === group);
  if (!terms.length && sum.start === null) return make("p", { class: "aside" }, t("sum.empty"));
  const [first, second] = sum.names;
  const line = make("p", { class: "terms" });
  if (sum.start !== null && sum.start !== undefined && group === null)
    line.append(number(sum.start, t("sum.bias")), " ");
  terms.forEach((term, k) => {
    if (k || line.childNodes.length) line.append(sum.kind === "max" ? ", " : " + ");
    line.append(spelledTerm(sum, term, first, second));
    line.append(document.createElement("wbr"));
  });
  return line;
}

function spelledTerm(sum, term, first, second) {
  if (term.won !== undefined) {
    const note = term.won ? t("sum.won") : sum.kind === "max" ? null : t("sum.lost");
    return make(
      "span",
      { class: `term ${term.won ? "won" : "lost"}` },
      number(term.a, first),
      note ? make("small", {}, ` ${note}`) : null,
    );
  }
  if (term.b === null) return make("span", { class: "term" }, number(term.a, first));
  return make(
    "span",
    { class: `term ${term.product === 0 ? "zero" : ""}` },
    number(term.a, first),
    "·",
    number(term.b, second),
  );
}

// A number that shows all its digits on hover; negative factors stand in brackets.
function number(x, name) {
  if (x === undefined) return make("span", { class: "n missing" }, "?");
  const text = x < 0 ? `(${formatNumber(x)})` : formatNumber(x);
  return make("span", { class: "n", "data-number": x, title: `${name}: ${exactNumber(x)}` }, text);
}

function sumTotal(sum) {
  if (sum.total === undefined) return make("p", { class: "total" }, t("sum.incomplete"));
  const same = agrees(sum);
  const verdict =
    same === null
      ? null
      : make(
          "span",
          { class: same ? "agrees" : "differs" },
          `${same ? "✓" : "✗"} ${t(same ? "sum.agrees" : "sum.differs", { x: formatNumber(sum.recorded) })}`,
        );
  const divided = sum.kind === "mean" ? `(${t("sum.divisor", { n: formatNumber(sum.divisor) })}) ` : "";
  const bias = sum.start !== null && sum.terms.length > SPELLED_AT_ONCE && sum.groups.length > 1;
  return make(
    "p",
    { class: "total" },
    bias ? make("span", {}, `${t("sum.bias")} `, number(sum.start, t("sum.bias")), " ") : null,
    divided,
    "= ",
    make("b", { "data-number": sum.total, title: exactNumber(sum.total) }, formatNumber(sum.total)),
    " ",
    verdict,
  );
}
