// Putting the page together.

// Everything that depends on where the walk is.
function show() {
  if (!STEPS.length) return refill(byId("operation"), make("p", { class: "aside" }, t("tape.empty")));
  drawControls();
  drawDiagram();
  drawSource();
  drawVerdicts();
  revealLines();
  drawInspector();
  drawPlayer();
}

// Everything that depends on the language alone.
function drawAll() {
  translatePage();
  document.title = `${inLanguage(TAPE.title) || t("page.title")}: ${t("page.title")}`;
  drawVerdictSummary();
  drawBroken();
  drawHandout();
  show();
}

connect();
drawAll();
views.shown = "engine";
