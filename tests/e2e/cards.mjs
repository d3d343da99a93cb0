// Trains models of every kind and looks at their model cards in headless Chromium: light and dark, narrow and wide. Any
// console message, error or request is a failure; what the card shows is what metrics.json says.
//     node cards.mjs [FOLDER]      keeps screenshots in FOLDER; SCORELET_BIN and CHROMIUM name other binaries
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const binary = process.env.SCORELET_BIN ?? join(process.env.CARGO_TARGET_DIR ?? join(root, "target"), "debug", "scorelet");
const scratch = mkdtempSync(join(tmpdir(), "scorelet-cards-"));
const shots = process.argv[2];
if (shots) mkdirSync(shots, { recursive: true });
let passed = 0;
let failed = 0;

async function check(name, run) {
  try {
    await run();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.stack ?? error}`);
  }
}

function ok(condition, what) {
  if (!condition) throw new Error(what);
}

// 400 rows of numbers, texts and labels, without chance; names are given in the order of the columns.
function table(names, labels) {
  const wave = (i, k) => Math.sin(i * k) * 3 + ((i * 7919) % 101) / 50;
  const rows = Array.from({ length: 400 }, (_, i) => {
    const [a, b] = [wave(i, 0.7), wave(i, 1.3)];
    const label = labels[Math.abs(Math.floor(a + b + ((i * 31) % 13) / 20)) % labels.length];
    return [a.toFixed(4), b.toFixed(4), ["north", "south", "east"][i % 3], label, (2 * a - b + (i % 5) / 3).toFixed(4)];
  });
  const quoted = (cell) => `"${String(cell).replaceAll('"', '""')}"`;
  return [names, ...rows].map((row) => row.map(quoted).join(",")).join("\n") + "\n";
}

const plain = ["alpha", "beta", "side", "label", "amount"];
const hostile = ["<img src=x onerror=alert(1)>", "</td><script>alert(2)</script>", "\"'><b>", "label", "amount"];
const kinds = {
  binary: [plain, ["no", "yes"], ["--estimator", "random-forest-classifier", "--n-estimators", "20", "--target", "label", "--cv", "3"]],
  classes: [plain, ["a", "b", "c", "d", "e"], ["--estimator", "extra-trees-classifier", "--n-estimators", "10", "--target", "label"]],
  numbers: [plain, ["x", "y"], ["--estimator", "random-forest-regressor", "--n-estimators", "10", "--target", "amount"]],
  anomalies: [plain, ["0", "1"], ["--estimator", "isolation-forest", "--target", "label", "--contamination", "0.1"]],
  unlabelled: [plain, ["0", "1"], ["--estimator", "isolation-forest", "--features", "alpha,beta"]],
  clusters: [plain, ["0", "1"], ["--estimator", "kmeans", "--n-clusters", "3", "--features", "alpha,beta"]],
  everything: [plain, ["no", "yes"], ["--estimator", "decision-tree-classifier", "--target", "label", "--test-size", "0"]],
  hostile: [hostile, ["<i>no</i>", "<script>alert(3)</script>"], ["--estimator", "random-forest-classifier", "--n-estimators", "5", "--target", "label"]],
};

// Trains one model; its card's address and its numbers.
function card(name) {
  const [names, labels, flags] = kinds[name];
  const [data, report, metrics] = [".csv", ".html", ".json"].map((ending) => join(scratch, name + ending));
  writeFileSync(data, table(names, labels));
  execFileSync(binary, ["train", "--data", data, "--output-path", join(scratch, `${name}.bundle`), "--report", report,
    "--metrics", metrics, ...flags], { stdio: ["ignore", "ignore", "ignore"] });
  return { address: pathToFileURL(report).href, said: JSON.parse(readFileSync(metrics)) };
}

async function look(browser, name, { address, said }, width, colorScheme) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
  page.on("request", (request) => request.url() === address || request.url().startsWith("data:") || complaints.push(request.url()));
  try {
    await page.goto(address);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    ok(wide <= 0, `the page is ${wide} pixels wider than the window`);
    const outside = await page.$$eval("svg.plot", (plots) => plots.filter((plot) => {
      const box = plot.getBBox();
      const view = plot.viewBox.baseVal;
      return box.width === 0 || box.x < -1 || box.x + box.width > view.width + 1 || box.y < -1 || box.y + box.height > view.height + 1;
    }).map((plot) => plot.getAttribute("aria-label")));
    ok(outside.length === 0, `drawn outside of its frame: ${outside}`);
    const shown = await page.$$eval("#metrics tbody tr", (rows) => rows.map((row) => [row.cells[1].textContent, row.cells[2].textContent]));
    const expected = Object.entries(said.evaluation.metrics ?? {});
    ok(shown.length === expected.length, `${shown.length} metrics are shown, there are ${expected.length}`);
    for (const [at, [key, value]] of expected.entries()) {
      ok(shown[at][0] === key, `${shown[at][0]} stands where ${key} should`);
      const near = value === null ? shown[at][1] === "–" : Math.abs(Number(shown[at][1]) - value) <= 1e-5 * Math.max(1, Math.abs(value));
      ok(near, `${key} is shown as ${shown[at][1]}, it is ${value}`);
    }
    const dead = await page.$$eval("nav a", (links) => links.filter((a) => !document.querySelector(a.getAttribute("href"))).length);
    ok(dead === 0, `${dead} links lead nowhere`);
    const foreign = await page.$$eval("main img, main b, main i, main script", (found) => found.map((element) => element.outerHTML));
    ok(foreign.filter((html) => !/^<b>[^<]*<\/b>$/.test(html)).length === 0, `elements from names: ${foreign}`);
    const [ground, text] = await page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]);
    const light = (color) => color.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) > 382;
    ok(light(ground) === (colorScheme === "light") && light(text) !== light(ground), `${text} on ${ground} in ${colorScheme}`);
    if (shots) await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    ok(complaints.length === 0, `the browser complained: ${complaints}`);
  } finally {
    await context.close();
  }
}

const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: quiet });
try {
  for (const name of Object.keys(kinds)) {
    let made;
    await check(`${name}: a card is written`, () => { made = card(name); });
    if (!made) continue;
    for (const [width, scheme] of [[1280, "light"], [768, "dark"], [360, "light"]]) {
      await check(`${name}: ${width} pixels, ${scheme}`, () => look(browser, name, made, width, scheme));
    }
  }
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
