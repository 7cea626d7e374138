// Both languages, and the numbers in them.
import { all, made, one } from "./dom.js";
import { run, start, state } from "./state.js";

export function say(key, ...values) {
  const text = start.words[state.lang][key];
  return text.replace(/\{(\d)\}/g, (_, i) => values[i]);
}

export const has = (key) => key in start.words[state.lang];
export const probability = (p) => (p > 0.9995 ? ">0.999" : p.toFixed(3));
export const signed = (x) => (x < 0 ? `−${Math.abs(x).toFixed(2)}` : x.toFixed(2));

const KEYS = [["← ↑ → ↓", "arrows"], ["Space", "space"], ["Z", "z"], ["Del", "del"], ["[ ]", "pen"], ["W", "w"], ["0 – 9", "digits"], ["L", "l"], ["T", "t"], ["?", "help"], ["Esc", "esc"]];

// Every text that stands by itself; what depends on the answer is the views' own.
export function relabel() {
  const root = document.documentElement;
  root.lang = state.lang;
  root.dataset.theme = state.theme;
  document.title = `${say("title")} · minidl`;
  for (const element of all("[data-word]")) element.textContent = say(element.dataset.word);
  for (const element of all("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  one("#lang").textContent = say("language");
  one("#lang").lang = state.lang === "en" ? "ko" : "en";
  one("#theme").textContent = say(state.theme === "dark" ? "light" : "dark");
  one("#pad").setAttribute("aria-label", say("pad"));
  all("#pens button").forEach((button, i) => button.setAttribute("aria-label", say(`pen${i}`)));
  all("#examples button").forEach((button, i) => button.setAttribute("aria-label", say("example", run.classes[i])));
  one("#keys dl").replaceChildren(...KEYS.flatMap(([key, word]) => [made("dt", {}, made("kbd", { textContent: key })), made("dd", { textContent: say(`k.${word}`) })]));
}
