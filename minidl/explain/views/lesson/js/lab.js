// The break lab: one rule of the pass is wrong. Nothing says which until the class has voted for a line.

const lab = { suspect: null, told: false };

const isLab = () => Boolean(TAPE.sealed) && !lab.told;

function suspect(line) {
  lab.suspect = { screen: here(), line };
  show({ light: true });
}

// What there is to do, in the title's line: a band of its own would take the picture's room.
function drawLab() {
  const box = byId("lab");
  box.hidden = !TAPE.sealed;
  if (box.hidden) return;
  if (lab.told) return refill(box, say("app.lab.solved"));
  const chosen = lab.suspect;
  refill(box, say(chosen ? "app.lab.suspect" : "app.lab.ask", { screen: chosen?.screen.id ?? "" }),
    chosen ? button(say("app.lab.vote"), vote, { "data-key": "vote" }) : null);
}

// Whether the gradients that this screen is about are the ones that are wrong.
function isGuilty({ op, part }) {
  const wrong = (verdict) => verdict?.state === "MISMATCH";
  if (!op) return false;
  if (part.phase === "forward") return op.inputs.some((input) => wrong(input.verdict)) || wrong(op.verdict);
  return wrong(inputOf(op, part.label ?? part.id.slice(1))?.verdict) || op.inputs.some((input) => input.from && wrong(input.from.verdict));
}

function vote() {
  const { screen, line } = lab.suspect;
  const text = (screen.lesson.lines(screen.op, screen.part)[line] ?? [""])[0].trim();
  if (!isGuilty(screen)) {
    openDialog(say("app.lab.innocent"), make("p", {}, make("code", {}, text)), make("p", {}, say("app.lab.again")));
    lab.suspect = null;
    return show({ light: true });
  }
  lab.told = true;
  const sealed = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(TAPE.sealed), (c) => c.charCodeAt(0))));
  show();
  openDialog(say("app.lab.found"), make("p", {}, make("code", {}, text)), make("p", {}, inLanguage(sealed)));
}
