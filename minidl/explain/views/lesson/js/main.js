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

const { signal } = views; // ends with this view
document.addEventListener("keydown", onKey, { signal });
byId("picture").addEventListener("pointerleave", () => state.preview && preview(null, null), { signal });
addEventListener("resize", () => show(), { signal });
addEventListener("hashchange", openAddress, { signal });
addEventListener("beforeprint", () => show(), { signal });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => show(), { signal });
for (const [event, held] of [["pointerdown", true], ["pointerup", false], ["pointercancel", false]])
  document.addEventListener(event, () => setTimeout(() => (live.held = held)), { signal, capture: true });
signal.addEventListener("abort", () => {
  stopPlaying();
  live.running = false;
});
show();
