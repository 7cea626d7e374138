// What the page knows. `drawing` is what was asked about, `answer` what the server said of it.
export const start = JSON.parse(document.getElementById("start").textContent);
export const run = start.run;

export const state = {
  strokes: [], // of points [x, y, width], in sides of the pad
  live: false, // whether a stroke is being drawn
  cursor: null, // where the keyboard's pen is, [x, y]
  picture: null, // instead of strokes: {image: an item for the server, shown: what the pad shows, example: its number}
  pen: 1,
  answer: null,
  trouble: null, // what stands between: a key of the words
  stage: 0, // which layer the lens shows, 0 is the digit
  why: null, // the class whose score is explained
  mode: "slope",
  slope: null, // what the server said of it
  truth: null, // what it was, says the user
  saved: null, // how many were saved, or false if it failed
  lang: document.documentElement.lang,
  theme: "light",
};

export const empty = () => !state.strokes.length && !state.picture;

export function cleared() {
  Object.assign(state, { strokes: [], live: false, picture: null });
  forgotten();
}

// What was said of an earlier drawing no longer holds.
export function forgotten() {
  Object.assign(state, { trouble: null, why: null, slope: null, truth: null, saved: null });
}

export const read = () => state.answer && ["sure", "unsure"].includes(state.answer.state);
export const known = () => (state.answer?.probabilities.length ? state.answer : null);

// The classes from the most probable on, as [number, probability].
export const order = () => known().probabilities.map((one, i) => [i, one.probability]).sort((a, b) => b[1] - a[1]);
