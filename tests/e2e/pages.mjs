// Loads /docs and / from a running scorelet in headless Chromium, uses them as a person would, and compares what they
// show with what the server answers. Any console message, page error or request to elsewhere is a failure.
//     npm ci && node pages.mjs        SCORELET_BIN and CHROMIUM name other binaries
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const binary = process.env.SCORELET_BIN ?? join(target, "debug", "scorelet");
const sample = join(root, "scoring", "model_bundle.pkl");
const corpus = join(root, "tests", "fixtures", "corpus", "1.9.1");
const scratch = mkdtempSync(join(tmpdir(), "scorelet-e2e-"));
const quiet = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
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

function equal(actual, expected, what) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`${what} is ${a}, expected ${b}`);
}

function ok(condition, what) {
  if (!condition) throw new Error(what);
}

// Runs `scorelet serve` on a free port for as long as `use` takes.
async function withServer(model, flags, use) {
  const server = spawn(binary, ["serve", model, "--port", "0", ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => server.on("close", resolve));
  try {
    await use(`http://${await address(server)}`);
  } finally {
    server.kill("SIGTERM");
    await ended;
  }
}

function address(server) {
  return new Promise((resolve, reject) => {
    const said = [];
    for (const stream of [server.stdout, server.stderr]) {
      createInterface(stream).on("line", (line) => {
        said.push(line);
        const found = line.match(/listening on (?:http:\/\/)?([\d.]+:\d+)/) ?? line.match(/"addr":"([\d.]+:\d+)"/);
        if (found) resolve(found[1]);
      });
    }
    server.on("close", (code) => reject(new Error(`the server ended with ${code}: ${said.join("\n")}`)));
    server.on("error", reject);
  });
}

async function ready(base) {
  for (;;) if ((await fetch(`${base}/health/ready`)).status === 200) return;
}

// A page that fails the check it is used in when the browser complains or asks for anything elsewhere.
async function withPage(browser, base, path, settings, use) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...settings });
  const page = await context.newPage();
  const complaints = [];
  let expected = () => false;
  page.on("console", (message) => expected(message.text()) || complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => complaints.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${base}/`) && !url.startsWith("data:")) complaints.push(`request to ${url}`);
  });
  page.setDefaultTimeout(20_000);
  try {
    await page.goto(base + path);
    await use(page, (filter) => (expected = filter));
    equal(complaints, [], "what the browser complained of");
  } finally {
    await context.close();
  }
}

const text = (page, id) => page.textContent(`#${id}`);

// Presses a button or keys and waits for the reply to be shown.
async function scored(page, act) {
  const replied = page.waitForResponse((reply) => reply.url().endsWith("/score"));
  await act();
  const status = (await replied).status();
  await page.waitForFunction((status) => document.getElementById("verdict").textContent.startsWith(status), `${status} `);
  return { status, shown: JSON.parse(await text(page, "reply")) };
}

async function post(base, body, type = "application/json") {
  const reply = await fetch(`${base}/score`, { method: "POST", headers: { "Content-Type": type }, body });
  const value = await reply.json();
  return typeof value === "string" ? JSON.parse(value) : value;
}

const press = (page) => () => page.click("#send");

async function scoring(browser, base, name) {
  await check(`${name}: Score shows the server's own answer`, () =>
    withPage(browser, base, "/docs", {}, async (page) => {
      const body = await page.inputValue("#body");
      const before = JSON.parse(await text(page, "reply"));
      const { status, shown } = await scored(page, press(page));
      equal(status, 200, "status");
      equal(shown, await post(base, body), "reply");
      equal(JSON.stringify(before) === JSON.stringify(shown) || typeof before === "string", true, "the example told the truth");
      ok((await text(page, "headers")).includes("x-request-id"), "no request id is shown");
      await page.fill("#body", body.replace(/\s+/g, " "));
      const keys = await scored(page, () => page.press("#body", "Control+Enter"));
      equal(keys.shown, shown, "reply to Ctrl+Enter");
    }));
  await check(`${name}: every form gives the same predictions`, () =>
    withPage(browser, base, "/docs", {}, async (page) => {
      const { shown } = await scored(page, press(page));
      for (const form of await page.$$eval("#shape option", (options) => options.map((option) => option.value))) {
        await page.selectOption("#shape", form);
        equal((await scored(page, press(page))).shown, shown, form);
      }
    }));
  await check(`${name}: the curl snippet does what the button does`, () =>
    withPage(browser, base, "/docs", {}, async (page) => {
      const { shown } = await scored(page, press(page));
      for (const form of await page.$$eval("#shape option", (options) => options.map((option) => option.value))) {
        await page.selectOption("#shape", form);
        const answer = JSON.parse(execFileSync("bash", ["-c", await text(page, "snippet")], { encoding: "utf8" }));
        equal(typeof answer === "string" ? JSON.parse(answer) : answer, shown, `curl with ${form}`);
      }
      await page.click("#as-python");
      const source = await text(page, "snippet");
      execFileSync("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], { input: source });
      ok(source.includes(`${base}/score`), "the Python snippet names another server");
    }));
  await check(`${name}: the status page counts and refreshes`, () =>
    withPage(browser, base, "/", {}, async (page) => {
      await text(page, "when");
      const total = () => page.$eval("#rate", (rate) => Number(rate.dataset.total));
      const before = await total();
      await post(base, "{}");
      await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
      await page.waitForFunction((before) => Number(document.getElementById("rate").dataset.total) > before, before);
      await page.waitForFunction(() => document.getElementById("rate").textContent.endsWith("per second now"));
      ok((await page.textContent("#live")).includes("Ready"), "not ready");
      await page.click("#pause");
      equal(await text(page, "pause"), "Resume", "button after Pause");
    }));
}

async function mistakes(browser, base) {
  await check("broken JSON: a hint while typing, and the server's own error", () =>
    withPage(browser, base, "/docs", {}, async (page, expect) => {
      expect((message) => message.includes("400 (Bad Request)"));
      await page.fill("#body", '{"input_data": [');
      ok((await text(page, "hint")).startsWith("Not JSON"), "no hint");
      const { status, shown } = await scored(page, press(page));
      equal(status, 400, "status");
      equal(shown.code, "malformed_json", "code");
      await page.click("#restore");
      equal(await text(page, "hint"), "", "hint after Reset");
      equal((await scored(page, press(page))).status, 200, "status after Reset");
    }));
  await check("outputs: the boxes write into the request", () =>
    withPage(browser, base, "/docs", {}, async (page) => {
      const names = await page.$$eval("input[name=output]", (boxes) => boxes.map((box) => box.value));
      ok(names.length > 1, "only one output");
      for (const name of names) await page.check(`input[value=${name}]`);
      equal(JSON.parse(await page.inputValue("#body")).params, { outputs: names }, "params");
      const { shown } = await scored(page, press(page));
      const keys = names.map((name) => (name === "predict" ? "predictions" : name));
      equal(Object.keys(shown), [...keys, "model_version"], "keys of the reply");
    }));
  await check("a server that is gone", () =>
    withPage(browser, base, "/docs", {}, async (page, expect) => {
      expect((message) => message.includes("ERR_FAILED"));
      await page.route("**/score", (route) => route.abort());
      await page.click("#send");
      await page.waitForFunction(() => document.getElementById("verdict").textContent === "no answer");
    }));
}

// WCAG AA: 4.5 to 1 for every piece of text against what is behind it.
const contrasts = () => {
  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, alpha = 1] = parse(getComputedStyle(at).backgroundColor);
      if (alpha > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.getClientRects().length) continue;
    const [a, b] = [parse(getComputedStyle(element).color), behind(element)].map(luminance);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return poor;
};

async function looks(browser, base, name) {
  for (const path of ["/docs", "/"]) {
    for (const colorScheme of ["light", "dark"]) {
      for (const width of [1280, 360]) {
        const settings = { colorScheme, viewport: { width, height: 800 } };
        await check(`${name}: ${path} ${colorScheme} at ${width} pixels is legible and fits`, () =>
          withPage(browser, base, path, settings, async (page) => {
            equal(await page.evaluate(contrasts), [], "text of low contrast");
            const over = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
            equal(await page.evaluate(over), 0, "pixels beyond the screen");
            const unnamed = () =>
              [...document.querySelectorAll("button, input, select, textarea, a")]
                .filter((e) => !(e.textContent.trim() || e.labels?.length || e.ariaLabel)).length;
            equal(await page.evaluate(unnamed), 0, "controls without a name");
          }));
      }
    }
    await check(`${name}: ${path} says the same without JavaScript`, () =>
      withPage(browser, base, path, { javaScriptEnabled: false }, async (page) => {
        ok((await page.textContent("main")).includes("curl -sS"), "no example");
      }));
  }
}

// The sample with feature names of the same length that would be markup.
function hostileBundle() {
  const renames = { sensor_2: "<img/x>", sensor_3: "</pre>", sensor_4: "\"'><b>", sensor_5: "</script", time: "<hr>" };
  let bytes = readFileSync(sample).toString("latin1");
  for (const [from, to] of Object.entries(renames)) {
    ok(bytes.includes(from), `the sample has no ${from}`);
    bytes = bytes.replaceAll(from, to.padEnd(from.length, ">"));
  }
  const path = join(scratch, "hostile.pkl");
  writeFileSync(path, bytes, "latin1");
  return path;
}

async function hostile(browser, base) {
  for (const path of ["/docs", "/"]) {
    await check(`hostile names: ${path} shows them as text`, () =>
      withPage(browser, base, path, {}, async (page) => {
        const main = await page.textContent("main");
        for (const name of ["<img/x>", "</pre>", "\"'><b>", "</script", "<hr>"]) ok(main.includes(name), `no ${name}`);
        equal(await page.$$eval("main img, main b, main hr", (elements) => elements.length), 0, "elements from names");
      }));
  }
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: quiet });
const session = (model, flags, use) =>
  withServer(model, flags, async (base) => {
    await ready(base);
    await use(base);
  });
try {
  await session(sample, [], async (base) => {
    await scoring(browser, base, "sample");
    await mistakes(browser, base);
    await looks(browser, base, "sample");
  });
  await session(sample, ["--reply", "azureml"], (base) => scoring(browser, base, "azureml"));
  for (const name of ["rf_clf_object", "hgb_clf_category_words", "rf_clf_multioutput_text", "bundle_unicode", "pipe_transform_only"]) {
    const bundle = join(corpus, `${name}.p4.pkl`);
    ok(existsSync(bundle), `there is no ${bundle}`);
    await session(bundle, [], (base) => scoring(browser, base, name));
  }
  await session(hostileBundle(), [], async (base) => {
    await scoring(browser, base, "hostile names");
    await hostile(browser, base);
    await looks(browser, base, "hostile names");
  });
} finally {
  await browser.close();
  rmSync(scratch, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
