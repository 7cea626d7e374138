// After the pass: w becomes w - lr · dw, and the same input goes through once more.

lesson({
  name: "update",
  inks: { w: "f", dw: "r" },
  lines: () => [["loss.backward()", say("update.all")], ["for w, dw in parameters:"], ["  w -= lr * dw", say("update.step")], ["loss = L(net(x), t)", say("update.again")]],
  draw() {
    const { rates, losses, chosen } = GIVEN.update;
    return speech("L", ink("f", short(arrayOf(losses).numbers[0], 4)), "→", chip(short(arrayOf(losses).numbers[state.rate ?? chosen], 4)), `lr ${rates[state.rate]}`);
  },
});
