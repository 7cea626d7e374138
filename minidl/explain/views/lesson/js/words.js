// The words of the lesson, in the chosen language.

const WORDS = JSON.parse(byId("words").textContent);
let language = document.documentElement.lang;

// say("conv.title"), say("app.share", {n: 3}): a text with its {holes} filled. An unknown key is a mistake of ours.
function say(key, holes = {}) {
  const text = WORDS[language][key];
  if (text === undefined) throw new Error(`no words for ${key} in ${language}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(holes[name])).replace(/(?<=[가-힣])\(|\)(?=[가-힣])/g, (sign) => (sign === "(" ? "\u2060(" : ")\u2060")); // one word, its particle too
}

// The first of the keys that has words, or "".
function sayAny(keys, holes = {}) {
  const known = keys.find((key) => WORDS[language][key] !== undefined);
  return known === undefined ? "" : say(known, holes);
}

// A text of the tape: plain, or one for each language.
function inLanguage(text) {
  return (typeof text === "object" && text !== null ? (text[language] ?? text.en) : text) ?? "";
}
