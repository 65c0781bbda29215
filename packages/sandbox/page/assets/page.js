// Keeps the page up to date from the sandbox's stream of events. What is put in is HTML that the sandbox has escaped.
const MOST_ENTRIES = 200;

const connection = document.getElementById("connection");
const log = document.getElementById("log");
const pause = document.getElementById("pause");
const filter = document.getElementById("filter");

/** Entries that came while the log was paused, oldest first. */
let held = [];

function isPaused() {
  return pause.getAttribute("aria-pressed") === "true";
}

function add(entries) {
  log.insertAdjacentHTML("afterbegin", entries.toReversed().join(""));
  while (log.children.length > MOST_ENTRIES) log.lastElementChild.remove();
}

function showConnection(text, tone) {
  connection.textContent = text;
  connection.className = `badge ${tone}`;
}

function showPaused() {
  const waiting = held.length === 0 ? "" : ` (${held.length} waiting)`;
  pause.textContent = isPaused() ? `Go on${waiting}` : "Pause";
}

pause.addEventListener("click", () => {
  pause.setAttribute("aria-pressed", String(!isPaused()));
  if (!isPaused()) {
    add(held);
    held = [];
  }
  showPaused();
});

filter.addEventListener("change", () => {
  log.dataset.filter = filter.value;
});

const events = new EventSource("/__page__/events");
events.addEventListener("open", () => showConnection("live", "good"));
events.addEventListener("error", () => showConnection("not connected", "wrong"));
events.addEventListener("section", ({ data }) => {
  const { id, html } = JSON.parse(data);
  document.getElementById(id).innerHTML = html;
});
events.addEventListener("log", ({ data }) => {
  held = [];
  log.replaceChildren();
  add(JSON.parse(data));
  showPaused();
});
events.addEventListener("requests", ({ data }) => {
  const entries = JSON.parse(data);
  if (isPaused()) held = [...held, ...entries].slice(-MOST_ENTRIES);
  else add(entries);
  showPaused();
});
