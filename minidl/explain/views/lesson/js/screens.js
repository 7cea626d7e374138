// Putting a screen together: header, picture, code and chain rule, strip.

// show() draws all; show({light: true}) leaves the strip, as while the mouse moves.
function show({ light = false } = {}) {
  const screen = here();
  document.documentElement.lang = language;
  drawHead(screen);
  waiting.length = 0;
  const { op, part, lesson: own } = screen;
  refill(byId("picture"), own.draw(op, part, op && cellOf(op)));
  byId("code").setAttribute("aria-label", say("app.code"));
  byId("chain").setAttribute("aria-label", say("app.chain"));
  drawCode();
  drawChain();
  drawMaps();
  drawTeacher(screen);
  if (!light) {
    drawStrip();
    drawHandout();
    document.title = `${titleOf(screen)} · ${inLanguage(TAPE.title) || say("app.title")}`;
    const address = `#${screen.id}`;
    if (location.hash !== address && location.protocol !== "about:") history.replaceState(null, "", address); // not in a notebook
  }
}

const wordsOf = (screen, what) => {
  const name = screen.lesson.name;
  const keys = screen.part ? [`${name}.${what}.${screen.part.as ?? screen.part.id}`, `${name}.${what}.${screen.part.phase}`, `${name}.${what}`] : [`${name}.${what}`];
  const variant = SECOND ? "second" : screen.lesson.variant?.();
  if (variant) keys.unshift(`${name}.${what}.${variant}`);
  return sayAny(keys, { name: screen.op?.op ?? "", ...(screen.lesson.holes?.(screen.op, screen.part) ?? {}) });
};

function titleOf(screen) {
  const title = wordsOf(screen, "title");
  return screen.kind === "op" ? say(`app.${screen.part.phase}.title`, { title }) : title;
}

function drawHead(screen) {
  const count = make("span", { class: "num count" }, `${state.screen + 1}/${SCREENS.length}`);
  refill(byId("title"), count, " ", titleOf(screen));
  const phase = screen.kind === "op" ? screen.part.phase : screen.kind;
  const badge = byId("phase");
  badge.className = `phase ${phase}`;
  badge.textContent = say(`app.phase.${phase}`) + (screen.op && screen.op.slopeOf !== null ? ` · ${say("app.inside", { name: shortName(OPS[screen.op.slopeOf]) })}` : "");
  const parts = screen.op ? SCREENS.filter((one) => one.op === screen.op) : [];
  refill(byId("parts"), ...(parts.length > 1 ? parts.map((one) =>
    button(one.part.id, () => goTo(one), { "aria-pressed": String(one === screen), "data-key": `part-${one.part.id}` })) : []));
  refill(byId("tools"), ...tools());
  refill(byId("idea"), wordsOf(screen, "idea"));
  drawLab();
}

function tools() {
  const dark = isDark();
  return [
    button(say("app.guess"), toggleGuess, { "aria-pressed": String(state.guessing), "data-key": "guess-mode" }),
    LIVE ? button(live.steps ? say("app.live.steps", { n: counted(live.steps) }) : say("app.live"), () => goTo(screenNamed("live")), { class: live.recorded ? "changed" : "", title: say("app.live.title"), "data-key": "live" }) : null,
    button(say("app.engine"), openEngine, { title: say(isLab() ? "app.engine.later" : "app.engine.title"), disabled: isLab(), "data-key": "engine" }),
    button(say("app.language"), switchLanguage, { lang: language === "en" ? "ko" : "en", "data-key": "language" }),
    button(say(dark ? "app.light" : "app.dark"), switchTheme, { "data-key": "theme" }),
    button("?", showKeys, { "aria-label": say("app.keys"), "data-key": "keys" }),
  ];
}

// The engine's view shows every verdict, so a class that looks for a mistake has to vote first.
const openEngine = () => isLab() || views.open("engine");

// What the teacher may ask here, and what usually goes wrong; shown with N.
function drawTeacher(screen) {
  const box = byId("teacher");
  const text = wordsOf(screen, "teacher");
  box.hidden = !state.teacher;
  if (state.teacher) refill(box, make("b", {}, say("app.teacher")), make("p", {}, text || say("app.teacher.none")));
}

const isDark = () =>
  (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function switchTheme() {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  show();
}

function switchLanguage() {
  language = language === "en" ? "ko" : "en";
  show();
}

function openDialog(title, ...content) {
  const box = byId("dialog");
  refill(box, make("h2", {}, title), ...content, make("form", { method: "dialog" }, make("button", {}, say("app.close"))));
  if (!box.open) box.showModal();
}

function showKeys() {
  const rows = KEY_WORDS.flatMap(([key, what]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, say(`app.key.${what}`))]);
  openDialog(say("app.keys"), make("dl", { class: "keys" }, ...rows),
    make("p", { class: "more" }, button(say("app.teacher.show"), () => { byId("dialog").close(); toggleTeacher(); }), button(say("app.print"), () => { byId("dialog").close(); print(); })));
}

function toggleTeacher() {
  state.teacher = !state.teacher;
  show({ light: true });
}

// Zoom from a card of the overview into its operation.
function zoomFrom(box, act) {
  act();
  if (STILL.matches || !box) return;
  const whole = byId("picture").getBoundingClientRect();
  const from = `translate(${box.left + box.width / 2 - whole.left - whole.width / 2}px, ${box.top + box.height / 2 - whole.top - whole.height / 2}px) scale(${box.width / whole.width})`;
  byId("picture").animate([{ transform: from, opacity: 0.3 }, { transform: "none", opacity: 1 }], { duration: 380, easing: "cubic-bezier(.3,0,.2,1)" });
}
