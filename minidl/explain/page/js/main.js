// Putting the page together.

// Everything that depends on where the walk is.
function show() {
  drawControls();
  drawDiagram();
  drawSource();
  drawVerdicts();
  drawInspector();
  drawPlayer();
}

// And what depends on the language alone.
function drawAll() {
  translatePage();
  document.title = `${inLanguage(TAPE.title) || t("page.title")}: ${t("page.title")}`;
  drawVerdictSummary();
  drawBroken();
  drawHandout();
  if (STEPS.length) show();
}

connect();
drawAll();
