/**
 * What runs in a page of ExDoc's, as a server and a reader notice it; not ExDoc's code. See exdoc.ts.
 *
 * Since 0.35, storage is guarded (try/catch) for settings, and not for the state of the sidebar: where a page has
 * no storage (a sandbox), the inline script and everything about the sidebar end with a SecurityError. That is
 * kept here, so that tests find whether whoever serves the page does something about it.
 */

/** At the beginning of each body. */
export const inlineScript = `(() => {
const theme = JSON.parse(localStorage.getItem("ex_doc:settings") || "{}").theme;
if (theme === "dark") document.body.classList.add("dark");
document.body.classList.toggle("sidebar-open", sessionStorage.getItem("sidebar_state") !== "closed");
})();`;

/** dist/html-HASH.js; parts in the order in which ExDoc's bundle has them. */
export const bundle = String.raw`(() => {
const find = (selector) => document.querySelector(selector);
const element = (name, attributes) => Object.assign(document.createElement(name), attributes);
const listen = (name, handler) => window.addEventListener(name, handler);
const thisPage = () => location.pathname.split("/").pop();

// A hint: this page is in a hidden frame of another one, that wants to show what a link leads to.
const isHint = window.self !== window.parent && new URLSearchParams(location.search).has("hint");
if (isHint) {
  const about = document.getElementById(decodeURIComponent(location.hash.slice(1))) || find("#moduledoc");
  const hint = { description: about ? about.textContent.trim() : "" };
  window.parent.postMessage({ hint, href: location.href }, "*");
  return;
}

// Settings
let settings = { theme: null };
try {
  settings = { ...settings, ...JSON.parse(localStorage.getItem("ex_doc:settings") || "{}") };
} catch (error) { console.error("Failed to load settings: " + error); }
function changeSettings(changes) {
  settings = { ...settings, ...changes };
  document.body.classList.toggle("dark", settings.theme === "dark");
  try {
    localStorage.setItem("ex_doc:settings", JSON.stringify(settings));
  } catch (error) { console.error("Failed to persist settings: " + error); }
}
changeSettings({});

// Sidebar: its list is made when it is first open.
listen("exdoc:loaded", () => showSidebar(sessionStorage.getItem("sidebar_state") !== "closed"));
find(".sidebar-toggle").addEventListener("click", toggleSidebar);
function toggleSidebar() {
  const isOpen = !document.body.classList.contains("sidebar-open");
  sessionStorage.setItem("sidebar_state", isOpen ? "open" : "closed");
  showSidebar(isOpen);
}
function showSidebar(isOpen) {
  document.body.classList.toggle("sidebar-open", isOpen);
  const list = find("#sidebar-list-nav");
  const { extras = [], modules = [] } = window.sidebarNodes || {};
  if (!isOpen || list.children.length > 0) return;
  for (const { id, title } of [...extras, ...modules]) {
    const item = element("li");
    item.append(element("a", { href: id + ".html", textContent: title }));
    list.append(item);
  }
}

// Versions, if docs_config.js says which there are.
const versions = window.versionNodes || [];
if (versions.length > 0) {
  const place = find(".sidebar-projectVersion");
  const current = place.textContent.trim();
  const all = versions.some(({ version }) => version === current)
    ? versions : [{ version: current, url: "#" }, ...versions];
  const select = element("select", { className: "sidebar-projectVersionsDropdown" });
  for (const { version, url } of all) {
    const isCurrent = version === current;
    select.append(element("option", { value: url, textContent: version, selected: isCurrent, disabled: isCurrent }));
  }
  place.replaceChildren(select);
  select.addEventListener("change", () => goToVersion(select.value));
  const latest = versions.find((it) => it.latest);
  if (latest && latest.version !== current) {
    const stale = element("div", { className: "sidebar-staleVersion" });
    stale.append(element("a", { href: latest.url, textContent: "Go to latest" }));
    stale.firstChild.addEventListener("click", (event) => {
      event.preventDefault();
      goToVersion(latest.url);
    });
    place.append(stale);
  }
}
// To the same page of it, when it has that.
async function goToVersion(url) {
  const same = url + "/" + thisPage() + location.hash;
  const isThere = await fetch(same).then(({ ok }) => ok, () => false);
  location.href = isThere ? same : url;
}

// Full-text search, on its own page; the index is kept for the session if it can be.
listen("exdoc:loaded", () => {
  if (!/\/search(\.html)?$/.test(location.pathname)) return;
  const query = new URLSearchParams(location.search).get("q") || "";
  find(".search-input").value = query;
  const hits = searchData.items.filter(({ title, doc }) =>
    query !== "" && (title + " " + doc).toLowerCase().includes(query.toLowerCase()));
  try { sessionStorage.setItem("idv5:" + document.title, String(hits.length)); }
  catch (error) { console.error("Failed to save index: ", error); }
  const results = hits.map(({ ref, title }) => {
    const result = element("div", { className: "result" });
    result.append(element("a", { href: ref, textContent: title }));
    return result;
  });
  const heading = element("h1", { textContent: results.length ? "Search results for " + query : "No results" });
  find("#search").replaceChildren(heading, ...results);
});

// Tooltips: whoever points at a link to a function has that page loaded into a hidden frame.
document.addEventListener("mouseover", ({ target }) => {
  const link = target.closest && target.closest("#content a[href*='.html']");
  if (!link || (link.hash && !link.hash.includes("/"))) return;
  const wanted = link.href.replace(".html", ".html?hint=true");
  const frame = element("iframe", { src: wanted, hidden: true });
  listen("message", function show({ data }) {
    if (data.href !== wanted) return;
    window.removeEventListener("message", show);
    frame.remove();
    find("#tooltip")?.remove();
    document.body.append(element("div", { id: "tooltip", textContent: data.hint.description }));
  });
  document.body.append(frame);
});

// Keys
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const actions = {
    c: toggleSidebar,
    n: () => changeSettings({ theme: settings.theme === "dark" ? "light" : "dark" }),
    s: () => find(".search-input").focus(),
    "/": () => find(".search-input").focus(),
    v: () => find(".sidebar-projectVersion select")?.focus(),
  };
  if (!actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
});

// Links to pages beside this one are fetched and put into it, by Swup (since 0.36): with a header of its own,
// which asks another origin for permission first. When that fails it goes back, and there the usual way.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  const href = link ? link.getAttribute("href") : "";
  if (!/^(?!\/|http)[^/#]*\.html(#|$)/.test(href) || link.pathname === location.pathname) return;
  event.preventDefault();
  history.pushState({ source: "swup" }, "", link.href);
  try {
    const headers = { "X-Requested-With": "swup", Accept: "text/html, application/xhtml+xml" };
    const text = await (await fetch(link.href, { headers })).text();
    const page = new DOMParser().parseFromString(text, "text/html");
    if (page.querySelector("meta[http-equiv=refresh]")) return location.reload();
    find("#main").replaceWith(page.querySelector("#main"));
    document.title = page.title;
    document.documentElement.dataset.swup = "done";
    window.dispatchEvent(new Event("exdoc:loaded"));
  } catch (error) {
    console.error(error);
    window.addEventListener("popstate", () => location.assign(link.href), { once: true });
    history.back();
  }
});

listen("DOMContentLoaded", () => window.dispatchEvent(new Event("exdoc:loaded")));
})();
`;

/** @param font beside the stylesheet */
export function styles(font: string): string {
  return `@font-face{font-family:Lato;src:url("./${font}") format("woff2")}
body{font-family:Lato,sans-serif;color:#304254}body.dark{background:#1e1e1e;color:#eee}
.sidebar{display:none}.sidebar-open .sidebar{display:block}
`;
}
