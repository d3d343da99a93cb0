// Both pages: scoring and snippets on /docs, refreshing on /. Loads nothing from elsewhere and writes foreign text only
// as text. All addresses are relative, so that the pages work behind a path prefix.
"use strict";

const $ = (id) => document.getElementById(id);
const address = new URL("score", document.baseURI).href;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const done = await copy($(button.dataset.copy));
  button.textContent = done ? "Copied" : "Press Ctrl+C";
  setTimeout(() => (button.textContent = "Copy"), 1500);
});

// The clipboard is closed to pages without TLS: then the text is selected for the reader to copy.
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  }
}

if (document.body.dataset.page === "docs") docs();
else status();

function docs() {
  const facts = JSON.parse($("facts").textContent);
  const example = $("body").value;
  let language = "curl";

  const isCsv = () => $("shape").value === "csv";
  const mediaType = () => (isCsv() ? "text/csv" : "application/json");

  // The example row in each form that /score takes.
  const forms = {
    records: () => [facts.record],
    columns: () => Object.fromEntries(facts.features.map((name) => [name, [facts.record[name]]])),
    split: () => ({ columns: facts.features, index: [0], data: forms.rows() }),
    rows: () => [facts.features.map((name) => facts.record[name])],
  };

  function csv() {
    const cell = (value) => {
      const text = String(value);
      return /[",\r\n]/.test(text) || text === "" ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const values = facts.features.map((name) => facts.record[name]);
    return [facts.features, values].map((row) => row.map(cell).join(",")).join("\n") + "\n";
  }

  const chosen = () => [...document.querySelectorAll("input[name=output]:checked")].map((box) => box.value);
  const outputs = () => {
    const names = chosen();
    return names.length && names.join() !== facts.defaultOutput ? names : null;
  };

  function fill() {
    if (isCsv()) $("body").value = csv();
    else {
      const request = { input_data: forms[$("shape").value]() };
      if (outputs()) request.params = { outputs: outputs() };
      $("body").value = JSON.stringify(request, null, 2);
    }
    changed();
  }

  // Writes the outputs into the request as it stands, whatever the reader made of it.
  function applyOutputs() {
    const request = parsed($("body").value);
    if (isCsv() || !request || typeof request !== "object" || Array.isArray(request)) return changed();
    const { outputs: _, ...params } = request.params ?? {};
    if (outputs()) params.outputs = outputs();
    if (Object.keys(params).length) request.params = params;
    else delete request.params;
    $("body").value = JSON.stringify(request, null, 2);
    changed();
  }

  function changed() {
    let hint = "";
    // NaN and Infinity are no JSON, but scorelet reads them as Python does: no complaint about those.
    if (!isCsv() && !/\b(NaN|Infinity)\b/.test($("body").value)) {
      try {
        JSON.parse($("body").value);
      } catch (error) {
        hint = `Not JSON: ${error.message}`;
      }
    }
    $("hint").textContent = hint;
    $("snippet").textContent = language === "curl" ? curl() : python();
  }

  function curl() {
    const blanks = /("(?:[^"\\]|\\.)*")|([[{])\s+|\s+([\]}])|\s+/g;
    const kept = (_, text, open, close) => text ?? open ?? close ?? " ";
    const body = isCsv() ? $("body").value : $("body").value.replace(blanks, kept).trim();
    const quoted = body.replaceAll("'", "'\\''");
    const data = isCsv() ? "--data-binary" : "-d";
    return `curl -sS ${address} \\\n  -H 'Content-Type: ${mediaType()}' \\\n  ${data} '${quoted}'`;
  }

  function python() {
    const word = (token) => ({ true: "True", false: "False", null: "None" })[token] ?? token;
    const body =
      isCsv() || parsed($("body").value) === null
        ? `    data=${JSON.stringify($("body").value)},\n    headers={"Content-Type": "${mediaType()}"},`
        : `    json=${indented($("body").value, "    ", word).replaceAll("\n", "\n    ")},`;
    const result = facts.twice ? "json.loads(reply.json())" : "reply.json()";
    return (
      `${facts.twice ? "import json\n" : ""}import requests\n\n` +
      `reply = requests.post(\n    ${JSON.stringify(address)},\n${body}\n    timeout=10,\n)\n` +
      `reply.raise_for_status()\nprint(${result})`
    );
  }

  async function send(event) {
    event?.preventDefault();
    if ($("send").disabled) return;
    $("send").disabled = true;
    $("verdict").className = "quiet";
    $("verdict").textContent = "scoring…";
    const started = performance.now();
    try {
      const headers = { "Content-Type": mediaType() };
      const reply = await fetch(address, { method: "POST", headers, body: $("body").value });
      const text = await reply.text();
      show(reply, text, performance.now() - started);
    } catch (error) {
      $("verdict").className = "code s5";
      $("verdict").textContent = "no answer";
      $("reply").textContent = error.message;
      $("headers").replaceChildren();
    } finally {
      $("send").disabled = false;
    }
  }

  function show(reply, text, milliseconds) {
    $("verdict").className = `code s${Math.floor(reply.status / 100)}`;
    $("verdict").textContent = `${reply.status} · ${milliseconds.toFixed(1)} ms · ${new Blob([text]).size} bytes`;
    const value = parsed(text);
    const json = typeof value === "string" ? value : text;
    const shown = parsed(json) === null ? text : indented(json, "  ");
    $("reply").textContent = shown.length > 200_000 ? `${shown.slice(0, 200_000)}…` : shown;
    const names = ["x-request-id", "x-ms-run-fn-exec-ms", "x-ms-run-function-failed", "retry-after"];
    const pairs = names.filter((name) => reply.headers.has(name)).flatMap((name) => [
      element("dt", name),
      element("dd", reply.headers.get(name)),
    ]);
    $("headers").replaceChildren(...pairs);
  }

  function choose(next) {
    language = next;
    for (const name of ["curl", "python"]) $(`as-${name}`).setAttribute("aria-pressed", String(name === next));
    changed();
  }

  $("form").addEventListener("submit", send);
  $("body").addEventListener("input", changed);
  $("body").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send(event);
  });
  $("shape").addEventListener("change", fill);
  $("restore").addEventListener("click", () => {
    $("form").reset();
    $("body").value = example;
    changed();
  });
  for (const box of document.querySelectorAll("input[name=output]")) box.addEventListener("change", applyOutputs);
  for (const name of ["curl", "python"]) $(`as-${name}`).addEventListener("click", () => choose(name));
  $("filter")?.addEventListener("input", () => {
    const wanted = $("filter").value.toLowerCase();
    for (const row of $("table").tBodies[0].rows) row.hidden = !row.cells[1].textContent.toLowerCase().includes(wanted);
  });
  changed();
}

function status() {
  const every = 5000;
  let paused = false;
  let asked = Date.now();
  $("curl").textContent = $("curl").textContent.replace("http://127.0.0.1:5001/score", address);

  // #live is rebuilt at each refresh, so its button is bound again each time.
  function bind(lost) {
    $("refresh").hidden = false;
    $("refresh").classList.toggle("lost", lost);
    const time = new Date().toLocaleTimeString();
    if (lost) $("when").textContent = `no answer since ${$("when").dataset.time ?? time}`;
    else {
      $("when").textContent = `as of ${time}`;
      $("when").dataset.time = time;
    }
    $("pause").setAttribute("aria-pressed", String(paused));
    $("pause").textContent = paused ? "Resume" : "Pause";
    $("pause").onclick = () => {
      paused = !paused;
      $("pause").setAttribute("aria-pressed", String(paused));
      $("pause").textContent = paused ? "Resume" : "Pause";
      if (!paused) refresh();
    };
  }

  async function refresh() {
    if (paused || document.hidden) return;
    try {
      const reply = await fetch(document.baseURI, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(every) });
      const fresh = new DOMParser().parseFromString(await reply.text(), "text/html").getElementById("live");
      const focused = document.activeElement?.id;
      if (!fresh) throw new Error("not the status page");
      const before = Number($("rate").dataset.total);
      $("live").replaceWith(fresh);
      bind(false);
      const seconds = (Date.now() - asked) / 1000;
      const rate = (Number($("rate").dataset.total) - before) / seconds;
      // Fewer requests than before: the server was started anew.
      if (rate >= 0) $("rate").textContent = `${rate.toFixed(rate < 10 ? 1 : 0)} per second now`;
      asked += seconds * 1000;
      if (focused) $(focused)?.focus();
    } catch {
      bind(true);
    }
  }

  bind(false);
  setInterval(refresh, every);
  document.addEventListener("visibilitychange", refresh);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

// JSON text with line breaks; innermost lists stay on one line. Works on the text, since parsing would turn the label
// 1.0 into 1 and round large integers. `word` may respell the words and numbers.
function indented(json, step, word = (token) => token) {
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  const open = []; // for each open bracket, whether it stays on one line
  const newline = () => "\n" + step.repeat(open.length);
  let out = "";
  tokens.forEach((token, i) => {
    if (token === "{" || token === "[") {
      let next = i + 1;
      while (next < tokens.length && !"{}[]".includes(tokens[next])) next += 1;
      open.push((token === "[" && tokens[next] === "]") || tokens[i + 1] === "}");
      out += open.at(-1) ? token : token + newline();
    } else if (token === "}" || token === "]") {
      out += open.pop() ? token : newline() + token;
    } else if (token === ",") out += open.at(-1) ? ", " : "," + newline();
    else if (token === ":") out += ": ";
    else out += token.startsWith('"') ? token : word(token);
  });
  return out;
}
