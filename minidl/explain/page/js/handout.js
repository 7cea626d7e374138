// The pages for paper that follow the current view: every operation with its formula, shape and verdict.

function drawHandout() {
  const head = ["op", "shape", "formula", "derivative", "verdict"].map((key) =>
    make("th", { scope: "col" }, t("handout." + key)),
  );
  const rows = TAPE.nodes.map((node) => {
    const verdict = worstVerdict(node.id);
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, nodeName(node.id)),
      make("td", {}, formatShape(VALUES[node.output].shape)),
      make("td", {}, node.plain),
      make("td", {}, node.derivative_plain),
      make("td", {}, verdict ? wordOf(verdict) : "–"),
    );
  });
  refill(
    byId("handout"),
    make("h2", {}, `${t("handout.title")}: ${inLanguage(TAPE.title)}`),
    make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)),
  );
}
