// Asking the server. Of drawings only the newest matters: while one is in work, later ones replace each other.
import { one } from "./dom.js";
import { state } from "./state.js";

async function post(path, content) {
  let reply;
  try {
    reply = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json", "Accept-Language": state.lang }, body: JSON.stringify(content) });
  } catch {
    return { trouble: "gone" };
  }
  if (reply.status === 413) return { trouble: "large" };
  if (!reply.ok) return { trouble: reply.status === 503 ? "busy" : "gone" };
  return reply.json();
}

let working = false, next = null;

// The answer to an image goes to `then(answer)`, unless a newer one was asked about meanwhile.
export function ask(image, then) {
  next = [image, then];
  if (!working) work();
}

// Whether an answer is still to come: said to who listens to the page, and to its tests.
function busy(now) {
  working = now;
  one("#answer").setAttribute("aria-busy", now);
}

async function work() {
  busy(true);
  while (next) {
    const [image, then] = next;
    next = null;
    const reply = await post("/v1/predict", { images: [image], layers: true });
    if (!next) {
      state.trouble = reply.trouble ?? null;
      then(reply.trouble ? state.answer : reply.answers[0]);
    }
  }
  busy(false);
}

// Nothing that is in work is wanted any more.
export const withdraw = (then) => {
  if (working) next = [{ strokes: [] }, then];
};

export const slope = (pixels, label) => post("/v1/slope", { pixels, label });
export const correct = (pixels, label) => post("/v1/corrections", { pixels, label });
