// Functions of one number: each is a value and a slope, and dx = dz · slope.

// elementwise("Tanh", (x, options) => z, (x, z, options) => ∂z/∂x)
function elementwise(name, value, slope) {
  SLOPES[name] = { value, slope };
  kernel(name, {
    forward: ({ x }, options) => mapped(x, (v) => value(v, options)),
    backward: ({ x }, dz, options, { z }) => ({ x: mapped(x, (v, k) => dz.numbers[k] * slope(v, z.numbers[k], options)) }),
  });
}

const logistic = (x) => 1 / (1 + Math.exp(-x));

elementwise("Relu", (x) => (x <= 0 ? 0 : x), (x) => (x <= 0 ? 0 : 1));
elementwise("LeakyRelu", (x, { a }) => (x > 0 ? x : a * x), (x, z, { a }) => (x > 0 ? 1 : a));
elementwise(
  "Elu",
  (x, { a, scale, rate }) => scale * (x > 0 ? x : a * Math.expm1(rate * x)),
  (x, z, { a, scale, rate }) => scale * (x > 0 ? 1 : a * rate * Math.exp(rate * x)),
);
elementwise("Tanh", Math.tanh, (x, z) => 1 - z * z);
elementwise("Sigmoid", logistic, (x, z) => z * (1 - z));
elementwise("Silu", (x) => x * logistic(x), (x) => logistic(x) * (1 + x * (1 - logistic(x))));
elementwise(
  "Softplus",
  (x, { beta, threshold }) => (x * beta > threshold ? x : Math.log1p(Math.exp(x * beta)) / beta),
  (x, z, { beta, threshold }) => (x * beta > threshold ? 1 : logistic(x * beta)),
);
elementwise("LogSigmoid", (x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x))), (x) => logistic(-x));
elementwise("Softsign", (x) => x / (1 + Math.abs(x)), (x) => 1 / (1 + Math.abs(x)) ** 2);
elementwise("Hardtanh", (x, { low, high }) => Math.min(Math.max(x, low), high), (x, z, { low, high }) => (x > low && x < high ? 1 : 0));
elementwise("Gelu", (x) => x * normalCdf(x), (x) => normalCdf(x) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI));
elementwise(
  "GeluTanh",
  (x) => 0.5 * x * (1 + geluTanh(x)),
  (x) => 0.5 * (1 + geluTanh(x)) + 0.5 * x * (1 - geluTanh(x) ** 2) * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x),
);
elementwise("Exp", Math.exp, (x, z) => z);
elementwise("Log", (x, { base }) => Math.log(x) / Math.log(base), (x, z, { base }) => 1 / (x * Math.log(base)));
elementwise("Sqrt", Math.sqrt, (x, z) => 1 / (2 * z));
elementwise("Rsqrt", (x) => 1 / Math.sqrt(x), (x, z) => -0.5 * z ** 3);
elementwise("Square", (x) => x * x, (x) => 2 * x);
elementwise("Reciprocal", (x) => 1 / x, (x, z) => -z * z);
elementwise("Abs", Math.abs, (x) => Math.sign(x));
elementwise("Neg", (x) => -x, () => -1);
elementwise("Sin", Math.sin, (x) => Math.cos(x));
elementwise("Cos", Math.cos, (x) => -Math.sin(x));

const geluTanh = (x) => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));

// Φ(x) by its series 1/2 + φ(x) (x + x³/3 + x⁵/15 + ...); beyond 8 it is 0 or 1.
function normalCdf(x) {
  if (Math.abs(x) > 8) return x > 0 ? 1 : 0;
  let [sum, share] = [x, x];
  for (let n = 3; Math.abs(share) > 1e-17 * Math.abs(sum); n += 2) sum += share *= (x * x) / n;
  return 0.5 + (sum * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
}
