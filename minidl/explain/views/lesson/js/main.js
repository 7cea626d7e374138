// Start: the screens, the first story, where the address points; then listen.

assignLessons();
buildScreens();
fillGaps();
firstStory();

function openAddress() {
  const found = screenNamed(decodeURIComponent(location.hash.slice(1)));
  if (found && found !== here()) goTo(found);
}

const found = location.hash ? screenNamed(decodeURIComponent(location.hash.slice(1))) : undefined;
if (found) state.screen = SCREENS.indexOf(found);

// Paper is light, and what is painted on a canvas takes its colours while it is painted.
let themeBefore;
function printed(theme) {
  themeBefore = document.documentElement.dataset.theme;
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  show();
}

const { signal } = views; // ends with this view
document.addEventListener("keydown", onKey, { signal });
byId("picture").addEventListener("pointerleave", () => state.preview && preview(null, null), { signal });
addEventListener("resize", () => (openAddress(), show()), { signal }); // show() writes the address, so a new one is read first
addEventListener("hashchange", openAddress, { signal });
addEventListener("beforeprint", () => printed("light"), { signal });
addEventListener("afterprint", () => printed(themeBefore), { signal });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(), { signal });
for (const [event, held] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]])
  document.addEventListener(event, () => setTimeout(() => (live.held = held)), { signal, capture: true });
signal.addEventListener("abort", () => {
  stopPlaying();
  live.running = false;
});
show();
views.shown = "lesson";
