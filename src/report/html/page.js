"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const dialog = byId("detail");
/** Every cell that can be gone to: rows of { button, env, column }. */
const lines = [];
let wantedState = "";
let last = null;

/** An element with a class and what is in it; texts are texts. */
function make(tag, name, ...inside) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...inside.filter((one) => one !== null && one !== undefined && one !== ""));
  return element;
}

function time(seconds) {
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  if (seconds < 10) return seconds.toFixed(2) + "s";
  if (seconds < 60) return seconds.toFixed(1) + "s";
  if (seconds < 3600) return Math.floor(seconds / 60) + "m" + two(seconds % 60) + "s";
  return Math.floor(seconds / 3600) + "h" + two((seconds / 60) % 60) + "m";
}

const BAD = ["failed", "timed-out", "out-of-memory", "error", "interrupted"];

/** The class of a state's colours. */
function look(state, allowed) {
  if (BAD.includes(state)) return allowed ? "warn" : "bad";
  return state === "passed" ? "good" : "dim";
}

function sign(state) {
  if (BAD.includes(state)) return "✕";
  return state === "passed" ? "✓" : "–";
}

/** What a cell says beside its state. */
function more(env) {
  const bad = env.stages.find((stage) => BAD.includes(stage.state) && !stage.allowed);
  if (bad) return bad.name;
  if (env.stages.some((stage) => stage.state === "passed" && !stage.cached)) return time(env.seconds);
  return env.state === "passed" && env.stages.length ? "cached" : "";
}

function cell(index, column, line) {
  const env = data.envs[index];
  const button = make("button", "cell " + look(env.state, false),
    make("span", "of", column), make("span", "", sign(env.state)), make("b", "", env.state),
    env.change ? make("span", "change", env.change) : null, make("span", "more", more(env)));
  button.type = "button";
  button.tabIndex = -1;
  button.setAttribute("aria-label", [env.name, env.state, env.change, more(env)].filter(Boolean).join(", "));
  button.title = env.name;
  button.addEventListener("click", () => open(env, button));
  line.cells.push({ button, env, text: words(env) });
  return button;
}

/** All that the text filter looks at. */
function words(env) {
  const stages = env.stages.flatMap((stage) => [stage.name, stage.state, stage.command, stage.reason,
    ...stage.missing, ...stage.tail, ...stage.onFailure]);
  return [env.name, env.state, env.change, env.problem, ...env.nameless, ...stages].join("\n").toLowerCase();
}

function table(columns, rows, caption) {
  const grid = make("table", "grid");
  grid.setAttribute("aria-label", caption);
  const head = make("tr", "", make("th", ""), ...columns.map((column) => make("th", "", column)));
  if (columns.length > 1) grid.append(make("thead", "", head));
  const body = make("tbody", "");
  for (const row of rows) {
    const line = { cells: [], row: make("tr", "") };
    const name = make("th", "name", row.name);
    name.scope = "row";
    line.row.append(name);
    row.cells.forEach((index, at) => {
      const inside = index === null ? make("span", "none", "·") : cell(index, columns[at], line);
      line.row.append(make("td", "", inside));
    });
    body.append(line.row);
    lines.push(line);
  }
  grid.append(body);
  byId("tables").append(grid);
}

function chip(word, count, filter) {
  const button = make("button", "chip", word + " ", make("b", "", String(count)));
  button.type = "button";
  button.setAttribute("aria-pressed", String(filter === wantedState));
  button.addEventListener("click", () => {
    wantedState = filter === wantedState ? "" : filter;
    for (const other of byId("states").children) other.setAttribute("aria-pressed", "false");
    (wantedState ? button : byId("states").firstChild).setAttribute("aria-pressed", "true");
    sift();
  });
  byId("states").append(button);
}

/** Shows what the filters want. */
function sift() {
  const wanted = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const line of lines) {
    let any = false;
    for (const one of line.cells) {
      const state = !wantedState || one.env.state === wantedState || one.env.change === wantedState;
      one.out = !state || !wanted.every((word) => one.text.includes(word));
      one.button.classList.toggle("out", one.out);
      one.button.disabled = one.out;
      any = any || !one.out;
      shown += one.out ? 0 : 1;
    }
    line.row.hidden = !any;
  }
  byId("empty").hidden = shown > 0;
  byId("shown").textContent = shown === data.envs.length ? data.envs.length + " environments"
    : shown + " of " + data.envs.length + " environments";
  stop(current() || first());
}

/** Cells that are shown, as a list of lists with their places. */
function places() {
  return lines.filter((line) => !line.row.hidden);
}

function first() {
  const line = places()[0];
  return line ? line.cells.find((one) => !one.out) : null;
}

function current() {
  const all = lines.flatMap((line) => line.cells);
  return all.find((one) => one.button.tabIndex === 0 && !one.out) || null;
}

/** The one cell that Tab stops at. */
function stop(one) {
  for (const line of lines) for (const other of line.cells) other.button.tabIndex = -1;
  if (one) one.button.tabIndex = 0;
}

function go(one) {
  if (!one) return;
  stop(one);
  one.button.focus();
  one.button.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** The nearest cell of a line to a place on the screen. */
function nearest(line, x) {
  const inside = line.cells.filter((one) => !one.out);
  const far = (one) => Math.abs(one.button.getBoundingClientRect().left - x);
  return inside.reduce((best, one) => (best && far(best) <= far(one) ? best : one), null);
}

function move(key, button) {
  const shown = places();
  const at = shown.findIndex((line) => line.cells.some((one) => one.button === button));
  if (at < 0) return;
  const inside = shown[at].cells.filter((one) => !one.out);
  const here = inside.findIndex((one) => one.button === button);
  const x = button.getBoundingClientRect().left;
  if (key === "ArrowRight") go(inside[here + 1]);
  if (key === "ArrowLeft") go(inside[here - 1]);
  if (key === "ArrowDown" && shown[at + 1]) go(nearest(shown[at + 1], x));
  if (key === "ArrowUp" && shown[at - 1]) go(nearest(shown[at - 1], x));
  if (key === "Home") go(first());
  if (key === "End") go(shown[shown.length - 1].cells.filter((one) => !one.out).pop());
}

function facts(list, ...pairs) {
  for (const [name, value] of pairs) {
    if (value) list.append(make("dt", "", name), make("dd", "", value));
  }
  return list;
}

function output(label, text, name) {
  return text.length ? [make("p", "label", label), make("pre", name || "", text.join("\n"))] : [];
}

/** All that is known of a stage that has something to say. */
function about(stage) {
  const told = [make("h3", "", stage.name, " ", make("span", "badge " + look(stage.state, stage.allowed), stage.state))];
  told.push(facts(make("dl", ""), ["reason", stage.reason], ["written at", stage.place && make("code", "", stage.place)],
    ["missing packages", stage.missing.join(", ")], ["package sources", stage.sources], ["not pushed", stage.notPushed],
    ["log", stage.log && make("code", "", stage.log)]));
  told.push(...output("Command", stage.command ? [stage.command] : [], "wrap"));
  told.push(...output("Last lines", stage.tail), ...output("on-failure", stage.onFailure));
  return told;
}

function stages(env) {
  const longest = Math.max(...env.stages.map((stage) => stage.seconds), 0.001);
  const head = make("tr", "", ...["stage", "state", "time"].map((word) => make("th", word === "time" ? "time" : "", word)));
  const rows = env.stages.map((stage) => {
    const bar = make("div", "bar");
    bar.style.width = (100 * stage.seconds) / longest + "%";
    const marks = stage.marks.length ? " (" + stage.marks.join(", ") + ")" : "";
    const was = stage.was === null ? "" : " was " + time(stage.was);
    const took = stage.cached || stage.state === "not-run" ? "" : time(stage.seconds);
    return make("tr", "", make("td", "name", stage.name),
      make("td", "", make("span", "badge " + look(stage.state, stage.allowed), stage.word), marks),
      make("td", "time", took, make("span", "facts", was), took ? bar : null));
  });
  return make("table", "stages", make("thead", "", head), make("tbody", "", ...rows));
}

function open(env, button) {
  last = button;
  const name = make("h2", "name", env.name);
  name.id = "name";
  const close = make("button", "close", "Close");
  close.type = "button";
  close.addEventListener("click", () => dialog.close());
  const body = make("div", "body", make("p", "facts", make("span", "badge " + look(env.state, false), env.state), " ",
    env.change ? make("span", "change", env.change) : null, " ",
    [time(env.seconds), env.started].filter(Boolean).join(" · ")));
  if (env.problem) body.append(make("pre", "wrap", env.problem));
  if (env.stages.length) body.append(stages(env));
  if (env.nameless.length) {
    body.append(facts(make("dl", ""), ["packages without a name here", env.nameless.join(", ")]));
  }
  for (const stage of env.stages) {
    const says = stage.command || stage.tail.length || stage.missing.length || stage.reason || stage.notPushed;
    if (BAD.includes(stage.state) || says) body.append(...about(stage));
  }
  if (BAD.includes(env.state)) {
    body.append(make("h3", "", "Go on"), make("pre", "wrap", env.next.join("\n")));
  }
  dialog.replaceChildren(make("div", "top", name, close), body);
  dialog.showModal();
  dialog.scrollTop = 0;
  close.focus();
  history.replaceState(null, "", "#" + encodeURIComponent(env.name));
}

dialog.addEventListener("close", () => {
  history.replaceState(null, "", location.pathname + location.search);
  if (last) last.focus();
});
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
document.addEventListener("keydown", (event) => {
  if (dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = document.activeElement === byId("filter");
  if (event.key === "/" && !typing) {
    byId("filter").focus();
    byId("filter").select();
    event.preventDefault();
  } else if (typing && (event.key === "ArrowDown" || event.key === "Enter")) {
    go(first());
    event.preventDefault();
  } else if (typing && event.key === "Escape") {
    byId("filter").value = "";
    sift();
    event.preventDefault();
  } else if (/^(Arrow|Home$|End$)/.test(event.key) && document.activeElement.classList.contains("cell")) {
    move(event.key, document.activeElement);
    event.preventDefault();
  }
});

byId("title").textContent = data.title;
document.title = data.title + " · runenv report";
byId("when").textContent = data.when;
if (data.rows.length) table(data.columns, data.rows, "systems and configurations");
if (data.others.length) {
  table(["result"], data.others.map((index) => ({ name: data.envs[index].name, cells: [index] })), "environments");
}
chip("all", data.envs.length, "");
for (const [word, count] of Object.entries(data.counts)) if (count) chip(word, count, word);
for (const [word, count] of Object.entries(data.changes)) if (count) chip(word, count, word);
byId("filter").addEventListener("input", sift);
sift();
/** The environment that the address names. */
function linked() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

const named = linked();
const found = lines.flatMap((line) => line.cells).find((one) => one.env.name === named);
if (found) {
  stop(found);
  open(found.env, found.button);
}
