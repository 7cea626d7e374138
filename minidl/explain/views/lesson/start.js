// Opens one of the page's two views, the lesson or the engine's lines: its body, its style sheet, its program.
// Only one exists at a time. `views.signal` tells a program's listeners that its view has been left; `views.shown` is the
// name of the view once its program has drawn it, which the browser runs when it gets round to it.
let leaving = null;
globalThis.views = {
  open(name) {
    leaving?.abort();
    leaving = new AbortController();
    this.signal = leaving.signal;
    this.shown = null;
    for (const other of ["lesson", "engine"]) {
      document.getElementById(`${other}-style`).media = other === name ? "all" : "not all";
    }
    document.body.className = "";
    document.body.replaceChildren(document.getElementById(`${name}-body`).content.cloneNode(true));
    const program = document.createElement("script");
    program.type = "module";
    program.textContent = document.getElementById(`${name}-script`).textContent;
    document.body.append(program);
  },
};
views.open(document.getElementById("start").dataset.view);
