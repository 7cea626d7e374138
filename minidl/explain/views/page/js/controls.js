// Buttons, slider, keys.

const PLAY_EVERY = 1400; // milliseconds per line
let playing = null;

function togglePlay() {
  if (playing) return stopPlaying();
  if (walk.step === stepsOfMode().at(-1)) moveToEnd(-1);
  playing = setInterval(() => {
    if (isHidden() || walk.step === stepsOfMode().at(-1)) stopPlaying();
    else moveLine(1);
  }, PLAY_EVERY);
  drawPlayer();
}

function stopPlaying() {
  clearInterval(playing);
  playing = null;
  drawPlayer();
}

function drawPlayer() {
  const steps = stepsOfMode();
  const place = steps.indexOf(walk.step);
  const position = t("player.position", { i: place + 1, n: steps.length });
  const slider = byId("slider");
  slider.max = steps.length - 1;
  slider.value = place;
  slider.setAttribute("aria-valuetext", position);
  byId("position").textContent = position;
  byId("where").textContent = t("player.where", {
    phase: t("phase." + currentStep().phase),
    op: nodeName(currentStep().node),
  });
  byId("play").setAttribute("aria-label", t(playing ? "player.pause" : "player.play"));
  byId("play").title = t(playing ? "player.pause" : "player.play");
  byId("play").textContent = playing ? "❚❚" : "▶";
  for (const name of ["first", "previous-operation", "previous"]) byId(name).disabled = place <= 0;
  for (const name of ["last", "next-operation", "next"]) byId(name).disabled = place >= steps.length - 1;
}

function drawControls() {
  for (const mode of MODES) {
    const button = byId("mode-" + mode);
    button.setAttribute("aria-pressed", String(walk.mode === mode));
    button.disabled = mode !== "whole" && !STEPS.some((step) => step.phase === mode);
  }
  byId("predict").setAttribute("aria-pressed", String(walk.predicting));
  byId("blank").setAttribute("aria-pressed", String(walk.blanked));
  const theme = document.documentElement.dataset.theme ?? "auto";
  byId("theme").textContent = t("theme." + theme);
  byId("theme").setAttribute("aria-label", `${t("theme.label")}: ${t("theme." + theme)}`);
}

function togglePredict() {
  walk.predicting = !walk.predicting;
  walk.revealed.clear();
  show();
}

function toggleBlank() {
  walk.blanked = !walk.blanked;
  walk.uncovered.clear();
  show();
}

function nextTheme() {
  const themes = ["auto", "light", "dark"];
  const now = document.documentElement.dataset.theme ?? "auto";
  document.documentElement.dataset.theme = themes[(themes.indexOf(now) + 1) % themes.length];
  show();
}

function switchLanguage() {
  language = language === "en" ? "ko" : "en";
  drawAll();
}

function openDialog(title, ...content) {
  refill(byId("dialog-body"), make("h2", { id: "dialog-title" }, title), ...content);
  if (!byId("dialog").open) byId("dialog").showModal();
}

function showHelp() {
  const keys = [
    [t("key.arrows"), "line"],
    [t("key.shift"), "operation"],
    [t("key.ends"), "ends"],
    [t("key.space"), "play"],
    ["P", "predict"],
    ["R", "reveal"],
    ["B", "blank"],
    ["M", "mode"],
    [t("key.arrows"), "cell"],
  ];
  openDialog(
    t("help.title"),
    make(
      "div",
      { class: "help" },
      make(
        "dl",
        { class: "keys" },
        ...keys.map(([key, what]) =>
          make("div", {}, make("dt", {}, make("kbd", {}, key)), make("dd", {}, t("help." + what))),
        ),
      ),
      make(
        "div",
        {},
        make("h3", {}, t("legend.title")),
        stateLegend(),
        make("h3", {}, t("legend.verdicts")),
        verdictLegend(),
      ),
    ),
  );
}

const KEYS = {
  ArrowDown: (event) => (event.shiftKey ? moveOperation(1) : moveLine(1)),
  ArrowRight: (event) => (event.shiftKey ? moveOperation(1) : moveLine(1)),
  ArrowUp: (event) => (event.shiftKey ? moveOperation(-1) : moveLine(-1)),
  ArrowLeft: (event) => (event.shiftKey ? moveOperation(-1) : moveLine(-1)),
  Home: () => moveToEnd(-1),
  End: () => moveToEnd(1),
  " ": togglePlay,
  p: togglePredict,
  b: toggleBlank,
  r: () => isHidden() && revealLine(),
  m: () => setMode(MODES[(MODES.indexOf(walk.mode) + 1) % MODES.length]),
  "?": showHelp,
};

// The key by its position on the keyboard, so that P is P while Hangul is being typed.
function letterOf(event) {
  return event.code.startsWith("Key") ? event.code.slice(3).toLowerCase() : event.key;
}

function onKey(event) {
  const target = event.target;
  const writing = target.matches("textarea, input[type=text]");
  if (!STEPS.length || writing || event.ctrlKey || event.metaKey || event.altKey || byId("dialog").open) return;
  if (event.key === " " && target.matches("button")) return;
  const act = KEYS[letterOf(event)];
  if (!act) return;
  event.preventDefault();
  act(event);
}

// If nothing was recorded, there is nothing to walk through.
function disableWalk() {
  for (const control of document.querySelectorAll(".player button, .player input, .group button, #predict, #blank"))
    control.disabled = true;
}

function connect() {
  if (!STEPS.length) disableWalk();
  const clicks = {
    first: () => moveToEnd(-1),
    "previous-operation": () => moveOperation(-1),
    previous: () => moveLine(-1),
    play: togglePlay,
    next: () => moveLine(1),
    "next-operation": () => moveOperation(1),
    last: () => moveToEnd(1),
    predict: togglePredict,
    blank: toggleBlank,
    theme: nextTheme,
    language: switchLanguage,
    print: () => print(),
    help: showHelp,
    summary: showAllVerdicts,
    broken: revealBroken,
    lesson: () => views.open("lesson"),
  };
  for (const [id, act] of Object.entries(clicks)) byId(id).addEventListener("click", act);
  for (const mode of MODES) byId("mode-" + mode).addEventListener("click", () => setMode(mode));
  byId("slider").addEventListener("input", (event) => goTo(stepsOfMode()[Number(event.target.value)]));
  const { signal } = views; // ends with this view
  document.addEventListener("keydown", onKey, { signal });
  addEventListener("resize", () => show(), { signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(), { signal });
  signal.addEventListener("abort", () => clearInterval(playing));
}
