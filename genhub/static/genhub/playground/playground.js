// Shows each request of the panel as curl, Python and JavaScript would send it, and what came back; and what the hub says
// by itself while it draws.

const list = document.querySelector("#sent");
const news = document.querySelector("#news");
const LONGEST_TEXT = 200;
const MOST_SHOWN = 100;
const KEY = "$GENHUB_KEY";

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const SAID_IN = {
  curl({ method, address, body }) {
    const lines = [`curl -sS -X ${method} ${quote(address)}`, `-H "Authorization: Bearer ${KEY}"`];
    if (body !== undefined) lines.push("-H 'Content-Type: application/json'", `-d ${quote(JSON.stringify(body))}`);
    return lines.join(" \\\n  ");
  },
  Python({ method, address, body }) {
    const lines = [
      "import json, os, urllib.request", "",
      "asked = urllib.request.Request(", `    ${JSON.stringify(address)},`, `    method=${JSON.stringify(method)},`,
    ];
    if (body !== undefined) lines.push(`    data=json.dumps(json.loads(${JSON.stringify(JSON.stringify(body))})).encode(),`);
    lines.push(
      '    headers={"Authorization": f"Bearer {os.environ[\'GENHUB_KEY\']}", "Content-Type": "application/json"},', ")",
      "with urllib.request.urlopen(asked) as answer:", "    print(json.load(answer))",
    );
    return lines.join("\n");
  },
  JavaScript({ method, address, body }) {
    const lines = [
      `const answer = await fetch(${JSON.stringify(address)}, {`, `  method: ${JSON.stringify(method)},`,
      '  headers: { Authorization: `Bearer ${process.env.GENHUB_KEY}`, "Content-Type": "application/json" },',
    ];
    if (body !== undefined) lines.push(`  body: JSON.stringify(${JSON.stringify(body)}),`);
    lines.push("});", "console.log(await answer.json());");
    return lines.join("\n");
  },
};

function make(tag, words = {}, ...children) {
  const element = Object.assign(document.createElement(tag), words);
  element.append(...children);
  return element;
}

function drawTabs(traffic) {
  const code = make("pre", { tabIndex: 0 });
  const tabs = make("div", { role: "tablist", ariaLabel: list.dataset.request });
  for (const [name, say] of Object.entries(SAID_IN)) {
    const tab = make("button", { type: "button", role: "tab", textContent: name, onclick: () => {
      for (const other of tabs.children) other.ariaSelected = String(other === tab);
      code.textContent = say(traffic);
    } });
    tabs.append(tab);
  }
  tabs.firstElementChild.click();
  const copy = make("button", { type: "button", textContent: list.dataset.copy, onclick: () => navigator.clipboard.writeText(code.textContent) });
  return make("div", {}, tabs, code, copy);
}

document.addEventListener("genhub-traffic", ({ detail }) => {
  const { method, address, status, answer } = detail;
  const { pathname, search } = new URL(address);
  const fold = make("details", {}, make("summary", { className: status < 400 ? "" : "refused" }, `${method} ${pathname}${search} → ${status}`));
  // Drawn once somebody looks: most are never opened.
  fold.addEventListener("toggle", () => {
    const raw = make("pre", { tabIndex: 0, textContent: JSON.stringify(answer, null, 2) });
    fold.append(drawTabs(detail), make("p", { textContent: list.dataset.answer }), raw);
  }, { once: true });
  list.prepend(make("li", {}, fold));
  while (list.children.length > MOST_SHOWN) list.lastElementChild.remove();
});

// A preview is a picture as text: its beginning says that.
const shorten = (_, value) => (typeof value === "string" && value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value);

document.addEventListener("genhub-news", ({ detail }) => {
  const { address, id, event, data } = detail;
  const { progress, task } = data;
  const step = task?.status ?? (progress === undefined ? "" : `${Math.round(100 * progress)} %`);
  const fold = make("details", {}, make("summary", {}, `${event} ${id} ${step}`.trim()));
  fold.addEventListener("toggle", () => {
    fold.append(make("p", { textContent: new URL(address).pathname }), make("pre", { tabIndex: 0, textContent: JSON.stringify(data, shorten, 2) }));
  }, { once: true });
  news.prepend(make("li", {}, fold));
  while (news.children.length > MOST_SHOWN) news.lastElementChild.remove();
});
