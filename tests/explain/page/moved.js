// Every screen of the lesson as it opens, after its cell has moved by one, and after it has moved far in its
// array; then, at the last kernel, sample or array that can be chosen there. The body of a function: `faultsNow` is put
// before it, and it returns [[screen, what was done, faults], ...] of the screens that have some.
const found = [];
const press = (key, shiftKey = false) =>
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, code: key, shiftKey, bubbles: true, cancelable: true }));
const look = (done) => {
  const faults = faultsNow();
  if (faults.length) found.push([location.hash, done, faults.slice(0, 3)]);
};
const choosers = () => [...document.querySelectorAll("#picture .chooser")].map((one) => one.querySelector("button:last-of-type"));

press("Home");
for (let before = null; location.hash !== before; press("ArrowRight")) {
  before = location.hash;
  look("opened");
  for (const [done, times] of [["moved", 1], ["moved far", 5]]) {
    for (let k = 0; k < times; k++) for (const key of ["ArrowDown", "ArrowRight"]) press(key, true);
    look(done);
  }
  choosers().forEach((_, k) => {
    for (let clicks = 0; clicks < 4 && choosers()[k] && !choosers()[k].disabled; clicks++) choosers()[k].click();
    look("chosen");
  });
}
return found;
