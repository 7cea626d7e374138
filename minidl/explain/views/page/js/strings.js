// The words of the page, in the chosen language.

const STRINGS = JSON.parse(document.getElementById("strings").textContent);
let language = document.documentElement.lang;

function t(key, holes = {}) {
  const text = STRINGS[language][key];
  if (text === undefined) throw new Error(`no text for ${key} in ${language}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(holes[name]));
}

// Fill every element that names its text: data-t its content, data-t-title and data-t-label its attributes.
function translatePage() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-title]")) element.title = t(element.dataset.tTitle);
  for (const element of document.querySelectorAll("[data-t-label]")) {
    element.setAttribute("aria-label", t(element.dataset.tLabel));
  }
}
