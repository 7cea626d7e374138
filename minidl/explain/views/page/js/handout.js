// The pages for paper that follow the current view: every operation with its formula, shape and verdict.

function drawHandout() {
  const narrow = { class: "narrow" };
  const head = ["op", "shape", "formula", "derivative", "verdict"].map((key) =>
    make("th", { scope: "col" }, t("handout." + key)),
  );
  const rows = TAPE.nodes.map((node) => {
    const verdict = worstVerdict(node.id);
    return make(
      "tr",
      {},
      make("th", { scope: "row", ...narrow }, node.op, " ", make("span", { class: "node-name" }, node.name)),
      make("td", narrow, shortShape(VALUES[node.output].shape)),
      make("td", {}, formulaBody(node.formula, node.plain)),
      make("td", {}, formulaBody(node.derivative, node.derivative_plain)),
      make("td", narrow, verdict ? verdictBadge(verdict, "small") : "–"),
    );
  });
  refill(
    byId("handout"),
    make("h2", {}, `${t("handout.title")}: ${inLanguage(TAPE.title)}`),
    make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)),
  );
}
